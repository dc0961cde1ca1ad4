// The rules of the rendezvous for plain HTTP peers and for people who watch.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RegistryEffect } from '../../../src/bootstrap/registry-events.ts'
import type { NodeName } from '../../../src/core/messages.ts'
import {
  closes,
  helloOf,
  linkId,
  nodeName,
  only,
  pushes,
  RegistryDriver,
  sent,
  shown,
  welcomeOf,
} from './registry-driver.ts'

const register = (driver: RegistryDriver, url: string, name?: string): RegistryEffect[] =>
  driver.give({ type: 'register', request: 1, url, ...(name === undefined ? {} : { name }) })

/** The name under which it was registered, or the reason why not. */
const outcome = (effects: readonly RegistryEffect[]): string => {
  const [answer] = only(effects, 'answer')
  assert.ok(answer)
  return answer.result.status === 'registered' ? answer.result.name : answer.result.reason
}
const http = (name: string, url: string) => ({ name: nodeName(name), kind: 'http', url }) as const
const polled = (driver: RegistryDriver, name: string, token: number, alive: boolean) =>
  driver.give({ type: 'polled', name: nodeName(name), token, alive })

describe('registry: plain HTTP peers', () => {
  it('registers one: answer, poll in 10 s, push in 100 ms, log', () => {
    const driver = new RegistryDriver()
    assert.deepEqual(register(driver, 'http://flask:5000/'), [
      { type: 'timer', timer: { kind: 'poll', name: 'flask', token: 1 }, afterMs: 10_000 },
      { type: 'timer', timer: { kind: 'push', scope: 'http' }, afterMs: 100 },
      {
        type: 'notify',
        notification: { type: 'peer-join', peer: http('flask', 'http://flask:5000') },
      },
      { type: 'answer', request: 1, result: { status: 'registered', name: 'flask' } },
    ])
    assert.deepEqual(driver.registry.peers(), [http('flask', 'http://flask:5000')])
  })

  it('names it by its id, else its host, else its host and port', () => {
    const driver = new RegistryDriver()
    assert.equal(outcome(register(driver, 'http://10.0.0.1:5001', 'alice')), 'alice')
    assert.equal(outcome(register(driver, 'http://10.0.0.1:5002')), '10.0.0.1')
    assert.equal(outcome(register(driver, 'http://10.0.0.1:5003')), '10.0.0.1-5003')
    assert.equal(outcome(register(driver, 'ws://10.0.0.1:5003/')), '10.0.0.1-5003')
    assert.equal(outcome(register(driver, 'http://[::1]:5004')), '1')
    assert.equal(outcome(register(driver, 'https://secure')), 'secure')
    driver.join('secure2', 1, { url: 'ws://other:1/' })
    assert.equal(outcome(register(driver, 'https://secure2')), 'secure2-443')
  })

  it('refuses what is not a name or not a place', () => {
    const driver = new RegistryDriver()
    assert.deepEqual(register(driver, 'http://flask:5000', 'no name'), [
      {
        type: 'notify',
        notification: {
          type: 'refused',
          reason: 'malformed',
          detail: '"no name" is not a name',
          from: 'http://flask:5000',
        },
      },
      {
        type: 'answer',
        request: 1,
        result: { status: 'refused', reason: 'malformed', detail: '"no name" is not a name' },
      },
    ])
    for (const url of ['', 'ftp://flask', 'http://flask:0', 'http://u:p@flask', 'nonsense']) {
      assert.equal(outcome(register(driver, url)), 'malformed', url)
    }
    assert.equal(outcome(register(driver, `http://${'h'.repeat(65)}:5000`)), 'malformed')
    assert.deepEqual(driver.names(), [])
  })

  it('refreshes one that registers again, and renames one that gives another name', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    register(driver, 'http://flask:5000', 'alice')
    driver.pass(100)
    assert.deepEqual(register(driver, 'http://flask:5000'), [
      { type: 'answer', request: 1, result: { status: 'registered', name: 'alice' } },
    ])
    assert.equal(outcome(register(driver, 'http://flask:5000', 'bob')), 'bob')
    assert.deepEqual(driver.names(), ['bob', 'node1'])
    assert.deepEqual(pushes(driver.pass(1_000)), [
      {
        links: [1],
        joined: [http('bob', 'http://flask:5000')],
        left: [{ name: 'alice', reason: 'left' }],
      },
    ])
  })

  it('polls every 10 s and forgets a peer after three failures in a row', () => {
    const driver = new RegistryDriver()
    register(driver, 'http://flask:5000')
    driver.join('node1', 1)
    const alive = [true, false, false, true, false, false, false]
    for (const [round, answers] of alive.entries()) {
      driver.say(1, { type: 'unknown', code: 0 })
      assert.deepEqual(only(driver.pass(10_000), 'poll'), [
        { type: 'poll', name: 'flask', url: 'http://flask:5000/', token: 1 },
      ])
      const effects = polled(driver, 'flask', 1, answers)
      const left = round === alive.length - 1
      assert.deepEqual(
        effects,
        left
          ? [
              { type: 'timer', timer: { kind: 'push', scope: 'http' }, afterMs: 100 },
              { type: 'notify', notification: { type: 'peer-leave', name: 'flask', reason: 'unreachable' } },
            ]
          : [{ type: 'timer', timer: { kind: 'poll', name: 'flask', token: 1 }, afterMs: 10_000 }],
      )
    }
    assert.deepEqual(driver.names(), ['node1'])
    assert.deepEqual(pushes(driver.pass(100)), [
      { links: [1], joined: [], left: [{ name: 'flask', reason: 'unreachable' }] },
    ])
    assert.deepEqual(polled(driver, 'flask', 1, true), [])
    assert.deepEqual(only(driver.pass(60_000), 'poll'), [])
  })

  it('takes a registration for a sign of life', () => {
    const driver = new RegistryDriver()
    register(driver, 'http://flask:5000')
    for (let round = 0; round < 2; round++) {
      driver.pass(10_000)
      polled(driver, 'flask', 1, false)
    }
    register(driver, 'http://flask:5000')
    driver.pass(10_000)
    polled(driver, 'flask', 1, false)
    assert.deepEqual(driver.names(), ['flask'])
  })

  it('gives a name to another URL only when the holder does not answer any more', () => {
    const driver = new RegistryDriver()
    register(driver, 'http://flask:5000', 'alice')
    const effects = register(driver, 'http://flask:6000', 'alice')
    assert.deepEqual(only(effects, 'answer')[0]?.result, {
      status: 'refused',
      reason: 'name-taken',
      detail: 'alice is in use at http://flask:5000',
    })
    driver.pass(10_000)
    polled(driver, 'alice', 1, false)
    assert.equal(outcome(register(driver, 'http://flask:6000', 'alice')), 'alice')
    assert.deepEqual(driver.registry.peers(), [http('alice', 'http://flask:6000')])
    // The old one's poll is stale.
    assert.deepEqual(polled(driver, 'alice', 1, false), [])
  })

  it('gives its name to a node when it does not answer any more', () => {
    const driver = new RegistryDriver()
    register(driver, 'http://flask:5000', 'alice')
    driver.pass(10_000)
    polled(driver, 'alice', 1, false)
    assert.equal(welcomeOf(driver.join('alice', 1))?.registered, 1)
    assert.deepEqual(
      driver.registry.peers().map(({ name, kind }) => [name, kind]),
      [['alice', 'node']],
    )
  })

  it('is listed again when it comes back', () => {
    const driver = new RegistryDriver({ pollFailuresMax: 1 })
    register(driver, 'http://flask:5000', 'alice')
    polled(driver, 'alice', 1, false)
    assert.deepEqual(driver.names(), [])
    assert.equal(outcome(register(driver, 'http://flask:5000')), 'flask')
    assert.deepEqual(driver.names(), ['flask'])
  })

  it('refuses the name of a node, and answers for the URL of a node with its name', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    assert.equal(outcome(register(driver, 'http://flask:5000', 'node1')), 'name-taken')
    assert.equal(outcome(register(driver, 'http://node1:5000')), 'node1')
    assert.equal(outcome(register(driver, 'http://node1:5000', 'other')), 'node1')
    assert.deepEqual(
      driver.registry.peers().map(({ kind }) => kind),
      ['node'],
    )
  })

  it('gives way to a node at the same URL, and keeps its name against any other while it answers', () => {
    const driver = new RegistryDriver()
    register(driver, 'http://node1:5000')
    register(driver, 'http://node2:5000')
    assert.deepEqual(closes(driver.join('node2', 1, { url: 'ws://elsewhere:5000/' })), [
      [1, 'name-taken', 'node2 is in use at http://node2:5000: choose another name'],
    ])
    driver.join('node1', 2)
    assert.deepEqual(
      driver.registry.peers().map(({ name, kind }) => [name, kind]),
      [
        ['node1', 'node'],
        ['node2', 'http'],
      ],
    )
    driver.join('renamed', 3, { url: 'ws://node2:5000/' })
    assert.deepEqual(driver.names(), ['node1', 'renamed'])
    assert.deepEqual(
      pushes(driver.pass(100)).flatMap(({ joined, left }) => [...joined, ...left]),
      [
        { name: 'node1', kind: 'node', url: 'ws://node1:5000/' },
        { name: 'node2', reason: 'left' },
        { name: 'renamed', kind: 'node', url: 'ws://node2:5000/' },
      ],
    )
  })

  it('bounds them', () => {
    const driver = new RegistryDriver({ httpPeersMax: 2 })
    register(driver, 'http://a:1')
    register(driver, 'http://b:1')
    assert.equal(outcome(register(driver, 'http://c:1')), 'full')
    assert.equal(outcome(register(driver, 'http://b:1')), 'b')
    assert.equal(outcome(register(driver, 'http://b:1', 'renamed')), 'renamed')
  })

  it('tells every node, because no overlay record speaks of them', () => {
    const driver = new RegistryDriver()
    for (let link = 1; link <= 100; link++) driver.join(`node${link}`, link)
    driver.pass(100)
    register(driver, 'http://flask:5000')
    assert.equal(pushes(driver.pass(100))[0]?.links.length, 100)
    assert.deepEqual(welcomeOf(driver.join('newcomer', 101))?.httpPeers, [http('flask', 'http://flask:5000')])
  })

  it('tells how it ended also to a node that was welcomed in between', () => {
    const driver = new RegistryDriver()
    register(driver, 'http://flask:5000', 'alice')
    assert.deepEqual(welcomeOf(driver.join('node1', 1))?.httpPeers, [http('alice', 'http://flask:5000')])
    register(driver, 'http://flask:5000', 'bob')
    const effects = pushes(driver.pass(100)).filter(({ left }) => left.length > 0)
    assert.deepEqual(effects, [
      {
        links: [1],
        joined: [http('bob', 'http://flask:5000')],
        left: [{ name: 'alice', reason: 'left' }],
      },
    ])
  })

  it('tells every node of one that is back, or has the name of a node that left, within a batch', () => {
    const driver = new RegistryDriver({ pushNodesMax: 1, pollFailuresMax: 1 })
    register(driver, 'http://flask:5000', 'alice')
    driver.join('bob', 3)
    driver.pass(1_000)
    polled(driver, 'alice', 1, false)
    driver.join('node1', 1)
    driver.join('node2', 2)
    register(driver, 'http://flask:5000', 'alice')
    driver.closed(3, 'left')
    register(driver, 'http://flask:6000', 'bob')
    const [about, ...rest] = pushes(driver.pass(1_000)).filter(({ joined }) =>
      joined.some(({ kind }) => kind === 'http'),
    )
    assert.deepEqual(rest, [])
    assert.deepEqual(new Set(about?.links), new Set([1, 2]))
    assert.deepEqual(about?.joined, [http('alice', 'http://flask:5000'), http('bob', 'http://flask:6000')])
    assert.deepEqual(about?.left, [])
  })

  it('pushes about them at most once a second, without holding up what happens among nodes', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.pass(100)
    register(driver, 'http://one:1')
    assert.equal(pushes(driver.pass(100)).length, 1)
    register(driver, 'http://two:1')
    register(driver, 'http://three:1')
    driver.join('node2', 2)
    assert.deepEqual(
      pushes(driver.pass(100)).map(({ joined }) => joined.map(({ name }) => name)),
      [['node2']],
    )
    assert.deepEqual(pushes(driver.pass(899)), [])
    assert.deepEqual(
      pushes(driver.pass(1)).map(({ joined }) => joined.map(({ name }) => name)),
      [['two', 'three']],
    )
  })

  it('is never a contact', () => {
    const driver = new RegistryDriver()
    register(driver, 'http://flask:5000')
    assert.deepEqual(welcomeOf(driver.join('node1', 1))?.contacts, [])
  })
})

