// Requests that others make: when an answer goes out, how long it may take then, and how long a place is held for it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Answering, type AnsweringParts, type NodeRequest } from '../../../src/node/answering.ts'
import type { EnvelopeHeaders, Note } from '../../../src/node/envelope.ts'
import { decodePayload } from '../../../src/wire/payload.ts'
import { nodeName } from '../../support/core-rig.ts'

/** Questions that are answered at the same time, and those of them that one asker alone may have. */
const PLACES_MAX = 10_000
const ONE_ASKER_MAX = 5_000

interface Sent {
  readonly to: string
  readonly deadlineMs: number | undefined
  readonly headers: EnvelopeHeaders
  readonly value: unknown
}

/** Answering with a clock that is moved by hand, and a way out of it that is as wide as the test says. */
function rig(parts: Partial<AnsweringParts> = {}) {
  let nowMs = 0
  const waiting = new Set<{ readonly dueMs: number; readonly done: () => void }>()
  const sent: Sent[] = []
  const drops: string[] = []
  const way = { hasRoom: true, looks: 0 }
  /** Of whoever asks. */
  const runs = new Map<string, number>()
  const answering = new Answering({
    sending: {
      hasRoom: () => {
        way.looks++
        return way.hasRoom
      },
      sendUncounted: (to, payload, { deadlineMs } = {}) => {
        const decoded = decodePayload(payload)
        assert.ok(decoded.ok)
        sent.push({ to, deadlineMs, headers: decoded.headers ?? {}, value: decoded.value })
        return Promise.resolve({ status: 'delivered', id: 'a/1/1', hops: 1, rttMs: 1 })
      },
    },
    nowMs: () => nowMs,
    timers: {
      hasEnded: false,
      wait: (ms) => {
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.add({ dueMs: nowMs + ms, done: resolve })
        return promise
      },
    },
    overlay: { runOf: (name) => runs.get(name) ?? 1 },
    deadlineMaxMs: 3_600_000,
    about: {},
    drop: (reason) => drops.push(reason),
    ...parts,
  })
  const pass = async (ms: number): Promise<void> => {
    const endMs = nowMs + ms
    for (;;) {
      // What follows from one timer may start others.
      await new Promise((resolve) => setImmediate(resolve))
      const [next] = [...waiting].filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)
      if (next === undefined) break
      nowMs = Math.max(nowMs, next.dueMs)
      waiting.delete(next)
      next.done()
    }
    nowMs = endMs
  }
  const ask = (number: number, headers: Partial<EnvelopeHeaders> = {}, from = 'b'): void =>
    answering.asked({ from: nodeName(from), number, value: number, hops: 1, headers } satisfies Note)
  /** So many, with a deadline of 60 s. */
  const askAll = (count: number, from: string): void => {
    for (let number = 1; number <= count; number++) ask(number, { within: '60000' }, from)
  }
  return { answering, sent, drops, way, runs, waiting, pass, ask, askAll }
}

/** A handler that answers when `given` is resolved, and the signals of what it was asked. */
function slowHandler(answering: Answering) {
  const signals: AbortSignal[] = []
  const given = Promise.withResolvers<string>()
  answering.handle(({ signal }) => {
    signals.push(signal)
    return given.promise
  })
  return { signals, given }
}

test('an answer that has waited for room may take only what is left of the time that its asker waits', async () => {
  const { answering, sent, way, pass, ask } = rig()
  answering.handle(() => 'answer')
  way.hasRoom = false
  ask(5, { within: '500' })
  await pass(55)
  way.hasRoom = true
  await pass(5)
  assert.deepEqual(sent, [{ to: 'b', deadlineMs: 440, headers: { answer: '5' }, value: 'answer' }])
  assert.equal(answering.size, 0)
})

test('a handler that takes its time leaves as much less for the way back', async () => {
  const { answering, sent, pass, ask } = rig()
  const given = Promise.withResolvers<string>()
  answering.handle(() => given.promise)
  ask(5, { within: '500' })
  await pass(300)
  given.resolve('answer')
  await pass(0)
  assert.deepEqual(
    sent.map(({ deadlineMs }) => deadlineMs),
    [200],
  )
})

