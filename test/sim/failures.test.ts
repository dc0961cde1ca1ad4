// What breaks: half of the nodes at once, the network itself, single links under traffic. The rest goes on.

import assert from 'node:assert/strict'
import { CORE_DEFAULTS } from '../../src/core/config.ts'
import { Rng } from '../../src/core/rng.ts'
import {
  checkLinks,
  componentOf,
  converge,
  namesOf,
  network,
  numberOf,
  outcomesOf,
  payloadOf,
  simulate,
  toldSince,
} from '../support/core-sim.ts'

const file = 'test/sim/failures.test.ts'

simulate({ file, title: 'half of 60 nodes crash at once', seeds: [1, 2, 3] }, (seed) => {
  const net = network(60, { seed })
  converge(net)
  net.run(3_000)
  const since = net.notices.length
  const crashed = new Rng(seed).shuffled(net.names).slice(0, 30)
  for (const name of crashed) net.crash(name)
  converge(net)
  net.run(10_000)
  checkLinks(net)
  assert.equal(componentOf(net, net.names[0]!).size, 30, 'the survivors are one component')

  const expected = net.names.flatMap((node) => crashed.map((gone) => `${node}: ${gone} unreachable`)).sort()
  const told = toldSince(net, since, 'peer-leave').map(
    ({ node, notification }) => `${node}: ${notification.name} ${notification.reason}`,
  )
  assert.deepEqual(told.sort(), expected, 'exactly the crashed are told as gone, once by everyone')
  assert.deepEqual(toldSince(net, since, 'peer-join'), [], 'nobody was gone for a while')

  const ids: number[] = []
  for (const from of net.names)
    for (const to of net.names) if (from !== to) ids.push(net.send(from, to, payloadOf(1)))
  net.run(2_000)
  const outcomes = outcomesOf(net)
  for (const id of ids) assert.equal(outcomes.get(id)?.status, 'delivered')
})

simulate({ file, title: 'a partition heals', seeds: [4, 5, 6] }, (seed) => {
  const net = network(40, { seed })
  converge(net)
  const left = new Rng(seed).shuffled(net.names).slice(0, 15)
  net.partition([], left)
  net.run(30_000)
  for (const name of net.names) {
    const size = left.includes(name) ? 15 : 25
    assert.equal(net.overlay(name).directory.reachableCount, size, `${name} reaches its side`)
  }
  const since = net.notices.length
  net.heal()
  const tookMs = converge(net, 10_000)
  assert.ok(tookMs <= 10_000)
  const joins = toldSince(net, since, 'peer-join').length
  assert.equal(joins, 2 * 15 * 25, 'each side is told of the other')
  assert.deepEqual(toldSince(net, since, 'peer-leave'), [])
  net.run(10_000)
  checkLinks(net)
})

simulate({ file, title: 'a short partition is ridden out', seeds: [7, 8] }, (seed) => {
  const net = network(30, { seed })
  converge(net)
  const since = net.notices.length
  net.partition([], namesOf(10))
  const id = net.send('node1', 'node30', payloadOf(1))
  net.run(2_500)
  net.heal()
  net.run(10_000)
  converge(net, 0)
  assert.deepEqual(toldSince(net, since, 'peer-leave'), [], 'nobody is told as gone')
  assert.equal(outcomesOf(net).get(id)?.status, 'delivered', 'what was sent into it arrives')
})

simulate({ file, title: 'links are cut under traffic', seeds: [9, 10, 11, 12] }, (seed) => {
  const net = network(30, { seed })
  converge(net)
  const rng = new Rng(seed)
  const { names } = net
  const sends = new Map<number, Sent>()
  const patient: number[] = []
  for (let round = 0; round < 400; round++) {
    const [from, to] = rng.shuffled(names).slice(0, 2) as [string, string]
    const deadlineMs = rng.pick([300, 10_000])!
    const id = net.send(from, to, payloadOf(round), deadlineMs)
    sends.set(id, { from, to, value: round, dueMs: net.nowMs + deadlineMs })
    if (deadlineMs === 10_000) patient.push(id)
    if (rng.chance(0.3)) {
      const [a, b] = [rng.pick(names)!, rng.pick(names)!]
      net.cut(a, b)
      const neighbor = rng.pick([...net.overlay(a).neighbors.keys()])
      if (neighbor !== undefined) net.cut(a, neighbor)
    }
    net.run(rng.below(20))
  }
  net.run(15_000)
  checkEveryOutcome(net, sends)
  const outcomes = outcomesOf(net)
  for (const id of patient)
    assert.equal(outcomes.get(id)?.status, 'delivered', 'there was always another way')
})

