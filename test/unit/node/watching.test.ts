// What those who watch at a node are told, and what the other nodes are asked for, on a clock that the test moves.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeName } from '../../../src/core/messages.ts'
import type { MessageStep, NodeReport, TrafficLine, WatchedLine } from '../../../src/guests/overlay-lines.ts'
import { FULL, messageOf, type WatchCall } from '../../../src/node/report-form.ts'
import { Watching } from '../../../src/node/watching.ts'
import { decodePayload } from '../../../src/wire/payload.ts'
import { HandClock } from '../../support/hand-clock.ts'

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
const from = 'a' as NodeName

function steps(count: number, traceparent?: string): MessageStep[] {
  return Array.from({ length: count }, (_, i) => ({
    kind: 'broadcast',
    id: `o/1/${i}`,
    origin: 'o',
    at: 'a',
    via: 'b',
    hops: 1,
    bytes: 1,
    ...(traceparent !== undefined && { traceparent }),
  }))
}

/** What a node tells of, as it travels. */
function told(steps: readonly MessageStep[], leftOut = 0, isReport = true) {
  const report: NodeReport = { node: 'x', sent: {}, received: {}, relayed: 0, dropped: {}, links: [] }
  return messageOf({ steps, leftOut, oneIn: 1, ...(isReport && { report }) })
}

class Rig extends HandClock {
  reachableCount = 30
  readonly own: WatchCall[] = []
  readonly told: unknown[] = []
  readonly lines: WatchedLine[] = []
  readonly watching: Watching

  constructor() {
    super()
    const rig = this
    this.watching = new Watching({
      name: from,
      overlay: {
        self: { name: 'a' },
        directory: {
          entries: [],
          edges: () => [],
          get: () => undefined,
          hash: { high: 0, low: 0 },
          size: 1,
          get reachableCount() {
            return rig.reachableCount
          },
        },
      } as never,
      httpPeers: () => [],
      casting: {
        tell: (payload) => {
          const decoded = decodePayload(payload)
          this.told.push(decoded.ok ? [decoded.headers, decoded.value] : decoded.detail)
        },
      },
      timers: this,
      nowMs: () => this.nowMs,
      wallMs: () => 1_000_000 + this.nowMs,
      askOwn: (call) => this.own.push(call),
    })
  }

  watch() {
    return this.watching.watch((line) => this.lines.push(line))
  }

  /** Another node reports. */
  report(node: string, value: unknown): void {
    assert.ok(this.watching.reported(node as NodeName, value))
  }

  get traffic(): TrafficLine[] {
    return this.lines.filter((line) => line.event === 'traffic')
  }

  /** Steps that were told, and those that were not. */
  get sums(): { readonly told: number; readonly leftOut: number } {
    return {
      told: this.traffic.reduce((sum, line) => sum + line.steps.length, 0),
      leftOut: this.traffic.reduce((sum, line) => sum + line.leftOut, 0),
    }
  }
}

test('nobody is asked before somebody watches; then again and again, and to stop when the last one is gone', async () => {
  const rig = new Rig()
  await rig.pass(10_000)
  assert.equal(rig.own.length, 0)
  assert.equal(rig.watching.reported(from, {}), false)
  const [one, another] = [rig.watch(), rig.watch()]
  await rig.pass(11_000)
  assert.deepEqual(rig.own, Array(3).fill({ everyMs: 1_000, forMs: 15_000, oneIn: 1 }))
  assert.deepEqual(rig.told[0], [
    { watch: '1', ping: '1' },
    { everyMs: 1_000, forMs: 15_000, oneIn: 1 },
  ])
  one.end()
  await rig.pass(1_000)
  assert.equal(rig.own.at(-1)?.forMs, 15_000)
  another.end()
  await rig.pass(1_000)
  assert.equal(rig.own.at(-1)?.forMs, 0)
  const calls = rig.own.length
  await rig.pass(60_000)
  assert.equal(rig.own.length, calls)
})

test('a line comes at least every five seconds, by the wall clock', async () => {
  const rig = new Rig()
  rig.reachableCount = 10_000
  rig.watch()
  await rig.pass(60_000)
  const times = rig.lines.map(({ event }, i) => [event, (rig.lines[i] as { atMs: number }).atMs] as const)
  assert.ok(times.every(([event, atMs]) => event === 'reports' && atMs > 1_000_000))
  assert.ok(times.length >= 11, `${times.length} lines`)
  assert.equal(rig.own[0]?.everyMs, 50_000)
})