test('handlers that never settle hold their places for as long as their askers wait', async () => {
  const { answering, sent, drops, pass, ask } = rig()
  const signals: AbortSignal[] = []
  answering.handle(({ value, signal }) => {
    if (value === 0) return 'at once'
    signals.push(signal)
    return new Promise(() => {})
  })
  for (let number = 1; number <= ONE_ASKER_MAX; number++) ask(number, { within: '300' })
  ask(0)
  await pass(0)
  assert.deepEqual(
    sent.map(({ headers }) => headers.failure),
    ['queue-full'],
  )
  assert.equal(answering.size, ONE_ASKER_MAX)
  assert.ok(signals.every(({ aborted }) => !aborted))
  await pass(300)
  assert.equal(answering.size, 0)
  assert.equal(signals.length, ONE_ASKER_MAX)
  assert.ok(signals.every(({ aborted }) => aborted))
  assert.equal(drops.filter((reason) => reason === 'expired').length, ONE_ASKER_MAX)
  ask(0)
  await pass(0)
  assert.deepEqual(sent.at(-1)?.value, 'at once')
})

test('no asker takes all places: each has no more than there are left, and the last one is for one who has none', () => {
  const { answering, askAll } = rig()
  answering.handle(() => new Promise(() => {}))
  const shares: number[] = []
  const askers = Array.from({ length: 15 }, (_, index) => `asker${index + 1}`)
  for (const asker of askers) {
    const before = answering.size
    // One more than there are.
    askAll(PLACES_MAX - before + 1, asker)
    shares.push(answering.size - before)
  }
  assert.deepEqual(shares, [5000, 2500, 1250, 625, 313, 156, 78, 39, 20, 10, 5, 2, 1, 1, 0])
  assert.equal(answering.size, PLACES_MAX)
})

test('an answer that comes when nobody waits any more goes nowhere', async () => {
  const { answering, sent, drops, pass, ask } = rig()
  const given = Promise.withResolvers<string>()
  let request: NodeRequest | undefined
  answering.handle((asked) => {
    request = asked
    return given.promise
  })
  ask(1, { within: '100' })
  await pass(200)
  given.resolve('late')
  await pass(1_000)
  assert.deepEqual([sent, drops, request?.withinMs], [[], ['expired'], 100])
  assert.ok(request?.signal.aborted, 'also for one who looks at it only now')
})

test('nobody is believed to wait longer than may be asked for', async () => {
  const { answering, pass, ask } = rig({ deadlineMaxMs: 5_000 })
  const seen: number[] = []
  answering.handle(({ withinMs }) => {
    seen.push(withinMs)
    return new Promise(() => {})
  })
  ask(1, { within: '9007199254740991' })
  ask(2, { within: '4000' })
  ask(3)
  assert.deepEqual(seen, [5_000, 4_000, 5_000])
  await pass(5_000)
  assert.equal(answering.size, 0)
})

test('when the last place is taken, an answer that waits for room still has its own', async () => {
  const { answering, sent, way, pass, ask, askAll } = rig()
  const given = Promise.withResolvers<string>()
  answering.handle(({ value }) => (value === 1 ? given.promise : new Promise(() => {})))
  askAll(ONE_ASKER_MAX, 'b')
  way.hasRoom = false
  given.resolve('answer')
  await pass(100)
  assert.equal(answering.size, ONE_ASKER_MAX)
  way.hasRoom = true
  await pass(100)
  assert.deepEqual(
    sent.map(({ value }) => value),
    ['answer'],
  )
  assert.equal(answering.size, ONE_ASKER_MAX - 1)
  ask(0)
  assert.equal(answering.size, ONE_ASKER_MAX)
})

test('answers that wait for room have one timer together, and go in their order', async () => {
  const { answering, sent, way, waiting, pass, ask } = rig()
  answering.handle(({ value, from }) => `${from} ${value}`)
  way.hasRoom = false
  for (const from of ['b', 'c']) for (let number = 1; number <= 50; number++) ask(number, {}, from)
  await pass(50)
  // The other one is that of the deadlines.
  assert.equal(waiting.size, 2)
  const looks = way.looks
  await pass(20)
  assert.equal(way.looks - looks, 2, 'once for each asker')
  way.hasRoom = true
  await pass(20)
  const inOrder = ['b', 'c'].flatMap((from) => Array.from({ length: 50 }, (_, n) => `${from} ${n + 1}`))
  assert.deepEqual(
    sent.map(({ value }) => value),
    inOrder,
  )
  await pass(20)
  assert.deepEqual([answering.size, waiting.size], [0, 1])
})