simulate({ file, title: 'nodes crash and start again under traffic', seeds: [13, 14, 15, 16] }, (seed) => {
  const net = network(25, { seed })
  converge(net)
  const rng = new Rng(seed)
  const names = namesOf(25)
  const sends = new Map<number, Sent>()
  const crashedAfterSend = new Set<number>()
  for (let round = 0; round < 300; round++) {
    const [from, to] = rng.shuffled(net.names).slice(0, 2) as [string, string]
    const dueMs = net.nowMs + CORE_DEFAULTS.deadlineMs
    sends.set(net.send(from, to, payloadOf(round)), { from, to, value: round, dueMs })
    if (rng.chance(0.05) && net.names.length > 20) {
      const victim = rng.pick(net.names)!
      net.crash(victim)
      for (const [id, send] of sends) if (send.from === victim) crashedAfterSend.add(id)
    }
    const gone = names.filter((name) => !net.names.includes(name))
    if (rng.chance(0.05) && gone.length > 0) net.start(rng.pick(gone)!)
    net.run(rng.below(50))
  }
  net.run(15_000)
  for (const id of crashedAfterSend) if (!outcomesOf(net).has(id)) sends.delete(id)
  checkEveryOutcome(net, sends)
  converge(net)
})

simulate({ file, title: 'streams keep their order, whatever breaks', seeds: [17, 18, 19, 20] }, (seed) => {
  const net = network(25, { seed })
  converge(net)
  const rng = new Rng(seed)
  // The ends of the streams stay up; what lies between them does not.
  const ends = rng.shuffled(net.names).slice(0, 8)
  const streams = ends.map((from, i) => ({ from, to: ends[(i + 3) % ends.length]! }))
  const sends = new Map<number, Sent>()
  let value = 0
  let heldMax = 0
  for (let round = 0; round < 600; round++) {
    for (const { from, to } of streams) {
      for (let burst = rng.below(4); burst > 0; burst--) {
        const deadlineMs = rng.pick([60, 400, 10_000])!
        const id = net.send(from, to, payloadOf(++value), deadlineMs)
        sends.set(id, { from, to, value, dueMs: net.nowMs + deadlineMs })
      }
    }
    if (rng.chance(0.2)) {
      const a = rng.pick(net.names)!
      const neighbor = rng.pick([...net.overlay(a).neighbors.keys()])
      if (neighbor !== undefined) net.cut(a, neighbor)
    }
    const others = net.names.filter((name) => !ends.includes(name))
    if (rng.chance(0.03) && others.length > 10) net.crash(rng.pick(others)!)
    const gone = namesOf(25).filter((name) => !net.names.includes(name))
    if (rng.chance(0.03) && gone.length > 0) net.start(rng.pick(gone)!)
    net.run(rng.below(20))
    for (const name of ends) heldMax = Math.max(heldMax, net.overlay(name).held.messages)
  }
  net.run(CORE_DEFAULTS.deadlineMs + CORE_DEFAULTS.heldMs + CORE_DEFAULTS.heartbeatMs)
  checkEveryOutcome(net, sends)
  assert.ok(heldMax > 0, 'something came early')
  for (const name of net.names) assert.deepEqual(net.overlay(name).held, { messages: 0, bytes: 0 })
  const outcomes = [...outcomesOf(net).values()]
  const failed = outcomes.filter(({ status }) => status === 'failed').length
  assert.ok(failed > 0 && failed < outcomes.length / 10, `${failed} of ${outcomes.length} failed`)
})

interface Sent {
  readonly from: string
  readonly to: string
  /** Grows with each send. */
  readonly value: number
  readonly dueMs: number
}

/**
 * Every send has one outcome by its deadline; what is told as delivered was handed over, nothing was handed over twice,
 * and each pair kept its order.
 */
function checkEveryOutcome(net: Parameters<typeof outcomesOf>[0], sends: ReadonlyMap<number, Sent>): void {
  const outcomes = outcomesOf(net)
  const handed = new Map<number, string>()
  const last = new Map<string, number>()
  for (const { node, notification } of toldSince(net, 0, 'message')) {
    const value = numberOf(notification.payload)
    assert.ok(!handed.has(value), `message ${value} was handed over twice`)
    handed.set(value, node)
    const pair = `${notification.from} to ${node}`
    const before = last.get(pair) ?? -1
    assert.ok(before < value, `${pair}: ${before} was handed over before ${value}`)
    last.set(pair, value)
  }
  for (const [id, { to, value }] of sends) {
    const outcome = outcomes.get(id)
    assert.ok(outcome !== undefined, `send ${id} has no outcome`)
    if (outcome.status === 'delivered')
      assert.equal(handed.get(value), to, `message ${value} is told as delivered`)
  }
  for (const { atMs, notification } of toldSince(net, 0, 'outcome')) {
    const dueMs = sends.get(notification.id)?.dueMs ?? Number.POSITIVE_INFINITY
    // Timers count in whole ms.
    assert.ok(atMs < dueMs + 1, `send ${notification.id} ended ${atMs - dueMs} ms behind its deadline`)
  }
}
