// Who belongs: nodes that leave, come back, share a name, or cannot be dialled.

import assert from 'node:assert/strict'
import { CORE_DEFAULTS } from '../../src/core/config.ts'
import { Rng } from '../../src/core/rng.ts'
import type { SimNetwork, SimNodeOptions } from '../../src/sim/network.ts'
import {
  checkLinks,
  componentOf,
  converge,
  namesOf,
  network,
  outcomesOf,
  payloadOf,
  simulate,
  toldSince,
} from '../support/core-sim.ts'

const file = 'test/sim/membership.test.ts'

simulate({ file, title: 'nodes that leave are told as left', seeds: [1, 2, 3] }, (seed) => {
  const net = network(50, { seed })
  converge(net)
  net.run(3_000)
  const since = net.notices.length
  const leaving = new Rng(seed).shuffled(net.names).slice(0, 10)
  for (const name of leaving) {
    net.leave(name)
    net.run(30)
  }
  const goneByMs = net.nowMs + 100
  converge(net)
  net.run(10_000)
  checkLinks(net)
  const told = toldSince(net, since, 'peer-leave').filter(({ node }) => !leaving.includes(node))
  const expected = net.names.flatMap((node) => leaving.map((gone) => `${node}: ${gone} left`)).sort()
  assert.deepEqual(
    told.map(({ node, notification: { name, reason } }) => `${node}: ${name} ${reason}`).sort(),
    expected,
  )
  for (const { atMs } of told) assert.ok(atMs <= goneByMs, `told at ${atMs}`)
})

simulate({ file, title: 'a crashed node is back at once', seeds: [4, 5, 6] }, (seed) => {
  const net = network(30, { seed })
  converge(net)
  net.run(2_000)
  for (const downMs of [100, 2_000, 10_000]) {
    const since = net.notices.length
    const name = restart(net, new Rng(seed + downMs).pick(net.names)!, downMs)
    checkToldOnce(net, since, name, 'unreachable')
    checkReached(net, name)
  }
})

simulate(
  { file, title: 'a crashed node whose clock went back is back at once', seeds: [4, 5, 6] },
  (seed) => {
    const net = network(30, { seed })
    converge(net)
    net.run(2_000)
    for (const downMs of [100, 2_000, 10_000]) {
      const since = net.notices.length
      const name = restart(net, new Rng(seed + downMs).pick(net.names)!, downMs, { incarnation: 5 })
      for (const node of net.names.filter((other) => other !== name)) {
        const changes = changesAt(net, since, node)
        assert.equal(changes[0], `leave ${name} unreachable`)
        assert.equal(changes.at(-1), `join ${name}`)
      }
      checkReached(net, name)
    }
  },
)

/** Crashes a node and starts it again; returns its name when the overlay is whole again. */
function restart(net: SimNetwork, name: string, downMs: number, options?: SimNodeOptions): string {
  net.crash(name)
  net.run(downMs)
  net.start(name, options)
  converge(net, 3_000)
  net.run(CORE_DEFAULTS.routesIntervalMs) // what is found out is told a little later
  return name
}

/** Everybody can send to this node. */
function checkReached(net: SimNetwork, name: string): void {
  const ids = net.names.filter((from) => from !== name).map((from) => net.send(from, name, payloadOf(1)))
  net.run(2_000)
  const outcomes = outcomesOf(net)
  for (const id of ids) assert.equal(outcomes.get(id)?.status, 'delivered')
}

for (const { title, clock } of [
  { title: 'a node that left is back at once', clock: {} },
  { title: 'a node that left and whose clock went back is back at once', clock: { incarnation: 5 } },
]) {
  simulate({ file, title, seeds: [7, 8, 9] }, (seed) => {
    const net = network(30, { seed })
    converge(net)
    net.run(2_000)
    // The largest name and the smallest one: of two neighbors the smaller one speaks first about what they lack.
    for (const name of ['node9', 'node1']) {
      for (const downMs of [100, 10_000]) {
        const since = net.notices.length
        net.leave(name)
        net.run(downMs)
        net.start(name, clock)
        const tookMs = converge(net, 3_000)
        assert.ok(tookMs < 3_000)
        net.run(CORE_DEFAULTS.routesIntervalMs) // what is found out is told a little later
        checkToldOnce(net, since, name, 'left')
        const heard = net.notices.length
        net.broadcast(name, payloadOf(2))
        net.run(1_000)
        // Not what a new neighbor has broadcast a moment before, and says again on the link that came up.
        const own = toldSince(net, heard, 'message').filter(({ notification }) => notification.from === name)
        assert.equal(own.length, 29, 'its broadcasts are those of the new run')
      }
    }
  })
}

