// What a node reports, to whom and how often, on a clock that the test moves.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeName } from '../../../src/core/messages.ts'
import { Rng } from '../../../src/core/rng.ts'
import { fieldsOf } from '../../../src/node/envelope.ts'
import { FULL, type Told } from '../../../src/node/report-form.ts'
import { Reporting } from '../../../src/node/reporting.ts'
import type { Seen } from '../../../src/node/sightings.ts'
import { decodePayload, type JsonValue } from '../../../src/wire/payload.ts'
import { HandClock } from '../../support/hand-clock.ts'

const name = (text: string) => text as NodeName
const STEP = { kind: 'broadcast', id: 'o/1/1', origin: 'o', at: 'me', via: 'b', hops: 1, bytes: 1 } as const
const CALL = { everyMs: 1_000, forMs: 15_000, oneIn: 4 }

/** A node that reports, and time. */
class Rig extends HandClock {
  queuedBytes = 0
  /** Whom a report went to, and when. */
  readonly sent: [string, number][] = []
  readonly own: Told[] = []
  readonly ends: (() => void)[] = []
  /** What was sent, as it travels. */
  readonly values: Record<string, JsonValue>[] = []
  /** Whose reports are not acknowledged. */
  deaf: string | undefined
  seen: Seen = { steps: [], leftOut: 0, oneIn: 1 }
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
      take: () => {
        const seen = this.seen
        this.seen = { steps: [], leftOut: 0, oneIn: 1 }
        return seen
      },
      watch: (oneIn, onTraced) => {
        this.watched = oneIn
        this.onTraced = onTraced ?? (() => {})
      },
    },
    sending: {
      tell: (to, payload) => {
        this.sent.push([to, this.nowMs])
        const decoded = decodePayload(payload)
        assert.ok(decoded.ok)
        this.values.push(decoded.value as Record<string, JsonValue>)
        if (!this.isHeldUp && to !== this.deaf)
          return Promise.resolve({ status: 'delivered', id: '', hops: 1, rttMs: 1 })
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
    everyMs: 1_000,
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

test('a report says how often they come', async () => {
  const rig = new Rig()
  for (let i = 0; i < 30; i++) rig.reporting.asked(name(`w${i}`), CALL)
  await rig.pass(7_000)
  assert.equal(fieldsOf(rig.values.at(-1)?.report).everyMs, 6_000)
})

test('one too many is told so, and others not more than a few times a second', async () => {
  const rig = new Rig()
  for (let i = 0; i < 64; i++) rig.reporting.asked(name(`w${i}`), { ...CALL, forMs: 60_000 })
  const before = rig.sent.length
  assert.equal(rig.reporting.asked(name('one-more'), CALL), false)
  assert.deepEqual(rig.sent.slice(before), [['one-more', 0]])
  assert.deepEqual(rig.values.at(-1), FULL)
  for (let i = 0; i < 100; i++) rig.reporting.asked(name(`more${i}`), CALL)
  assert.ok(rig.sent.length <= before + 5)
  rig.reporting.asked(name('w3'), { ...CALL, forMs: 0 })
  assert.ok(rig.reporting.asked(name('one-more'), CALL), 'there is room again')
})

test('one who wants reports seldom does not keep the others waiting', async () => {
  for (const isGone of [false, true]) {
    const rig = new Rig()
    rig.reporting.asked(name('slow'), { ...CALL, everyMs: 60_000, forMs: 60_000 })
    await rig.pass(1_500)
    if (isGone) rig.reporting.asked(name('slow'), { ...CALL, forMs: 0 })
    await rig.pass(100)
    rig.reporting.asked(name('a'), CALL)
    await rig.pass(1_600)
    assert.ok(rig.countOf('a') >= 1)
    await rig.pass(3_000)
    assert.ok(rig.countOf('a') >= 3 && rig.countOf('a') <= 5, `${rig.countOf('a')} reports`)
  }
})

test('those who are left are told often again when the others have gone', async () => {
  const rig = new Rig()
  for (let i = 0; i < 64; i++) rig.reporting.asked(name(`w${i}`), { ...CALL, forMs: 60_000 })
  await rig.pass(14_000)
  for (let i = 1; i < 64; i++) rig.reporting.asked(name(`w${i}`), { ...CALL, forMs: 0 })
  const before = rig.countOf('w0')
  await rig.pass(3_500)
  assert.ok(rig.countOf('w0') >= before + 3)
})

test('a watcher that does not answer does not hold up the steps of traced messages', async () => {
  const rig = new Rig()
  rig.deaf = 'deaf'
  for (const watcher of ['a', 'deaf'])
    rig.reporting.asked(name(watcher), { ...CALL, everyMs: 60_000, forMs: 60_000 })
  await rig.pass(59_000)
  rig.reporting.asked(name('a'), { ...CALL, everyMs: 60_000, forMs: 60_000 })
  const before = rig.countOf('a')
  rig.seen = { steps: [STEP], leftOut: 0, oneIn: 1 }
  rig.onTraced()
  await rig.pass(700)
  assert.equal(rig.countOf('a'), before + 1)
})

test('what a watcher was not told of it is told as left out, and each step as many as it stands for', async () => {
  const rig = new Rig()
  rig.reporting.asked(name('a'), { ...CALL, forMs: 60_000 })
  rig.queuedBytes = 100_000
  rig.seen = { steps: [STEP, { ...STEP, traceparent: 'x' }], leftOut: 3, oneIn: 16 }
  await rig.pass(2_000)
  assert.equal(rig.values.length, 0)
  rig.queuedBytes = 0
  await rig.pass(1_000)
  assert.equal(rig.values[0]?.leftOut, 16 + 1 + 3)
})

test('what was left out is not lost between two reports', async () => {
  const rig = new Rig()
  rig.reporting.asked(name('a'), { ...CALL, everyMs: 60_000, forMs: 60_000 })
  rig.seen = { steps: [], leftOut: 7, oneIn: 1 }
  rig.onTraced()
  await rig.pass(60_000)
  assert.equal(
    rig.values.reduce((sum, { leftOut }) => sum + Number(leftOut), 0),
    7,
  )
})
