// The command `sim` in this process: what it prints, and with which exit code it ends.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { run } from '../../../src/cli/run.ts'
import { reportText, scenarioText } from '../../../src/cli/sim-text.ts'
import type { ScenarioReport } from '../../../src/sim/report.ts'
import { SCENARIOS } from '../../../src/sim/scenarios.ts'
import { fakeContext, KeptOutput } from './fake-context.ts'

/** Runs the command, and answers what came of it. */
async function sim(...args: string[]) {
  const context = fakeContext()
  const code = await run(['sim', ...args], context)
  return { code, out: context.stdout.text, err: context.stderr.text }
}

const QUIET = ['--scenario', 'quiet', '--nodes', '5', '--seed', '3']
/** With hardly any dial that succeeds, nobody finds anybody in time. */
const FAILING = ['--scenario', 'lossy-dials', '--nodes', '5', '--seed', '3', '--fraction', '99%']

describe('sim --list', () => {
  it('has every scenario with what must be for it to pass', async () => {
    const { code, out } = await sim('--list')
    assert.equal(code, 0)
    for (const scenario of SCENARIOS) {
      assert.ok(out.includes(scenarioText(scenario)))
      for (const criterion of scenario.criteria) assert.ok(out.includes(criterion))
    }
    const names = JSON.parse((await sim('--list', '--json')).out).map(({ name }: { name: string }) => name)
    assert.deepEqual(
      names,
      SCENARIOS.map(({ name }) => name),
    )
  })
})

describe('sim --scenario', () => {
  it('prints a report that says what it measured, and ends with 0 when all is well', async () => {
    const { code, out } = await sim(...QUIET)
    assert.equal(code, 0)
    assert.match(out, /^quiet, 5 nodes, seed 3: passed$/m)
    assert.match(out, /^ {2}measured +15 +5 +60 +1 +0\.0000/m)
    assert.match(out, /^ {2}idle, 5 nodes for 20\.0 s: [\d.]+ \(heartbeat [\d.]+\)$/m)
    assert.match(out, /^ {2}4: 5; 5 nodes$/m)
    assert.match(out, /^Again: npm run -s hearsay -- sim --scenario quiet --nodes 5 --seed 3$/m)
  })

  it('prints one JSON value with --json, the same for the same seed', async () => {
    const [first, again] = [await sim(...QUIET, '--json'), await sim(...QUIET, '--json')]
    assert.equal(first.out.trimEnd().split('\n').length, 1)
    const report = JSON.parse(first.out) as ScenarioReport
    assert.deepEqual([report.scenario, report.nodes, report.seed, report.violations], ['quiet', 5, 3, []])
    assert.equal(again.out, first.out)
  })

  it('ends with 1 and the command that shows it again when a criterion is not met', async () => {
    const { code, out } = await sim(...FAILING)
    assert.equal(code, 1)
    assert.match(out, /^lossy-dials, 5 nodes, seed 3, fraction 0\.99: FAILED$/m)
    assert.match(out, /^ {2}at [\d.]+ s: everybody knows everybody: not within/m)
    assert.match(out, /^Again: .* sim --scenario lossy-dials --nodes 5 --seed 3 --fraction 0\.99$/m)
    const json = await sim(...FAILING, '--json')
    assert.equal(json.code, 1)
    assert.equal((JSON.parse(json.out) as ScenarioReport).violations.length, 1)
  })

  it('refuses so few nodes that nothing would happen', async () => {
    const { code, out, err } = await sim('--scenario', 'duplicate-name', '--nodes', '4')
    assert.equal(code, 2)
    assert.equal(out, '')
    assert.match(err, /duplicate-name needs 5 nodes at least/)
  })

  it('draws a seed when none is given, and says which', async () => {
    const { out, err } = await sim('--scenario', 'quiet', '--nodes', '2', '--no-codec')
    const seed = /seed (\d+)/.exec(err)?.[1]
    assert.ok(seed)
    assert.match(out, new RegExp(`Again: .*--seed ${seed} --no-codec$`, 'm'))
  })

  it('shows how far it is on a terminal, and nothing of it stays', async () => {
    const stderr = new KeptOutput({ columns: 100 })
    await run(['sim', ...QUIET], { ...fakeContext(), stderr })
    assert.match(stderr.text, /quiet, 5 nodes \[#*-*\] \d+ % [a-z-]+: [\d.]+ s simulated/)
    assert.ok(stderr.text.endsWith('\r\u001b[2K'))
  })

  it('traces one node only when asked to, as text or JSON, before the report', async () => {
    const { out } = await sim(...QUIET, '--trace-node', 'node4')
    const lines = out.split('\n').filter((line) => /^ +\d+\.\d{6} {2}/.test(line))
    assert.ok(lines.length > 100)
    assert.ok(lines.every((line) => / node4 /.test(line)))
    assert.match(lines[0] ?? '', /node4 +< start$/)
    assert.ok(out.indexOf(lines.at(-1) ?? '') < out.indexOf('passed'))
    const json = (await sim(...QUIET, '--trace-node', 'node4', '--json')).out.trimEnd().split('\n')
    assert.equal(json.length, lines.length + 1)
    assert.deepEqual(Object.keys(JSON.parse(json[0] ?? '')), ['event', 'atMs', 'node', 'kind', 'text'])
    assert.equal(JSON.parse(json.at(-1) ?? '').scenario, 'quiet')
  })

  it('ends with 1 and says so when the node to be traced was not in the run, after the report', async () => {
    const { code, out, err } = await sim(...QUIET, '--trace-node', 'node6')
    assert.equal(code, 1)
    assert.match(out, /^quiet, 5 nodes, seed 3: passed$/m)
    assert.match(
      err,
      /hearsay: Nothing was traced: no node of this run was named node6\. At the beginning there were node1 to node5\.$/m,
    )
  })

  it('traces into a file', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hearsay-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'trace')
    const { out } = await sim(...QUIET, '--trace', '--trace-file', file)
    assert.doesNotMatch(out, /< start/)
    const trace = readFileSync(file, 'utf8')
    for (const pattern of [
      /< start/,
      / {2}> dial ws:/,
      / {2}! node\d has joined/,
      /payload node\d\/\d+\/\d+, hop 1/,
    ])
      assert.match(trace, pattern)
    const refused = await sim(...QUIET, '--trace-file', join(folder, 'no', 'such', 'folder'))
    assert.equal(refused.code, 1)
    assert.match(refused.err, /The trace cannot be written: ENOENT/)
  })

  it('ends with 130 when it is interrupted, and with 141 when nobody reads on', async () => {
    for (const [reason, code] of [
      ['SIGINT', 130],
      ['SIGPIPE', 141],
    ] as const) {
      const stop = new AbortController()
      const context = fakeContext({}, stop.signal)
      const ending = run(['sim', '--scenario', 'churn', '--nodes', '200'], context)
      stop.abort(reason)
      assert.equal(await ending, code)
      assert.equal(context.stdout.text, '')
    }
  })
})

