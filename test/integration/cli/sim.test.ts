// `hearsay sim` as a process: threads that run the swarm, and a Ctrl-C in the middle.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Hearsay } from './process.ts'

/** Longest time that a graceful end may take, in ms. */
const END_MS_MAX = 2_500

describe('sim --swarm', () => {
  it('runs seeds in threads, and tells how many as text or JSON', async (t) => {
    const text = new Hearsay(t, ['sim', '--swarm', '--seed', '1', '--seeds', '4', '--jobs', '2'])
    assert.deepEqual(await text.ended, { code: 0, signal: null })
    assert.match(text.stdout.join('\n'), /^4 seeds from 1 on: no violation \([\d,]+ steps in [\d.]+ s\)$/)
    const json = new Hearsay(t, ['sim', '--swarm', '--seed', '1', '--json'])
    assert.deepEqual(await json.ended, { code: 0, signal: null })
    const all = JSON.parse(json.stdout.join('\n'))
    assert.deepEqual([all.first, all.seeds, all.failed, all.isBrokenOff], [1, 1, [], false])
  })

  it('traces one seed', async (t) => {
    const trace = new Hearsay(t, ['sim', '--swarm', '--seed', '1', '--trace-node', 'n3'])
    assert.deepEqual(await trace.ended, { code: 0, signal: null })
    assert.match(trace.stdout[0] ?? '', /^ +\d+\.\d{6} {2}n3 +< start$/)
    assert.ok(trace.stdout.length > 1_000)
    assert.match(trace.stdout.at(-1) ?? '', /^1 seed from 1 on: no violation/)
  })

  it('runs seeds of programs, and traces what those do', async (t) => {
    const args = ['sim', '--swarm', '--programs', '--seed', '4']
    const text = new Hearsay(t, [...args, '--seeds', '2', '--jobs', '2'])
    assert.deepEqual(await text.ended, { code: 0, signal: null })
    assert.match(text.stdout.join('\n'), /^2 seeds from 4 on: no violation \([\d,]+ steps in [\d.]+ s\)$/)
    const trace = new Hearsay(t, [...args, '--trace-node', 'n1'])
    assert.deepEqual(await trace.ended, { code: 0, signal: null })
    assert.ok(
      trace.stdout.some((line) =>
        /^ +\d+\.\d{6} {2}n1 +\* request \d+ \(n\d, \w+\), within \d+ ms$/.test(line),
      ),
    )
    assert.ok(trace.stdout.some((line) => /^ +\d+\.\d{6} {2}n1 +< link 1: /.test(line)))
    assert.match(trace.stdout.at(-1) ?? '', /^1 seed from 4 on: no violation/)
  })

  it('says so when programs are asked for without a swarm', async (t) => {
    const alone = new Hearsay(t, ['sim', '--programs', '--scenario', 'quiet'])
    assert.deepEqual(await alone.ended, { code: 2, signal: null })
    assert.match(alone.stderr.join('\n'), /--programs is for --swarm/)
  })

  it('says so when the node to be traced was not in the run', async (t) => {
    const trace = new Hearsay(t, ['sim', '--swarm', '--seed', '1', '--trace-node', 'n999'])
    assert.deepEqual(await trace.ended, { code: 1, signal: null })
    assert.match(trace.stdout.join('\n'), /^1 seed from 1 on: no violation/)
    assert.match(
      trace.stderr.at(-1) ?? '',
      /Nothing was traced: no node of this run was named n999\. At .* n0 to/,
    )
  })

  it('tells what it has so far at a Ctrl-C, and ends with 130 in time', async (t) => {
    const endless = new Hearsay(t, ['sim', '--swarm', '--seconds', '600'])
    await endless.waitFor('that it runs', () => endless.stderr.find((line) => /\] .* seeds/.test(line)))
    await interrupted(endless)
    assert.match(endless.stdout.join('\n'), /^\d+ seeds? from \d+ on, broken off: no violation/)
  })
})

describe('sim --scenario', () => {
  it('ends with 130 at a Ctrl-C, in time', async (t) => {
    const long = new Hearsay(t, ['sim', '--scenario', 'churn', '--nodes', '50'])
    await long.waitFor('that it runs', () => long.stderr.find((line) => /simulated/.test(line)))
    await interrupted(long)
    assert.deepEqual(long.stdout, [])
  })
})

describe('a simulation whose reader goes away', () => {
  it('ends with 141, as tools do that SIGPIPE ends', async (t) => {
    const process = new Hearsay(t, ['sim', '--scenario', 'churn', '--nodes', '50', '--trace'])
    await process.line(/< start$/)
    process.child.stdout?.destroy()
    assert.deepEqual(await process.ended, { code: 141, signal: null })
  })
})

async function interrupted(process: Hearsay): Promise<void> {
  const startedMs = performance.now()
  process.child.kill('SIGINT')
  assert.deepEqual(await process.ended, { code: 130, signal: null })
  assert.ok(performance.now() - startedMs < END_MS_MAX)
}
