// Reports on their way: what is sent comes out equal, and nothing that somebody else sends does harm.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MessageStep, NodeReport } from '../../../src/guests/overlay-lines.ts'
import { callOf, FULL, messageOf, toldOf } from '../../../src/node/report-form.ts'

const report: NodeReport = {
  node: 'a',
  everyMs: 5_800,
  sent: { delivered: 3, 'no-route': 1 },
  received: { direct: 1, broadcast: 2, http: 0 },
  relayed: 7,
  dropped: { duplicate: 4 },
  links: [
    { to: 'b', rttMs: 1.5, queuedBytes: 0, messagesPerS: 2.5, bytesPerS: 100 },
    { to: 'c', queuedBytes: 9, messagesPerS: 0, bytesPerS: 0 },
  ],
}
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const direct: MessageStep = {
  kind: 'direct',
  id: 'o/17/3/d',
  origin: 'o',
  destination: 'd',
  at: 'a',
  via: 'b',
  hops: 2,
  bytes: 10,
}
const broadcast: MessageStep = {
  kind: 'broadcast',
  id: 'o/17/4',
  origin: 'o',
  at: 'a',
  via: 'c',
  hops: 1,
  bytes: 5,
  traceparent,
}

const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('a report comes out as it went in', () => {
  const told = { report, steps: [direct, broadcast], leftOut: 2, oneIn: 8 }
  assert.deepEqual(toldOf('a', sent(messageOf(told))), told)
  const steps = { steps: [direct], leftOut: 0, oneIn: 1 }
  assert.deepEqual(toldOf('a', sent(messageOf(steps))), steps)
})

test('one for whom there is no room is told so', () => {
  assert.deepEqual(toldOf('a', sent(FULL)), { steps: [], leftOut: 0, oneIn: 1, isFull: true })
  assert.equal(toldOf('a', { full: 'yes' }).isFull, undefined)
})

test('what no node can have measured is left out', () => {
  const huge = Number.MAX_SAFE_INTEGER
  assert.deepEqual(toldOf('a', { steps: [['o/1/1', 'b', huge, 1]] }).steps, [])
  assert.deepEqual(toldOf('a', { steps: [['o/1/1', 'b', 1, huge]] }).steps, [])
  assert.equal(toldOf('a', { steps: [['o/1/1', 'b', 255, 1]] }).steps.length, 1)
  assert.equal(toldOf('a', { oneIn: huge }).oneIn, 2 ** 20)
  assert.equal(toldOf('a', { oneIn: -1 }).oneIn, 1)
  assert.equal(toldOf('a', { report: { everyMs: huge } }).report?.everyMs, 60_000)
  const link = { to: 'b', rttMs: 1.7e308, queuedBytes: huge, messagesPerS: 1.7e308, bytesPerS: 1.7e308 }
  assert.deepEqual(toldOf('a', { report: { links: [link] } }).report?.links, [
    { to: 'b', queuedBytes: 1e12, messagesPerS: 0, bytesPerS: 0 },
  ])
})

test('whoever reports speaks for itself only', () => {
  const told = toldOf('liar', sent(messageOf({ report, steps: [direct], leftOut: 0, oneIn: 1 })))
  assert.equal(told.report?.node, 'liar')
  assert.equal(told.steps[0]?.at, 'liar')
})

test('what makes no sense is left out, and nothing throws', () => {
  const bad = [
    ['o/17/3/d', 'not a name', 1, 1],
    ['o/17/3/d/e', 'b', 1, 1],
    ['o/x/3', 'b', 1, 1],
    ['o/17', 'b', 1, 1],
    ['<b>/17/3', 'b', 1, 1],
    ['o/17/3', 'b', -1, 1],
    ['o/17/3', 'b', 1, '1'],
    'o/17/3',
    null,
  ]
  assert.deepEqual(toldOf('a', { steps: bad, leftOut: -1 }), {
    steps: [],
    leftOut: 0,
    oneIn: 1,
  })
  assert.deepEqual(toldOf('a', { steps: [['o/17/4', 'c', 1, 5, 'no trace']] }).steps, [
    { kind: 'broadcast', id: 'o/17/4', origin: 'o', at: 'a', via: 'c', hops: 1, bytes: 5 },
  ])
  const links = [{ to: '../x' }, { to: 'b', rttMs: 'slow', queuedBytes: 1e99, messagesPerS: -1 }]
  assert.deepEqual(toldOf('a', { report: { links, dropped: { 'A B': 1, ok: 2, no: 0.5 } } }).report, {
    node: 'a',
    sent: {},
    received: {},
    relayed: 0,
    dropped: { ok: 2 },
    links: [{ to: 'b', queuedBytes: 0, messagesPerS: 0, bytesPerS: 0 }],
  })
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, part) => {
      toldOf('a', value)
      callOf(value)
      toldOf('a', { report: value, steps: part, leftOut: part })
      toldOf('a', { report: { links: [part], sent: part }, steps: [value, [part, part, part, part]] })
    }),
  )
})

test('a report cannot be too long', () => {
  const steps = Array.from({ length: 5_000 }, (_, i) => [`o/1/${i}`, 'b', 1, 1])
  const links = Array.from({ length: 500 }, (_, i) => ({ to: `n${i}` }))
  const told = toldOf('a', { report: { links }, steps })
  assert.equal(told.steps.length, 1_024)
  assert.equal(told.report?.links.length, 64)
})

test('a call', () => {
  assert.deepEqual(callOf({ everyMs: 1_000, forMs: 5_000, oneIn: 4 }), {
    everyMs: 1_000,
    forMs: 5_000,
    oneIn: 4,
  })
  assert.deepEqual(callOf({ everyMs: 1_000, forMs: 0, oneIn: 0 }), { everyMs: 1_000, forMs: 0, oneIn: 1 })
  for (const value of [
    null,
    [],
    {},
    { everyMs: 1.5, forMs: 1, oneIn: 1 },
    { everyMs: -1, forMs: 1, oneIn: 1 },
  ])
    assert.equal(callOf(value), undefined)
})