describe('registry: watchers', () => {
  const watch = (driver: RegistryDriver, link: number) =>
    driver.give({ type: 'watcher-open', link: linkId(link), from: `10.0.0.${link}:4000` })

  it('shows a help line and a snapshot, and then what happens', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.open(2)
    driver.say(2, helloOf('browser'))
    register(driver, 'http://flask:5000')
    const [help, snapshot, ...rest] = watch(driver, 3)
    assert.equal(help?.type === 'show' && help.event.event, 'help')
    assert.deepEqual(rest, [])
    assert.deepEqual(snapshot, {
      type: 'show',
      watchers: [3],
      event: {
        event: 'snapshot',
        peers: [
          { name: 'node1', kind: 'node', url: 'http://node1:5000' },
          { name: 'browser', kind: 'node' },
          { name: 'flask', kind: 'http', url: 'http://flask:5000' },
        ],
        registered: 2,
      },
    })
    watch(driver, 4)
    const joined = driver.join('node5', 5)
    assert.deepEqual(only(joined, 'show'), [
      {
        type: 'show',
        watchers: [3, 4],
        event: { event: 'peer-join', name: 'node5', kind: 'node', url: 'http://node5:5000' },
      },
    ])
    driver.give({ type: 'watcher-closed', link: linkId(3) })
    assert.deepEqual(only(driver.closed(5, 'left'), 'show'), [
      { type: 'show', watchers: [4], event: { event: 'peer-leave', name: 'node5', reason: 'left' } },
    ])
  })

  it('shows a takeover as leave and join, and a reconnect of the same process not at all', () => {
    const driver = new RegistryDriver()
    watch(driver, 1)
    driver.join('node1', 2)
    assert.deepEqual(shown(driver.join('node1', 3)), [])
    driver.join('node1', 4, { instance: 'second' })
    assert.deepEqual(
      shown(driver.pass(1_000)).map(({ event }) => event),
      ['peer-leave', 'peer-join'],
    )
  })

  it('gives the list to who asks', () => {
    const driver = new RegistryDriver()
    watch(driver, 1)
    assert.deepEqual(driver.give({ type: 'watcher-asks', link: linkId(1), what: 'peers' }), [
      { type: 'show', watchers: [1], event: { event: 'snapshot', peers: [], registered: 0 } },
    ])
    assert.deepEqual(driver.give({ type: 'watcher-asks', link: linkId(9), what: 'peers' }), [])
  })

  it('bounds them', () => {
    const driver = new RegistryDriver({ watchersMax: 1 })
    watch(driver, 1)
    assert.deepEqual(closes(watch(driver, 2)), [[2, 'full', '1 people are watching, no more are taken']])
    assert.equal(driver.registry.counts.watchers, 1)
    assert.deepEqual(sent(watch(driver, 3)), [])
    assert.equal((driver.registry.peers() as readonly { name: NodeName }[]).length, 0)
  })
})
