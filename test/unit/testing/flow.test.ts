// Time that stands still until somebody waits: when events happen, when the program gets its turn, and what becomes of
// promises that nothing can settle.

import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { EventQueue } from '../../../src/sim/event-queue.ts'
import type { Complain } from '../../../src/testing/complaint.ts'
import { Flow, type PendingOptions } from '../../../src/testing/flow.ts'

const complain: Complain = (code, text, cause) => Object.assign(new Error(text, { cause }), { code })

function rig() {
  const queue = new EventQueue()
  const flow = new Flow(queue, complain)
  const log: string[] = []
  /** A promise that is settled after some virtual time. */
  const after = (ms: number, options: Partial<PendingOptions> = {}): Promise<void> => {
    const over = new Promise<void>((resolve) => queue.plan(ms, resolve))
    return flow.whilePending(over, { what: 'it', limitMs: Number.POSITIVE_INFINITY, ...options })
  }
  const never = (options: Partial<PendingOptions> = {}): Promise<void> =>
    flow.whilePending(new Promise<void>(() => {}), { what: 'it', limitMs: 1_000, ...options })
  return { queue, flow, log, after, never }
}

/** Lets the real event loop go round. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('the flow of time', () => {
  it('stands still while nothing is pending, before and after', async () => {
    const { queue, log, after } = rig()
    for (const ms of [1, 2, 3, 4]) queue.plan(ms, () => log.push(`${ms}`))
    await turns(5)
    assert.deepEqual([queue.nowMs, log], [0, []])
    await after(2)
    await turns(5)
    assert.deepEqual([queue.nowMs, log], [2, ['1', '2']])
  })

  it('needs no real time', async () => {
    const { queue, after } = rig()
    const startMs = performance.now()
    await after(100 * 24 * 3_600_000)
    assert.equal(queue.nowMs, 100 * 24 * 3_600_000)
    assert.ok(performance.now() - startMs < 1_000)
  })

  it('gives the program its turn between two events, all continuations of it', async () => {
    const { queue, log, after } = rig()
    for (const ms of [1, 2]) queue.plan(ms, () => log.push(`event ${ms}`))
    const program = async () => {
      await after(1)
      for (let step = 0; step < 50; step++) await Promise.resolve()
      log.push('program')
    }
    await Promise.all([program(), after(3)])
    assert.deepEqual(log, ['event 1', 'program', 'event 2'])
  })

  it('settles with the value or the error of the promise', async () => {
    const { flow } = rig()
    const options = { what: 'it', limitMs: 1 }
    assert.equal(await flow.whilePending(Promise.resolve(7), options), 7)
    await assert.rejects(flow.whilePending(Promise.reject(new Error('theirs')), options), /^Error: theirs$/)
  })

  it('looks between events, and settles before the next one', async () => {
    const { queue, flow, log } = rig()
    for (const ms of [1, 2, 3]) queue.plan(ms, () => log.push(`${ms}`))
    const met = Promise.withResolvers<void>()
    const look = () => {
      if (log.length < 2) return false
      met.resolve()
      return true
    }
    await flow.whilePending(met.promise, { what: 'it', limitMs: 1_000, look })
    assert.deepEqual(log, ['1', '2'])
  })

  it('rejects what nothing planned can settle', async () => {
    const { queue, never } = rig()
    queue.plan(5, () => {})
    await assert.rejects(never({ why: () => 'nobody is there' }), {
      code: 'never-settles',
      message: 'it is pending, and nothing is planned that could settle it: nobody is there',
    })
    assert.equal(queue.nowMs, 5)
  })

  it('rejects what is pending for longer than its limit, and goes on with the rest', async () => {
    const { queue, after, never } = rig()
    const tick = () => queue.plan(100, tick)
    tick()
    const rest = after(5_000)
    await assert.rejects(never({ limitMs: 950 }), {
      code: 'never-settles',
      message: 'it is still pending after 950 ms of virtual time',
    })
    assert.equal(queue.nowMs, 900)
    await rest
    assert.equal(queue.nowMs, 5_000)
  })

  it('rejects everything with the cause when an event throws', async () => {
    const { queue, after } = rig()
    const cause = new Error('a bug')
    queue.plan(1, () => {
      throw cause
    })
    await assert.rejects(after(2), { code: 'broken', message: 'the network broke: a bug', cause })
  })

  it('rejects the promises of one owner, or all of them', async () => {
    const { queue, flow, after, never } = rig()
    const owner = {}
    const tick = () => queue.plan(100, tick)
    tick()
    const [own, other] = [never({ owner }), never({ owner: {} })]
    flow.failOf(owner, new Error('gone'))
    await assert.rejects(own, /^Error: gone$/)
    await after(100)
    flow.fail(new Error('all'))
    await assert.rejects(other, /^Error: all$/)
  })

  it('never settles what is forgotten, and does not flow for it', async () => {
    const { queue, flow, after } = rig()
    const owner = {}
    let isSettled = false
    const forgotten = after(100, { owner })
    forgotten.finally(() => {
      isSettled = true
    })
    flow.forgetOf(owner)
    await turns(5)
    assert.equal(queue.nowMs, 0)
    await after(200)
    await turns(5)
    assert.equal(isSettled, false)
  })

  it('flows also where the program mocks the timers of its process', async () => {
    const { after } = rig()
    mock.timers.enable()
    try {
      await after(1_000)
    } finally {
      mock.timers.reset()
    }
  })
})