test('steps are bounded whatever comes, those of traced messages apart', async () => {
  const rig = new Rig()
  rig.watch()
  rig.report('a', told(steps(500), 4_507))
  for (let i = 0; i < 6; i++) rig.report(`n${i}`, told(steps(500, TRACE)))
  await rig.pass(250)
  assert.deepEqual(rig.sums, { told: 400 + 2_000, leftOut: 4_607 + 1_000 })
  // Who always has too much to tell is told a share of it.
  for (let i = 0; i < 8; i++) {
    rig.report('a', told(steps(500)))
    await rig.pass(250)
  }
  assert.ok(rig.sums.told >= 2_400 + 700 && rig.sums.told <= 2_400 + 900, `${rig.sums.told} steps`)
})

test('fewer messages are chosen when there are too many, and more again soon; traced ones change nothing', async () => {
  const rig = new Rig()
  rig.watch()
  const oneIn = () => rig.own.at(-1)?.oneIn ?? 0
  const allReport = (what: unknown) => {
    for (let i = 0; i < 5; i++) rig.report(`n${i}`, what)
  }
  await rig.pass(2_000)
  allReport(told(steps(600, TRACE)))
  await rig.pass(2_000)
  assert.equal(oneIn(), 1)
  const calls = rig.own.length
  allReport(told([], 20_000))
  await rig.pass(1_250)
  assert.equal(rig.own.length, calls + 1, 'all are told at once')
  for (let i = 0; i < 3; i++) {
    allReport(told([], 20_000))
    await rig.pass(1_000)
  }
  assert.ok(oneIn() >= 128 && oneIn() <= 512, `one in ${oneIn()}`)
  for (let i = 0; i < 5; i++) {
    allReport(told([]))
    await rig.pass(1_000)
  }
  assert.equal(oneIn(), 1)
})

test('a node that reports nonsense, or too much, does not silence the others', async () => {
  for (const hostile of [
    told([], 10_000_000),
    told(steps(1_000)),
    told(steps(1_000, TRACE)),
    told(steps(1_000), 10_000_000, false),
    { ...(told(steps(1_000)) as object), oneIn: 2 ** 20 },
    { steps: 'x', leftOut: 1e15, report: { links: 7 } },
  ]) {
    const rig = new Rig()
    rig.watch()
    await rig.pass(1_000)
    const seen = (at: string) =>
      rig.traffic.flatMap((line) => line.steps.filter((step) => step.at === at).map(() => line.oneIn))
    for (let second = 0; second < 30; second++) {
      for (let tick = 0; tick < 4; tick++) {
        rig.report('hostile', hostile)
        for (let i = tick; i < 8; i += 4) rig.report(`n${i}`, told(steps(5)))
        rig.report('hostile', hostile)
        await rig.pass(250)
      }
    }
    for (let i = 0; i < 8; i++)
      assert.ok(seen(`n${i}`).length >= 140, `${seen(`n${i}`).length} steps at n${i}`)
    assert.ok((rig.own.at(-1)?.oneIn ?? 0) <= 2, `one in ${rig.own.at(-1)?.oneIn}`)
    // What it says of itself is no more than a node can have seen.
    assert.ok(rig.sums.leftOut <= 35 * 50_000, `${rig.sums.leftOut} left out`)
  }
})

test('who reports to others only is told', async () => {
  const rig = new Rig()
  rig.watch()
  rig.report('b', FULL)
  await rig.pass(250)
  const reports = () => rig.lines.filter((line) => line.event === 'reports')
  assert.deepEqual(reports().at(-1)?.full, ['b'])
  rig.report('b', FULL)
  rig.report('b', told([]))
  await rig.pass(250)
  assert.equal(reports().at(-1)?.full, undefined)
  assert.equal(reports().at(-1)?.reports[0]?.node, 'b')
})

test('nothing goes on when the node has ended', async () => {
  const rig = new Rig()
  rig.watch()
  rig.watching.end()
  const calls = rig.own.length
  await rig.pass(10_000)
  assert.equal(rig.own.length, calls)
  assert.equal(rig.watch().all().self, 'a')
})

test('who begins to watch when the node has ended gets what there is, and nobody is asked for more', async () => {
  const rig = new Rig()
  rig.watch()
  await rig.pass(1_000)
  rig.watching.end()
  const [calls, lines] = [rig.own.length, rig.lines.length]
  assert.equal(rig.watch().all().event, 'overlay')
  assert.equal(rig.watching.reported(from, {}), false)
  await rig.pass(10_000)
  assert.deepEqual([rig.own.length, rig.lines.length], [calls, lines])
})
