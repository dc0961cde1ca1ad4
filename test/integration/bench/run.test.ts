// `npm run bench` as a process: what it prints and writes, what it says to those who mistype, and that nothing of it is left
// running however it ends. No test looks at a speed.

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Results } from '../../bench/harness/results.ts'
import { until } from '../../support/node-rig.ts'

const RUN = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))
const DEADLINE_MS = 120_000

class Run {
  readonly process: ChildProcess
  stdout = ''
  stderr = ''
  code: number | null | undefined

  constructor(t: TestContext, args: readonly string[]) {
    this.process = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.process.stdout?.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.process.once('close', (code) => {
      this.code = code
    })
    t.after(() => this.process.kill('SIGKILL'))
  }

  async end(): Promise<this> {
    await until(`${RUN} ends: ${this.stderr}`, () => this.code !== undefined, DEADLINE_MS)
    return this
  }
}

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'hearsay-bench-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('measures, writes JSON, and shows and compares it again', async (t) => {
  const file = join(directory(t), 'results.json')
  const run = await new Run(t, ['--quick', '--only', 'core-merge,core-routes-1000', '--json', file]).end()
  assert.equal(run.code, 0, run.stderr)
  assert.match(run.stdout, /^figure +hearsay +reference +ratio +spread +aim +met$/m)
  assert.match(run.stdout, /--quick: not to be quoted/)
  assert.match(run.stderr, /\[1\/2\] core-merge: round 2 of 2/)
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results
  assert.deepEqual(
    results.rows.map(({ key, samples }) => [key, samples.length]),
    [
      ['core-merge', 2],
      ['core-routes-1000', 2],
    ],
  )
  for (const { samples } of results.rows) {
    for (const { hearsay, reference } of samples) assert.ok(hearsay > 0 && (reference ?? 0) > 0)
  }
  const page = join(directory(t), 'page.md')
  writeFileSync(page, 'before\n<!-- bench -->\n<!-- /bench -->\nafter\n')
  const shown = await new Run(t, ['--from', file, '--compare', file, '--markdown', page]).end()
  assert.equal(shown.code, 0, shown.stderr)
  assert.match(shown.stdout, /more than the spread\n.*\+0\.0 % +no$/m)
  assert.match(
    readFileSync(page, 'utf8'),
    /^before\n<!-- bench -->\n[\s\S]*\| core: a record merged[\s\S]*<!-- \/bench -->\nafter\n$/,
  )
})

test('figures on sockets: through three relays, by HTTP, and a swarm, each with what was counted', async (t) => {
  const names = 'relay-three-64,post-to,start-30'
  const run = await new Run(t, ['--quick', '--rounds=1', '--only', names, '--json']).end()
  assert.equal(run.code, 0, run.stderr)
  const { rows } = JSON.parse(run.stdout) as Results
  const values = new Map(rows.map(({ key, samples }) => [key, samples[0]?.hearsay ?? 0]))
  const keys = ['relay-three-64', 'post-to', 'start-30', 'start-30-cpu', 'start-30-receptions']
  assert.deepEqual([...values.keys()], keys)
  // Each of them has been handed the record of each other one at least once.
  assert.ok((values.get('start-30-receptions') ?? 0) >= 1)
})

test('standard output is JSON and nothing else when that is asked for', async (t) => {
  const run = await new Run(t, ['--quick', '--rounds=1', '--only', 'core-routed', '--json']).end()
  assert.equal(run.code, 0, run.stderr)
  const results = JSON.parse(run.stdout) as Results
  assert.deepEqual([results.rounds, results.isQuick, results.rows.length], [1, true, 1])
})

test('what cannot be measured is told, and the rest is measured', async (t) => {
  const base = join(directory(t), 'nothing-here')
  const file = join(directory(t), 'results.json')
  const args = ['--quick', '--only', 'simulator,core-routed', '--base', base, '--json', file]
  const run = await new Run(t, args).end()
  assert.equal(run.code, 1)
  assert.match(run.stderr, /simulator could not be measured: .*nothing-here/s)
  assert.match(run.stdout, /^core: a message routed .*\n\nNot measured: simulator \(/m)
  const { rows, failures } = JSON.parse(readFileSync(file, 'utf8')) as Results
  assert.deepEqual(
    [rows.map(({ key }) => key), failures.map(({ name }) => name)],
    [['core-routed'], ['simulator']],
  )
})

test('--profiles leaves a CPU profile of each process, and profile-top.ts sums it up', async (t) => {
  const profiles = directory(t)
  const run = await new Run(t, [
    '--quick',
    '--rounds=1',
    '--only',
    'core-routed',
    '--profiles',
    profiles,
  ]).end()
  assert.equal(run.code, 0, run.stderr)
  assert.deepEqual(readdirSync(profiles), ['1-core-routed.cpuprofile'])
  const [top, file] = [join(RUN, '../profile-top.ts'), join(profiles, '1-core-routed.cpuprofile')]
  const summed = await promisify(execFile)(process.execPath, [top, '--skip-ms', '0', file])
  assert.match(summed.stdout, /: \d+ ms at work\n( +[\d.]+ % {2}\S.*\n){10,}/)
})

test('wrong options and files are told before anything is measured', async (t) => {
  const path = join(directory(t), 'page.md')
  writeFileSync(path, 'a page without marks\n')
  for (const [args, message] of [
    [['--only', 'bicycle'], /^--only bicycle: there is no such figure/],
    [['--rounds', '0'], /^--rounds 0: expected a whole number/],
    [['--compare', join(path, 'none.json')], /ENOTDIR|ENOENT/],
    [['--compare', path], /is not what `npm run bench -- --json FILE` writes/],
    [['--from', path], /is not what `npm run bench -- --json FILE` writes/],
    [['--markdown', path], /must have the marks/],
  ] as const) {
    const run = await new Run(t, args).end()
    assert.deepEqual([run.code, run.stdout], [2, ''], args.join(' '))
    assert.match(run.stderr, message)
    assert.doesNotMatch(run.stderr, /\n {4}at /)
  }
})

test('--list names every figure, --help every option', async (t) => {
  const list = await new Run(t, ['--list']).end()
  assert.match(list.stdout, /^link-64 /m)
  assert.match(list.stdout, /^soak /m)
  const help = await new Run(t, ['--help']).end()
  for (const option of [
    '--only',
    '--rounds',
    '--quick',
    '--json',
    '--markdown',
    '--compare',
    '--from',
    '--base',
  ]) {
    assert.ok(help.stdout.includes(`  ${option} `), option)
  }
})

// The children of a process are listed in /proc.
const isLinux = process.platform === 'linux'

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGKILL', null],
] as const) {
  test(`${signal} leaves no child process behind`, { skip: !isLinux }, async (t) => {
    const run = new Run(t, ['--quick', '--only', 'link-64', '--rounds', '1000'])
    await until('rounds have begun', () => run.stderr.includes('round 1 of 1000'), DEADLINE_MS)
    const { pid } = run.process
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
    assert.equal(children.length, 4)
    run.process.kill(signal)
    await run.end()
    assert.equal(run.code, code)
    await until(`${children} are gone`, () => !children.some(isRunning))
  })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
