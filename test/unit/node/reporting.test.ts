// What a node reports, to whom and how often, on a clock that the test moves.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeName } from '../../../src/core/messages.ts'
import { Rng } from '../../../src/core/rng.ts'
import type { Told } from '../../../src/node/report-form.ts'
import { Reporting } from '../../../src/node/reporting.ts'
import { HandClock } from '../../support/hand-clock.ts'

const name = (text: string) => text as NodeName
const CALL = { everyMs: 1_000, forMs: 15_000, oneIn: 4 }

/** A node that reports, and time. */
class Rig extends HandClock {
  queuedBytes = 0
  /** Whom a report went to, and when. */
  readonly sent: [string, number][] = []
  readonly own: Told[] = []
  readonly ends: (() => void)[] = []
  isHeldUp = false
  watched: number | undefined
  onTraced = (): void => {}

  readonly reporting = new Reporting({
    name: name('me'),
    overlay: {
      neighbors: new Map([[name('next'), { id: 1, rttMs: 2 }]]) as never,
      wayTo: () => ({ id: 1 }) as never,
    },
    links: { queuedBytes: () => this.queuedBytes, receivedBytes: () => this.nowMs * 10 },
    sightings: {
      messagesOn: () => this.nowMs / 100,
      take: () => ({ steps: [], leftOut: 0 }),
      watch: (oneIn, onTraced) => {
        this.watched = oneIn
        this.onTraced = onTraced ?? (() => {})
      },
    },
    sending: {
      tell: (to) => {
        this.sent.push([to, this.nowMs])
        if (!this.isHeldUp) return Promise.resolve({ status: 'delivered', id: '', hops: 1, rttMs: 1 })
        return new Promise((resolve) =>
          this.ends.push(() => resolve({ status: 'delivered', id: '', hops: 1, rttMs: 1 })),
        )
      },
    },
    timers: this,
    nowMs: () => this.nowMs,
    rng: new Rng(1),
    stats: () => ({
      sent: { direct: { delivered: 2 }, broadcast: { sent: 1 }, request: {}, http: { delivered: 1 } },
      received: { direct: 1, broadcast: 0, http: 0 },
      relayed: 3,
      dropped: { duplicate: 4 },
    }),
    toOwn: (told) => this.own.push(told),
  })

  countOf(watcher: string): number {
    return this.sent.filter(([to]) => to === watcher).length
  }
}

test('nothing is watched or sent before somebody asks, and after he has stopped, or asks no more', async () => {
  const rig = new Rig()
  await rig.pass(10_000)
  assert.equal(rig.watched, undefined)
  assert.ok(rig.reporting.asked(name('a'), CALL))
  assert.equal(rig.watched, 4)
  await rig.pass(10_000)
  assert.ok(rig.countOf('a') >= 9 && rig.countOf('a') <= 10, `${rig.countOf('a')}`)
  await rig.pass(10_000)
  const until15s = rig.countOf('a')
  assert.ok(until15s >= 14 && until15s <= 15, `${until15s}`)
  assert.equal(rig.watched, undefined)
  assert.equal(rig.reporting.size, 0)
  assert.ok(rig.reporting.asked(name('a'), CALL))
  assert.ok(rig.reporting.asked(name('a'), { ...CALL, forMs: 0 }))
  assert.equal(rig.watched, undefined)
  await rig.pass(10_000)
  assert.equal(rig.countOf('a'), until15s)
})

test('what makes no sense is refused', () => {
  const rig = new Rig()
  for (const call of [null, {}, { ...CALL, everyMs: -1 }, { ...CALL, oneIn: 1.5 }])
    assert.equal(rig.reporting.asked(name('a'), call), false)
  assert.equal(rig.reporting.size, 0)
})

test('the more there are who watch, the more seldom each is told; the node itself always can', async () => {
  const rig = new Rig()
  for (let i = 0; i < 64; i++) assert.ok(rig.reporting.asked(name(`w${i}`), { ...CALL, forMs: 60_000 }))
  assert.equal(rig.reporting.asked(name('one-more'), CALL), false)
  assert.ok(rig.reporting.asked(name('w1'), { ...CALL, forMs: 60_000 }))
  assert.ok(rig.reporting.asked(name('me'), { ...CALL, forMs: 60_000 }))
  await rig.pass(59_000)
  const perS = rig.sent.length / 59
  assert.ok(perS <= 6, `${perS} reports a second`)
  assert.ok(rig.countOf('w0') >= 3, 'each is told')
  assert.ok(rig.own.length >= 3)
})

test('one report to each at a time, and none where the link is full', async () => {
  const rig = new Rig()
  rig.isHeldUp = true
  rig.reporting.asked(name('a'), { ...CALL, forMs: 60_000 })
  await rig.pass(10_000)
  assert.equal(rig.countOf('a'), 1)
  rig.ends.shift()?.()
  await rig.pass(1_000)
  assert.equal(rig.countOf('a'), 2)
  rig.ends.shift()?.()
  rig.queuedBytes = 100_000
  await rig.pass(10_000)
  assert.equal(rig.countOf('a'), 2)
  rig.queuedBytes = 0
  await rig.pass(1_000)
  assert.equal(rig.countOf('a'), 3)
})

test('what is reported', async () => {
  const rig = new Rig()
  rig.reporting.asked(name('me'), CALL)
  await rig.pass(5_000)
  const told = rig.own.at(-1)
  assert.deepEqual(told?.report, {
    node: 'me',
    sent: { delivered: 3, sent: 1 },
    received: { direct: 1, broadcast: 0, http: 0 },
    relayed: 3,
    dropped: { duplicate: 4 },
    links: [{ to: 'next', rttMs: 2, queuedBytes: 0, messagesPerS: 10, bytesPerS: 10_000 }],
  })
})

test('a step of a traced message does not wait for the next report', async () => {
  const rig = new Rig()
  rig.reporting.asked(name('a'), { everyMs: 60_000, forMs: 60_000, oneIn: 1 })
  const before = rig.sent.length
  rig.onTraced()
  await rig.pass(200)
  // The rig's sightings have none: nothing is sent for nothing.
  assert.equal(rig.sent.length, before)
})