test('parts go out no longer than the asker of the whole waits', async () => {
  const deadlines: (number | undefined)[] = []
  const { sent, way, pass, ask } = rig({
    about: {
      all: async (_, part) => {
        for (let count = 0; ; count++) {
          way.hasRoom = false
          const going = await part(new Uint8Array([0, count]))
          if (going === undefined) return count
          deadlines.push(sent.at(-1)?.deadlineMs)
        }
      },
    },
  })
  ask(1, { within: '500', about: 'all' })
  for (let count = 0; count < 9; count++) {
    await pass(100)
    way.hasRoom = true
    await pass(0)
    await pass(20)
  }
  assert.deepEqual(deadlines, [380, 260, 140, 20])
})

test('a handler is told that its asker is gone, which holds no place any more; should it be there all the same, it gets the answer', async () => {
  const { answering, sent, pass, ask } = rig()
  const { signals, given } = slowHandler(answering)
  ask(1, {}, 'b')
  ask(2, {}, 'c')
  answering.peerLeft(nodeName('b'))
  assert.equal(answering.size, 1)
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  )
  given.resolve('answer')
  await pass(0)
  assert.deepEqual(
    sent.map(({ to }) => to),
    ['b', 'c'],
  )
})

test('no answer waits for room for an asker that is gone', async () => {
  const { answering, sent, drops, way, waiting, pass, ask } = rig()
  const given = Promise.withResolvers<string>()
  answering.handle(({ value }) => (value === 1 ? 'at once' : given.promise))
  way.hasRoom = false
  ask(1)
  ask(2)
  await pass(50)
  answering.peerLeft(nodeName('b'))
  given.resolve('later')
  await pass(20)
  const { looks } = way
  // Only that of the deadlines is left.
  assert.equal(waiting.size, 1)
  way.hasRoom = true
  await pass(20_000)
  assert.deepEqual([sent, drops, way.looks - looks], [[], ['queue-full'], 0])
})

test('an answer for a run of the asker that is gone does not go to its next one, nor after the deadline', async () => {
  const { answering, sent, runs, pass, ask } = rig()
  const given = Promise.withResolvers<string>()
  answering.handle(() => given.promise)
  ask(1, { within: '60000' }, 'b')
  ask(2, { within: '100' }, 'c')
  answering.peerLeft(nodeName('b'))
  answering.peerLeft(nodeName('c'))
  runs.set('b', 2)
  await pass(200)
  given.resolve('answer')
  await pass(0)
  assert.deepEqual(sent, [])
})

test('what the next run of an asker has asked before the last one is told as gone is not affected', async () => {
  const { answering, sent, runs, pass, ask } = rig()
  const { signals, given } = slowHandler(answering)
  ask(1)
  runs.set('b', 2)
  ask(2)
  answering.peerLeft(nodeName('b'), 2)
  given.resolve('answer')
  await pass(0)
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  )
  assert.deepEqual(
    sent.map(({ headers }) => headers.answer),
    ['2'],
  )
})

test('a question that was given up holds no place, and is not answered; only its asker can give it up', async () => {
  const { answering, sent, drops, pass, ask } = rig()
  const { signals, given } = slowHandler(answering)
  ask(1, {}, 'b')
  ask(2, {}, 'b')
  const cancel = (from: string, number: number): void =>
    answering.cancelled({ from: nodeName(from), number, value: null, hops: 1, headers: {} })
  cancel('c', 1)
  cancel('b', 3)
  assert.equal(answering.size, 2)
  cancel('b', 2)
  cancel('b', 2)
  assert.equal(answering.size, 1)
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, true],
  )
  given.resolve('answer')
  await pass(20_000)
  assert.deepEqual(
    sent.map(({ headers }) => headers.answer),
    ['1'],
  )
  assert.deepEqual(drops, [])
})

test('at the end all handlers are told, and nothing is answered', async () => {
  const { answering, sent, drops, pass, ask } = rig()
  const { signals, given } = slowHandler(answering)
  ask(1)
  answering.end()
  ask(2)
  given.resolve('answer')
  await pass(20_000)
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true],
  )
  assert.deepEqual([sent, drops, answering.size], [[], [], 0])
})

test('whatever a handler throws, its asker is told', async () => {
  const { answering, sent, pass, ask } = rig()
  const thrown = [
    new Error('one'),
    'two',
    undefined,
    Object.create(null),
    Object.assign(new Error(), { message: 5 }),
  ]
  answering.handle(({ value }) => {
    throw thrown[Number(value)]
  })
  for (const number of thrown.keys()) ask(number)
  await pass(0)
  assert.deepEqual(
    sent.map(({ headers, value }) => [headers.failure, value]),
    ['one', 'two', 'undefined', 'an error without a text', '5'].map((text) => ['handler-failed', text]),
  )
  assert.equal(answering.size, 0)
})
