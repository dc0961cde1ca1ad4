// What is to be done at which time, where timers may sleep for a minute.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Agenda } from '../../../src/browser/agenda.ts'
import { BrowserTimers } from '../../../src/browser/timers.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** An agenda on a clock that the test moves; the browser's timers run only when it says so. */
function agendaOf(t: TestContext) {
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const armed = t.mock.method(globalThis, 'setTimeout')
  const agenda = new Agenda()
  const done: string[] = []
  return {
    ...{ agenda, done, armed },
    plan: (name: string, ms: number) => agenda.after(ms, (lateMs) => done.push(`${name} ${lateMs}`)),
    /** Time passes, and the browser sleeps. */
    sleep(ms: number) {
      nowMs += ms
    },
    /** Time passes, and the browser's timers with it. */
    async pass(ms: number) {
      nowMs += ms
      t.mock.timers.tick(ms)
      await turn()
    },
  }
}

test('what is due is done in its order, not before, and with one timer at a time', async (t) => {
  const { plan, pass, done } = agendaOf(t)
  plan('b', 20)
  plan('a', 10)
  plan('c', 20)
  await pass(9)
  assert.deepEqual(done, [])
  await pass(1)
  assert.deepEqual(done, ['a 0'])
  await pass(10)
  assert.deepEqual(done, ['a 0', 'b 0', 'c 0'])
})

test('whoever hears something has what is due done, though no timer of the browser has come', async (t) => {
  const { agenda, plan, sleep, pass, done } = agendaOf(t)
  plan('heartbeat', 2_000)
  plan('later', 90_000)
  sleep(1_999)
  agenda.catchUp()
  assert.deepEqual(done, [])
  sleep(500)
  agenda.catchUp()
  assert.deepEqual(done, ['heartbeat 499'], 'and is told how late it is')
  await pass(87_501)
  assert.deepEqual(
    done,
    ['heartbeat 499', 'later 0'],
    'the timer that was there for the first goes on for the next',
  )
})

test('what was called off is not done, and what is due while others are done waits for its turn', async (t) => {
  const { agenda, plan, pass, done } = agendaOf(t)
  plan('off', 10)()
  agenda.after(10, () => {
    done.push('first')
    plan('at once', 0)
    plan('soon', 5)
  })
  await pass(10)
  assert.deepEqual(done, ['first', 'at once 0'])
  await pass(5)
  assert.deepEqual(done, ['first', 'at once 0', 'soon 0'])
})

test('nothing is done after it was cleared', async (t) => {
  const { agenda, plan, pass, done } = agendaOf(t)
  plan('a', 10)
  agenda.clear()
  await pass(100)
  plan('b', 10)
  await pass(10)
  assert.deepEqual(done, ['b 0'])
})

test("a node's timers tell how late they are, and who waits waits no more at their end", async (t) => {
  const { agenda, sleep, done } = agendaOf(t)
  const timers = new BrowserTimers(agenda, ({ kind }, lateMs) => done.push(`${kind} ${lateMs}`))
  timers.start({ kind: 'heartbeat' }, 100)
  sleep(130)
  agenda.catchUp()
  assert.deepEqual(done, ['heartbeat 30'])
  let isDone = false
  const waits = timers.wait(1_000).then(() => {
    isDone = true
  })
  await turn()
  assert.equal(isDone, false)
  timers.end()
  await waits
  timers.start({ kind: 'heartbeat' }, 0)
  sleep(1_000)
  agenda.catchUp()
  await timers.wait(1_000)
  assert.deepEqual(done, ['heartbeat 30'])
})

test('what is due later than a browser can wait is waited for', async (t) => {
  const { plan, pass, armed, done } = agendaOf(t)
  plan('late', 2 ** 31 + 10)
  assert.equal(armed.mock.calls[0]?.arguments[1], 2 ** 31 - 1)
  await pass(2 ** 31 - 1)
  assert.deepEqual(done, [])
  await pass(11)
  assert.deepEqual(done, ['late 0'])
})
