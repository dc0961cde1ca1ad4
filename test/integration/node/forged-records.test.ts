// Records under somebody else's name, spread by a neighbor that lies: the owner answers with a newer one, and everybody
// ends with what the owner says. Nothing is signed, so what a liar can do for a moment is not tested, only that it passes.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Gossip, NodeName, PeerRecord } from '../../../src/core/messages.ts'
import { Neighborhood } from '../../support/node-neighborhood.ts'
import { type RecordedNode, until } from '../../support/node-rig.ts'
import { Stranger } from '../../support/node-stranger.ts'

/** A neighborhood with a liar in it who has seen the record of `name`. */
async function withLiar(t: TestContext, name: string) {
  const neighborhood = await Neighborhood.start(t)
  const liar = await Stranger.join(t, neighborhood.victim.url)
  liar.say({ type: 'want', names: [name as NodeName] })
  const { records } = await liar.hears('records')
  const record = records.find((one) => one.name === name)
  assert.ok(record)
  return { neighborhood, liar, record }
}

function gossipOf(record: PeerRecord, fields: Partial<Gossip> = {}): Gossip {
  return {
    type: 'gossip',
    kind: 'record',
    hopsLeft: 15,
    hops: 1,
    origin: record.name,
    incarnation: record.incarnation,
    // Ahead of what the owner has broadcast, as a newer record would be.
    sequence: 20,
    payload: new Uint8Array(0),
    record,
    ...fields,
  }
}

/** Waits until everybody has the owner's word for its links. */
async function allBelieve(owner: RecordedNode, { all }: Neighborhood): Promise<void> {
  for (const node of all) {
    await until(`${node.name} has the word of ${owner.name}`, () => {
      const entry = node.node.topology().nodes.find(({ name }) => name === owner.name)
      const names = owner.neighborNames.join()
      return entry?.state === 'up' && [...entry.links].sort().join() === names && entry.url === owner.node.url
    })
  }
}

describe('a forged record', { concurrency: 3 }, () => {
  test('of a node further on, without links: the owner outbids it', async (t) => {
    const { neighborhood, liar, record } = await withLiar(t, 'left')
    const { left } = neighborhood
    liar.say(gossipOf({ ...record, version: record.version + 100, links: [] }))
    await until('the owner has seen it', () => (left.node.drops()['own-record'] ?? 0) > 0)
    await allBelieve(left, neighborhood)
    await neighborhood.unharmed()
  })

  test('of a node further on, with another address: the owner outbids it', async (t) => {
    const { neighborhood, liar, record } = await withLiar(t, 'left')
    const { left } = neighborhood
    liar.say(gossipOf({ ...record, version: record.version + 100, url: 'ws://127.0.0.1:9/' }))
    await until('the owner has seen it', () => (left.node.drops()['own-record'] ?? 0) > 0)
    await allBelieve(left, neighborhood)
    await neighborhood.unharmed()
  })

  test('of the very node that it is told to', async (t) => {
    const { neighborhood, liar, record } = await withLiar(t, 'victim')
    const { victim } = neighborhood
    const version = record.version + 5
    liar.say(
      { type: 'records', records: [{ ...record, version, links: [] }] },
      gossipOf({ ...record, version }),
    )
    await until('the owner has seen it', () => (victim.node.drops()['own-record'] ?? 0) > 0)
    await allBelieve(victim, neighborhood)
    await neighborhood.unharmed()
  })

  test('outside of a broadcast is passed on until its owner sees it', async (t) => {
    const { neighborhood, liar, record } = await withLiar(t, 'right')
    const { right } = neighborhood
    liar.say({
      type: 'records',
      records: [{ ...record, version: record.version + 7, links: ['left' as NodeName] }],
    })
    await until('the owner has seen it', () => (right.node.drops()['own-record'] ?? 0) > 0)
    await allBelieve(right, neighborhood)
    await neighborhood.unharmed()
  })

  test('with the largest version that there is', async (t) => {
    const { neighborhood, liar, record } = await withLiar(t, 'left')
    const { left } = neighborhood
    liar.say(gossipOf({ ...record, version: 2 ** 32 - 1, links: [] }))
    await until('the owner has seen it', () => (left.node.drops()['own-record'] ?? 0) > 0)
    await allBelieve(left, neighborhood)
    assert.deepEqual(left.stopped, [])
  })

  test('that says that its owner leaves: all meet again', async (t) => {
    const { neighborhood, liar, record } = await withLiar(t, 'left')
    const { left, right, victim } = neighborhood
    liar.say(gossipOf({ ...record, version: record.version + 4, state: 'leaving', links: [] }))
    await until('the owner has seen it', () => (left.node.drops()['own-record'] ?? 0) > 0)
    await allBelieve(left, neighborhood)
    assert.equal((await right.node.send('left', 'again')).status, 'delivered')
    await until('nobody misses it', () =>
      [victim, right].every(({ peerNames }) => peerNames.includes('left')),
    )
    assert.deepEqual(left.stopped, [])
  })

  test('far ahead in the sequence of broadcasts: the owner is heard all the same', async (t) => {
    const { neighborhood, liar, record } = await withLiar(t, 'left')
    const { left, right, victim } = neighborhood
    liar.say(gossipOf({ ...record, version: record.version + 100, links: [] }, { sequence: 1_000_000 }))
    await until('the owner has seen it', () => (left.node.drops()['own-record'] ?? 0) > 0)
    await left.node.broadcast('here I am')
    const isHeard = (): boolean => [right, victim].every(({ values }) => values.includes('here I am'))
    await until('it is heard', isHeard, 2_000)
    await allBelieve(left, neighborhood)
    await neighborhood.unharmed()
  })

  test('of a node that there is not goes nowhere', async (t) => {
    const { neighborhood, liar, record } = await withLiar(t, 'left')
    const { victim, all } = neighborhood
    const name = 'nowhere' as NodeName
    const links = ['victim', 'left', 'right'] as NodeName[]
    liar.say(gossipOf({ ...record, name, links, instance: 'none', url: 'ws://127.0.0.1:9/' }))
    await until('it is known', () => victim.node.topology().nodes.some((entry) => entry.name === name))
    await neighborhood.unharmed()
    for (const node of all) assert.ok(!node.joined.includes(name))
  })
})
