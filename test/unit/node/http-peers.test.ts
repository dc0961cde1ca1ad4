// Posts to plain HTTP peers, answered by the test: how many are under way, in what order the rest follows, and how what
// waits comes to an end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpPeers } from '../../../src/node/http-peers.ts'
import { POST_LIMITS, PostQueue } from '../../../src/node/post-queue.ts'
import type { PostOutcome } from '../../../src/node/world.ts'
import { nodeName } from '../../support/core-rig.ts'
import { HandClock } from '../../support/hand-clock.ts'

const listed = (...names: string[]) =>
  names.map((name) => ({ name: nodeName(name), kind: 'http', url: `http://${name}:80` }) as const)

/** Peers `web` and `other`, which answer when the test says so. */
function peers() {
  const clock = new HandClock()
  const open: { msg: unknown; timeoutMs: number; answer: (status: number) => void }[] = []
  const after = (ms: number, run: () => void) => {
    let isOn = true
    void clock.wait(ms).then(() => isOn && run())
    return () => {
      isOn = false
    }
  }
  const http = new HttpPeers({
    askHttp: (_, body, { signal, timeoutMs }) =>
      new Promise((answer, reject) => {
        open.push({ msg: JSON.parse(body ?? '{}').msg, timeoutMs, answer })
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
    nowMs: () => clock.nowMs,
    after,
  })
  http.replace(listed('web', 'other'))
  const post = (msg: unknown, more: { deadlineMs?: number; signal?: AbortSignal } = {}, to = 'web') =>
    http.post(to, { sender: 'a', msg: msg as string }, { deadlineMs: 1_000, signal: undefined, ...more })
  const many = (count: number) => Array.from({ length: count }, (_, index) => post(index))
  return { clock, open, http, post, many }
}

const reasonOf = (outcome: PostOutcome) => (outcome.status === 'failed' ? outcome.reason : outcome.status)
const soon = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

test('what is too much at once waits, and follows in order, each within its own deadline', async () => {
  const { clock, open, post, many } = peers()
  const first = many(POST_LIMITS.underWayMax)
  const late = post('late')
  const later = post('later', { deadlineMs: 500 })
  await soon()
  assert.equal(open.length, POST_LIMITS.underWayMax)
  await clock.pass(200)
  open[7]?.answer(200)
  await soon()
  assert.deepEqual([open.at(-1)?.msg, open.at(-1)?.timeoutMs], ['late', 800])
  // Its time is over before its turn.
  await clock.pass(300)
  assert.equal(reasonOf(await later), 'expired')
  for (const { answer } of open) answer(200)
  assert.deepEqual(new Set((await Promise.all([...first, late])).map(reasonOf)), new Set(['delivered']))
  assert.deepEqual(
    open.slice(0, 64).map(({ msg }) => msg),
    [...Array(64).keys()],
  )
  assert.equal(open.length, POST_LIMITS.underWayMax + 1)
})

test('no more than a queue waits for one peer; another peer has its own', async () => {
  const { open, http, post, many } = peers()
  const { underWayMax, waitingMax } = POST_LIMITS
  const taken = many(underWayMax + waitingMax)
  assert.deepEqual([http.hasRoom('web'), http.hasRoom('other')], [false, true])
  assert.equal(reasonOf(await post('one more')), 'queue-full')
  void post('for another', {}, 'other')
  await soon()
  assert.equal(open.at(-1)?.msg, 'for another')
  open[0]?.answer(200)
  await soon()
  assert.equal(http.hasRoom('web'), true)
  http.end()
  const ends = new Set((await Promise.all(taken)).map(reasonOf))
  assert.deepEqual(ends, new Set(['delivered', 'shutting-down']))
  assert.equal(reasonOf(await post('after the end')), 'shutting-down')
})

test('bytes that wait are bounded as well', async () => {
  const queue = new PostQueue(() => () => {}, { underWayMax: 1, waitingMax: 10, waitingBytesMax: 100 })
  const patience = { deadlineMs: 1, signal: undefined }
  assert.equal(await queue.enter(1_000, patience), undefined)
  const waits = [queue.enter(99, patience), queue.enter(50, patience)]
  assert.equal(queue.hasRoom, false)
  assert.equal(await queue.enter(1, patience), 'queue-full')
  queue.leave()
  assert.equal(await waits[0], undefined)
  assert.equal(queue.hasRoom, true)
  queue.end('peer-left')
  assert.equal(await waits[1], 'peer-left')
  queue.leave()
  assert.equal(queue.isIdle, true)
})

test('what waits is given up by its signal, and when its peer is gone', async () => {
  const { open, http, post, many } = peers()
  const first = many(POST_LIMITS.underWayMax)
  const giveUp = new AbortController()
  const given = post('given up', { signal: giveUp.signal })
  const left = post('left over')
  giveUp.abort()
  assert.equal(reasonOf(await given), 'cancelled')
  http.replace(listed('other'))
  assert.equal(reasonOf(await left), 'peer-left')
  assert.equal(reasonOf(await post('nobody')), 'unknown-peer')
  // What is under way may well arrive.
  for (const { answer } of open) answer(200)
  assert.deepEqual(new Set((await Promise.all(first)).map(reasonOf)), new Set(['delivered']))
  assert.equal(open.length, POST_LIMITS.underWayMax)
})