/** A date above every one of the run: what a wall clock says when a process goes on. */
const LATER = 10_000_000

simulate({ file, title: 'a node that was away is back at once', seeds: [7, 8, 9] }, (seed) => {
  const net = network(30, { seed })
  converge(net)
  net.run(2_000)
  // Longer than anybody remembers it, too.
  for (const awayMs of [5_000, 700_000]) {
    const since = net.notices.length
    const name = new Rng(seed + awayMs).pick(net.names)!
    const [other = ''] = net.names.filter((node) => node !== name)
    net.feed(name, { type: 'away' })
    net.run(awayMs - 3_000)
    net.broadcast(other, payloadOf(7))
    const waiting = net.send(name, other, payloadOf(8))
    const refused = net.send(other, name, payloadOf(9))
    net.run(3_000)
    net.feed(name, { type: 'back', incarnation: LATER + awayMs })
    converge(net, 3_000)
    net.run(CORE_DEFAULTS.routesIntervalMs)
    checkToldOnce(net, since, name, 'left')
    checkReached(net, name)
    checkLinks(net)
    const outcomes = outcomesOf(net)
    assert.equal(outcomes.get(waiting)?.status, 'delivered', 'what waited goes out')
    assert.equal(outcomes.get(refused)?.status, 'failed', 'who has left gets nothing')
    const missed = toldSince(net, since, 'message').filter(
      ({ node, notification }) => node === name && notification.broadcast,
    )
    assert.equal(missed.length, 1, 'what was broadcast meanwhile comes')
    assert.deepEqual(toldSince(net, since, 'stopped'), [])
  }
})

for (const { title, dateMs } of [
  { title: 'of two runs of a name of which one is always away the other is reached', dateMs: LATER },
  { title: 'of two runs of a name the one that is back is reached, though its clock went back', dateMs: 0 },
]) {
  simulate({ file, title, seeds: [10, 11, 12] }, (seed) => {
    const net = network(20, { seed })
    const others = namesOf(20)
    const isReached = (run: string): void => {
      const { self } = net.overlay(run)
      const isKnown = (node: string): boolean => {
        const entry = net.overlay(node).directory.get(self.name)
        return entry?.reachable === true && entry.record.instance === self.instance
      }
      const tookMs = net.runUntil(() => others.every(isKnown), 5_000)
      assert.ok(tookMs !== undefined, `${run} is not known to all`)
      const ids = others.map((from) => net.send(from, 'anna', payloadOf(1)))
      net.run(2_000)
      const outcomes = outcomesOf(net)
      for (const id of ids) assert.equal(outcomes.get(id)?.status, 'delivered', `to ${run}`)
    }
    net.start('one', { claims: 'anna', dialable: false })
    isReached('one')
    net.feed('one', { type: 'away' })
    net.start('two', { claims: 'anna', dialable: false })
    isReached('two')
    for (let round = 1; round <= 6; round++) {
      const [gone, back] = round % 2 === 1 ? ['two', 'one'] : ['one', 'two']
      net.feed(gone!, { type: 'away' })
      // In the same moment, too.
      net.run(round % 3 === 0 ? 0 : 1_000)
      net.feed(back!, { type: 'back', incarnation: dateMs + round })
      isReached(back!)
    }
    assert.deepEqual(toldSince(net, 0, 'stopped'), [])
  })
}

/** Everybody else is told that it is gone, for this reason, and then that it is back. */
function checkToldOnce(net: SimNetwork, since: number, name: string, reason: 'left' | 'unreachable'): void {
  for (const node of net.names.filter((other) => other !== name)) {
    assert.deepEqual(changesAt(net, since, node), [`leave ${name} ${reason}`, `join ${name}`], `at ${node}`)
  }
}