describe('the report', () => {
  it('says of each convergence how long it took and might take, and of each violation when it was seen', () => {
    const report: ScenarioReport = {
      scenario: 'example',
      seed: 1,
      nodes: 3,
      nodesAtEnd: 2,
      codec: false,
      parameters: { fraction: 0.5 },
      phases: [{ name: 'start', fromMs: 0, toMs: 1_500 }],
      convergence: [
        { what: 'one', tookMs: 1_200, withinMs: 10_000 },
        { what: 'two', tookMs: undefined, withinMs: 10_000 },
        { what: 'three', tookMs: 300 },
      ],
      broadcasts: {
        alone: {
          ...{ broadcasts: 3, failed: 2, origins: 1, pairs: 1, reliability: 1, rmr: { mean: 0, max: 0 } },
          lastDeliveryHop: 1,
          latencyMs: { count: 1, p50: 1, p90: 1, p99: 1, max: 1 },
        },
      },
      sends: {
        some: {
          sends: 3,
          delivered: 1,
          failed: { expired: 2 },
          hops: { mean: 1, max: 1 },
          latencyMs: { count: 1, p50: 1, p90: 1, p99: 1, max: 1 },
        },
      },
      control: {},
      degrees: [[1, 2]],
      figures: [{ what: 'replaced', value: 1_234, unit: 'nodes' }],
      violations: [{ atMs: 1_500, what: 'two: never' }],
      steps: 5_000,
      replay: 'the command',
    }
    const text = reportText(report, { tookMs: 2_000, paint: (_, plain) => plain })
    for (const line of [
      'example, 3 nodes, seed 1, fraction 0.5: FAILED',
      '  one: 1.2 s (may take 10.0 s)',
      '  two: never (may take 10.0 s)',
      '  three: 0.3 s',
      '  alone, told as failed: 2',
      '  some, not delivered: expired 2',
      '  replaced: 1,234 nodes',
      '  1: 2; 2 nodes',
      '  at 1.5 s: two: never',
      '5,000 steps in 2.0 s, 2,500 a second, without codec: sizes are estimates',
      'Again: the command',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\n---\n${text}`)
    }
  })
})
