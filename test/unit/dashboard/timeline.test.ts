import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'
import { OverlayModel } from '../../../src/dashboard/page/overlay-model.ts'
import { Timeline } from '../../../src/dashboard/page/timeline.ts'
import { TrafficHistory } from '../../../src/dashboard/page/traffic-history.ts'
import { FakeOverlay } from '../../support/fake-overlay.ts'

/** The state as one text, to compare. */
function text({
  nodes,
  links,
}: {
  nodes: ReadonlyMap<string, unknown>
  links: ReadonlyMap<string, unknown>
}): string {
  return JSON.stringify([[...nodes].sort(), [...links.keys()].sort()])
}

/** Plays `count` changes, one each `stepMs`, and keeps how everything was after each. */
function played(timeline: Timeline, count: number, stepMs: number) {
  const rng = new Rng(3)
  const overlay = new FakeOverlay({ nodes: 12 })
  const model = new OverlayModel()
  const was: { atMs: number; text: string }[] = []
  for (let index = 0; index <= count; index++) {
    const atMs = 1_000_000 + index * stepMs
    const name = overlay.up[1 + rng.below(overlay.up.length - 1)] as string
    const what = overlay.up.length < 6 ? 0 : rng.below(4)
    const line =
      index === 0
        ? overlay.line(atMs)
        : what < 2
          ? overlay.join(atMs)
          : what === 2
            ? overlay.leave(atMs, name, 'unreachable')
            : overlay.forget(atMs, name)
    const applied = model.apply(line)
    if (applied !== undefined) timeline.record(atMs, applied.change, model.state)
    was.push({ atMs, text: text(model.state) })
  }
  return was
}

describe('the timeline', () => {
  it('makes every moment in it again, also between changes and across keyframes', () => {
    const timeline = new Timeline({ keyframeEvery: 40 })
    const was = played(timeline, 200, 300)
    for (const { atMs, text: expected } of was) {
      assert.equal(text(timeline.stateAt(atMs)), expected)
      assert.equal(text(timeline.stateAt(atMs + 299)), expected)
    }
  })

  it('is bounded by changes and by time, and moves what is too old to its end', () => {
    const timeline = new Timeline({ keyframeEvery: 40, changesMax: 300 })
    const was = played(timeline, 400, 100)
    assert.ok(timeline.changes <= 300, `${timeline.changes} changes`)
    assert.ok(timeline.fromMs > 1_000_000)
    assert.equal(text(timeline.stateAt(0)), text(timeline.stateAt(timeline.fromMs)))
    assert.equal(text(timeline.stateAt(Number.MAX_SAFE_INTEGER)), was.at(-1)?.text)

    const short = new Timeline({ spanMs: 10_000, keyframeEvery: 20 })
    played(short, 400, 100)
    assert.ok(short.toMs - short.fromMs < 15_000, `${short.toMs - short.fromMs} ms`)
  })

  it('does not go back with a clock that does', () => {
    const timeline = new Timeline()
    played(timeline, 3, 100)
    const { toMs } = timeline
    assert.equal(timeline.note({ kind: 'feed', atMs: 5, text: 'x' }).atMs, toMs)
    assert.equal(timeline.passTo(toMs - 50), toMs)
  })

  it('starts anew when another node is watched whose clock is clearly behind', () => {
    const timeline = new Timeline()
    played(timeline, 3, 100)
    timeline.note({ kind: 'feed', atMs: timeline.toMs, text: 'before' })
    assert.equal(timeline.restartAt(timeline.toMs - 4_000), false)
    assert.equal(timeline.restartAt(900_000), true)
    assert.equal(timeline.toMs, 900_000)
    assert.equal(timeline.events.at(-1)?.atMs, 900_000)
    const was = played(timeline, 3, 100)
    assert.equal(text(timeline.stateAt(timeline.toMs)), was.at(-1)?.text)
  })

  it('keeps as many events as it may', () => {
    const timeline = new Timeline({ eventsMax: 100, spanMs: 1_000 })
    for (let index = 0; index < 1_000; index++)
      timeline.note({ kind: 'feed', atMs: index, text: String(index) })
    assert.ok(timeline.events.length <= 113)
    assert.equal(timeline.events.at(-1)?.sequence, 1_000)
    timeline.note({ kind: 'feed', atMs: 50_000, text: 'late' })
    timeline.note({ kind: 'feed', atMs: 50_001, text: 'later' })
    assert.deepEqual(
      timeline.events.map((event) => event.text),
      ['late', 'later'],
    )
  })

  it('has the reports of the moment, as many as it may', () => {
    const timeline = new Timeline({ reportsMax: 100, spanMs: 100_000 })
    const overlay = new FakeOverlay({ nodes: 10 })
    const model = new OverlayModel()
    const applied = model.apply(overlay.line(0))
    assert.ok(applied)
    timeline.record(0, applied.change, model.state)
    for (let atMs = 1_000; atMs <= 200_000; atMs += 1_000) {
      const line = overlay.reports(atMs)
      // Half of the nodes at a time: none of them is to be left out for good.
      const reports = line.reports.filter(({ node }) => (Number(node.slice(4)) * 1_000 + atMs) % 2_000 === 0)
      model.applyReports({ ...line, reports: reports.map((report) => ({ ...report, relayed: atMs })) })
      timeline.recordReports(model.state)
    }
    assert.equal(timeline.stateAt(150_500).reports.size, 10)
    const relayed = timeline.stateAt(150_500).reports.get('node3')?.relayed ?? 0
    assert.ok(relayed <= 150_500 && relayed > 135_000, `${relayed}`)
    assert.equal(timeline.stateAt(500).reports.size, 0)
  })
})