/** What this node told of its peers. */
function changesAt(net: SimNetwork, since: number, node: string): string[] {
  return net.notices.slice(since).flatMap(({ node: at, notification }) => {
    if (at !== node) return []
    if (notification.type === 'peer-join') return [`join ${notification.peer.name}`]
    return notification.type === 'peer-leave' ? [`leave ${notification.name} ${notification.reason}`] : []
  })
}

for (const { title, ageMs } of [
  { title: 'of two processes that start under one name the later stays', ageMs: 0 },
  { title: 'of two processes under one name the later stays, long after the first came', ageMs: 20_000 },
]) {
  simulate({ file, title, seeds: [10, 11, 12, 13] }, (seed) => {
    const net = network(20, { seed })
    net.start('first', { claims: 'twin' })
    net.run(ageMs)
    net.start('second', { claims: 'twin' })
    net.run(20_000)
    const stopped = toldSince(net, 0, 'stopped').map(({ node, notification: { reason } }) => ({
      node,
      reason,
    }))
    assert.equal(stopped.length, 1, `${stopped.length} processes stopped`)
    assert.equal(stopped[0]?.reason, 'name-taken')
    if (ageMs > 0) assert.equal(stopped[0]?.node, 'first')
    net.crash(stopped[0]?.node ?? '')
    converge(net)
  })
}

simulate(
  {
    file,
    title: 'of two processes in a mesh one stops, also when the clock of the second is behind',
    seeds: [10, 11, 12],
  },
  (seed) => {
    // All are linked to all, so that nobody lets the second in.
    const net = network(4, { seed })
    net.start('first', { claims: 'twin' })
    net.run(20_000)
    net.start('second', { claims: 'twin', incarnation: 5 })
    net.run(90_000)
    const stopped = toldSince(net, 0, 'stopped').map(({ node }) => node)
    assert.equal(stopped.length, 1, `${stopped} stopped`)
    net.crash(stopped[0] ?? '')
    converge(net)
  },
)

simulate(
  { file, title: 'of two processes with one name one stays when a partition heals', seeds: [14, 15, 16] },
  (seed) => {
    const net = network(20, { seed })
    converge(net)
    const side = namesOf(10)
    net.partition([], [...side, 'first'])
    net.start('first', { claims: 'twin' })
    net.run(10_000)
    net.start('second', { claims: 'twin' })
    net.run(10_000)
    assert.equal(net.overlay('node1').directory.reachableCount, 11)
    assert.equal(net.overlay('node20').directory.reachableCount, 11)
    net.heal()
    net.run(10_000)
    assert.deepEqual(
      toldSince(net, 0, 'stopped').map(({ node }) => node),
      ['first'],
    )
    net.crash('first')
    converge(net)
  },
)

simulate({ file, title: 'nodes that cannot be dialled are full members', seeds: [17, 18, 19] }, (seed) => {
  const net = network(40, { seed }, (name) => ({ dialable: Number(name.slice(4)) % 2 === 1 }))
  converge(net, 20_000)
  net.run(10_000)
  converge(net, 0)
  const ids: number[] = []
  for (const from of net.names)
    for (const to of net.names) if (from !== to) ids.push(net.send(from, to, payloadOf(1)))
  net.broadcast('node2', payloadOf(2))
  net.run(3_000)
  const outcomes = outcomesOf(net)
  for (const id of ids) assert.equal(outcomes.get(id)?.status, 'delivered')
  const reached = toldSince(net, 0, 'message').filter(({ notification }) => notification.broadcast)
  assert.equal(reached.length, 39)
})

for (const [dialable, others] of [
  [2, 30],
  [5, 60],
  [10, 100],
] as const) {
  const title = `${others} nodes that cannot be dialled, and ${dialable} that can`
  simulate({ file, title, seeds: [20, 21] }, (seed) => {
    const net = network(dialable + others, { seed }, (name) => ({
      dialable: Number(name.slice(4)) <= dialable,
    }))
    net.run(25_000)
    const since = net.notices.length
    net.run(10_000)
    converge(net, 0)
    assert.equal(componentOf(net, 'node1').size, dialable + others)
    assert.deepEqual(toldSince(net, since, 'neighbor-down'), [], 'the links have come to rest')
    // Both have more links than they need, and none of them leads to the other.
    net.cut('node1', 'node2')
    converge(net, 20_000)
  })
}