describe('messages per second', () => {
  it('are counted by the second, each for as many as it stands for', () => {
    const history = new TrafficHistory(10)
    const step = { id: 'x', origin: 'a', at: 'b', via: 'a', hops: 1, bytes: 1 } as const
    const line = (atMs: number, kind: 'direct' | 'broadcast', oneIn = 1) =>
      history.add({ event: 'traffic', atMs, oneIn, leftOut: 0, steps: [{ ...step, kind }] })
    line(100_200, 'direct')
    line(100_900, 'direct', 8)
    line(101_000, 'broadcast')
    assert.equal(history.directAt(100_000), 9)
    assert.equal(history.broadcastAt(101_999), 1)
    assert.equal(history.directAt(99_000), 0)
    line(109_999, 'direct')
    assert.equal(history.directAt(100_000), 9)
    line(110_000, 'direct')
    assert.equal(history.directAt(100_000), 0, 'ten seconds ago is too long ago')
    assert.equal(history.directAt(105_000), 0)
    line(50_000, 'direct')
    assert.equal(history.directAt(110_000), 1, 'a line from long ago changes nothing')
    history.restart()
    line(50_000, 'direct')
    assert.equal(history.directAt(50_000), 1, 'but after a new start')
  })

  it('count those with a trace once, for they are always told', () => {
    const history = new TrafficHistory()
    const step = { kind: 'direct', id: 'x', origin: 'a', at: 'b', via: 'a', hops: 1, bytes: 1 } as const
    const steps = [step, { ...step, traceparent: 'tp' }]
    history.add({ event: 'traffic', atMs: 5_000, oneIn: 8, leftOut: 0, steps })
    assert.equal(history.directAt(5_000), 9)
  })

  it('leave steps out, which are counted for a minute', () => {
    const history = new TrafficHistory()
    const leave = (atMs: number, leftOut: number) =>
      history.add({ event: 'traffic', atMs, oneIn: 8, leftOut, steps: [] })
    leave(100_000, 70)
    leave(130_000, 50)
    assert.equal(history.leftOutPerMinute(130_500), 120)
    // Each stands for as many as one that is told.
    assert.deepEqual([history.unseenAt(100_900), history.unseenAt(101_000)], [560, 0])
    assert.equal(history.directAt(100_900), 0)
    leave(161_000, 0)
    assert.equal(history.leftOutPerMinute(161_000), 50)
  })
})
