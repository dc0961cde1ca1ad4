// The rules of the rendezvous for nodes: hello, welcome, pushes, names, liveness, limits. Whole effect lists.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Heartbeat } from '../../../src/core/messages.ts'
import { PROTOCOL_VERSION } from '../../../src/core/messages.ts'
import {
  closes,
  helloOf,
  linkId,
  nodeName,
  OWN_HELLO,
  only,
  pushes,
  RegistryDriver,
  sent,
  toldNumbers,
  welcomeOf,
} from './registry-driver.ts'

const beat = (clock: number, echo = 0): Heartbeat => ({
  type: 'heartbeat',
  clock,
  echo,
  heldUs: 0,
  hash: { high: 0, low: 0 },
})
const node = (name: string) => ({ name: nodeName(name), kind: 'node', url: `ws://${name}:5000/` }) as const
const refused = (link: number, reason: string, detail: string, name?: string) => [
  { type: 'close', link, reason, detail },
  {
    type: 'notify',
    notification: {
      type: 'refused',
      reason,
      detail,
      from: `10.0.0.${link}:4000`,
      ...(name === undefined ? {} : { name }),
    },
  },
]

describe('registry: hello', () => {
  it('waits for the hello of a connection and says nothing before', () => {
    const driver = new RegistryDriver()
    assert.deepEqual(driver.open(1), [{ type: 'timer', timer: { kind: 'hello', link: 1 }, afterMs: 5_000 }])
    assert.equal(driver.registry.counts.hellosPending, 1)
  })

  it('registers a node: hello, welcome, log, and a push in 100 ms', () => {
    const driver = new RegistryDriver()
    assert.deepEqual(driver.join('node1', 1), [
      { type: 'send', links: [1], message: OWN_HELLO },
      {
        type: 'send',
        links: [1],
        message: { type: 'welcome', contacts: [], httpPeers: [], registered: 1 },
      },
      { type: 'timer', timer: { kind: 'push', scope: 'nodes' }, afterMs: 100 },
      { type: 'notify', notification: { type: 'peer-join', peer: node('node1') } },
    ])
    assert.deepEqual(driver.registry.counts, {
      nodes: 1,
      httpPeers: 0,
      watchers: 0,
      hellosPending: 0,
      claims: 0,
    })
  })

  it('closes a connection that has not said hello after 5 s, and only then', () => {
    const driver = new RegistryDriver()
    driver.open(1)
    assert.deepEqual(only(driver.pass(4_999), 'close'), [])
    const effects = driver.pass(1).filter(({ type }) => type !== 'timer')
    assert.deepEqual(effects, refused(1, 'hello-timeout', 'no hello came within 5000 ms'))
    assert.equal(driver.registry.counts.hellosPending, 0)
    assert.deepEqual(driver.closed(1, 'hello-timeout'), [])
  })

  it('refuses a hello from another bootstrap, of another protocol, or with a URL that nobody can dial', () => {
    const driver = new RegistryDriver()
    driver.open(1)
    assert.deepEqual(
      driver.say(1, helloOf('b', { role: 'bootstrap' })),
      refused(1, 'wrong-role', 'a bootstrap registers nodes only'),
    )
    driver.open(2)
    assert.deepEqual(
      driver.say(2, helloOf('b', { protocol: 7 })),
      refused(2, 'unsupported-protocol', `protocol 7 is not spoken here, ${PROTOCOL_VERSION} is`),
    )
    driver.open(3)
    const effects = driver.say(3, helloOf('b', { url: 'ws://b:0' }))
    assert.deepEqual(
      effects,
      refused(3, 'malformed', 'the URL of the hello: "ws://b:0" has port 0, which nobody can dial'),
    )
    assert.deepEqual(driver.registry.counts.hellosPending, 0)
  })

  it('takes nothing before the hello, no second hello, and no frame that nodes say to each other', () => {
    const driver = new RegistryDriver()
    driver.open(1)
    assert.deepEqual(driver.say(1, beat(1)), refused(1, 'protocol-error', 'heartbeat before hello'))
    driver.join('node2', 2)
    driver.pass(100)
    assert.deepEqual(driver.say(2, helloOf('node2')), [
      ...refused(2, 'protocol-error', 'hello is not allowed here', 'node2'),
      { type: 'timer', timer: { kind: 'push', scope: 'nodes' }, afterMs: 100 },
      { type: 'notify', notification: { type: 'peer-leave', name: 'node2', reason: 'unreachable' } },
    ])
    driver.join('node3', 3)
    assert.deepEqual(closes(driver.say(3, { type: 'want', names: [] }, beat(1))), [
      [3, 'protocol-error', 'want is not allowed here'],
    ])
    assert.deepEqual(driver.names(), [])
  })

  it('ignores frames of later versions, and tells the counters', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    assert.deepEqual(driver.say(1, { type: 'unknown', code: 200 }), [
      {
        type: 'notify',
        notification: {
          type: 'drop',
          reason: 'unknown-frame',
          detail: 'a frame of type 200',
          from: '10.0.0.1:4000',
        },
      },
    ])
  })
})

describe('registry: welcome', () => {
  it('names a bounded random sample of nodes that can be dialled, without the newcomer', () => {
    const samples = [1, 2].map((seed) => {
      const driver = new RegistryDriver({}, seed)
      for (let link = 1; link <= 40; link++) driver.join(`node${link}`, link)
      driver.open(41)
      driver.say(41, helloOf('browser'))
      const welcome = welcomeOf(driver.join('newcomer', 42))
      assert.equal(welcome?.registered, 42)
      const names = welcome?.contacts.map(({ name }) => name as string) ?? []
      assert.equal(new Set(names).size, 16)
      assert.ok(!names.includes('newcomer') && !names.includes('browser'), String(names))
      assert.deepEqual(
        welcome?.contacts.map(({ url }) => url),
        names.map((name) => `ws://${name}:5000/`),
      )
      return names
    })
    assert.notDeepEqual(samples[0], samples[1])
  })

  it('names each node about equally often', () => {
    const driver = new RegistryDriver()
    for (let link = 1; link <= 100; link++) driver.join(`node${link}`, link)
    const counts = new Map<string, number>()
    for (let link = 101; link <= 600; link++) {
      const welcome = welcomeOf(driver.join('guest', link, { instance: 'one' }))
      for (const { name } of welcome?.contacts ?? []) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    // 500 samples of 16 out of 100: 80 each, standard deviation 8.2.
    for (let link = 1; link <= 100; link++) {
      const count = counts.get(`node${link}`) ?? 0
      assert.ok(count > 40 && count < 125, `node${link}: ${count}`)
    }
  })

  it('is sent again to a node that registers again, as to a new one', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.join('node2', 2)
    driver.pass(100)
    driver.closed(2, 'link-lost')
    assert.deepEqual(welcomeOf(driver.join('node2', 3)), {
      type: 'welcome',
      contacts: [{ name: 'node1', url: 'ws://node1:5000/' }],
      httpPeers: [],
      registered: 2,
    })
  })
})

describe('registry: pushes', () => {
  it('pushes the joins of 100 ms together to every node', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.join('node2', 2)
    driver.open(3)
    driver.say(3, helloOf('browser'))
    assert.deepEqual(driver.pass(99), [])
    assert.deepEqual(driver.pass(1), [
      {
        type: 'send',
        links: [1, 2, 3],
        message: {
          type: 'peer-events',
          joined: [node('node1'), node('node2'), { name: 'browser', kind: 'node' }],
          left: [],
          registered: 3,
        },
      },
    ])
    assert.deepEqual(pushes(driver.pass(1_000)), [])
  })

  it('pushes leaves with their reason: said by the node, or a connection that broke', () => {
    const driver = new RegistryDriver()
    for (let link = 1; link <= 5; link++) driver.join(`node${link}`, link)
    driver.pass(100)
    driver.closed(1, 'left')
    driver.closed(2, 'shutting-down')
    driver.closed(3, 'link-lost')
    driver.closed(4, 'malformed')
    assert.deepEqual(pushes(driver.pass(100)), [
      {
        links: [5],
        joined: [],
        left: [
          { name: 'node1', reason: 'left' },
          { name: 'node2', reason: 'left' },
          { name: 'node3', reason: 'unreachable' },
          { name: 'node4', reason: 'unreachable' },
        ],
      },
    ])
  })

  it('pushes the difference between the ends of a batch, not what happened in between', () => {
    const driver = new RegistryDriver()
    driver.join('watching', 1)
    driver.join('back-same', 2)
    driver.join('back-restarted', 3)
    driver.pass(100)
    driver.join('short-lived', 4)
    driver.closed(4, 'left')
    driver.closed(2, 'link-lost')
    driver.join('back-same', 5)
    driver.closed(3, 'link-lost')
    driver.join('back-restarted', 6, { instance: 'restarted' })
    driver.closed(6, 'link-lost')
    driver.join('back-restarted', 7, { instance: 'restarted-again' })
    assert.deepEqual(pushes(driver.pass(100)), [
      { links: [1, 5, 7], joined: [node('back-restarted')], left: [] },
    ])
  })

  it('says with each push how many are registered, whatever came to nothing in between', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.join('node2', 2)
    assert.deepEqual(toldNumbers(driver.pass(100)), [2])
    driver.closed(2, 'left')
    driver.join('node2', 3, { instance: 'restarted' })
    assert.deepEqual(toldNumbers(driver.pass(100)), [2])
    driver.closed(3, 'left')
    assert.deepEqual(toldNumbers(driver.pass(100)), [1])
  })

  it('corrects the number for those who were welcomed while there were others', () => {
    const driver = new RegistryDriver()
    driver.join('back-same', 1)
    driver.join('other', 2)
    driver.pass(100)
    driver.join('short-lived', 3)
    driver.closed(1, 'link-lost')
    assert.equal(welcomeOf(driver.join('back-same', 4))?.registered, 3)
    driver.closed(3, 'left')
    const effects = driver.pass(100)
    assert.deepEqual(pushes(effects), [{ links: [4, 2], joined: [], left: [] }])
    assert.deepEqual(toldNumbers(effects), [2])
    assert.deepEqual(pushes(driver.pass(1_000)), [])
  })

  it('tells all that cannot be dialled of the first that can, also when that one is another one', () => {
    const driver = new RegistryDriver()
    for (let link = 1; link <= 300; link++) {
      driver.open(link)
      driver.say(link, helloOf(`browser${link}`))
    }
    driver.pass(100)
    const toldOf = (name: string, link: number) => {
      driver.join(name, link)
      const [push] = pushes(driver.pass(100))
      assert.deepEqual(push?.joined, [node(name)])
      return new Set(push?.links.filter((told) => told <= 300)).size
    }
    assert.equal(toldOf('node1', 1_001), 300)
    assert.ok(toldOf('node2', 1_002) <= 64)
    driver.closed(1_001, 'link-lost')
    driver.closed(1_002, 'link-lost')
    assert.equal(toldOf('node3', 1_003), 300)
  })

  it('tells every node while there are up to 64, and 64 random ones beyond', () => {
    const driver = new RegistryDriver()
    for (let link = 1; link <= 64; link++) driver.join(`node${link}`, link)
    assert.equal(pushes(driver.pass(100))[0]?.links.length, 64)
    driver.join('node65', 65)
    const first = pushes(driver.pass(100))
    assert.deepEqual(
      first.map(({ links, joined }) => [links.length, new Set(links).size, joined]),
      [[64, 64, [node('node65')]]],
    )
    for (let link = 66; link <= 1_000; link++) driver.join(`node${link}`, link)
    driver.pass(100)
    driver.join('one', 2_000)
    const one = pushes(driver.pass(100))
    driver.join('two', 2_001)
    const two = pushes(driver.pass(100))
    assert.equal(one[0]?.links.length, 64)
    assert.notDeepEqual(one[0]?.links, two[0]?.links)
  })

  it('costs a join at 1,000 nodes no more messages than at 65', () => {
    const driver = new RegistryDriver()
    for (let link = 1; link <= 1_000; link++) driver.join(`node${link}`, link)
    driver.pass(100)
    const effects = [...driver.join('newcomer', 5_000), ...driver.pass(100)]
    const messages = sent(effects).reduce((sum, [links]) => sum + links.length, 0)
    assert.equal(messages, 2 + 64)
  })

  it('splits a large batch into messages that the wire can carry', () => {
    const driver = new RegistryDriver()
    for (let link = 1; link <= 600; link++) driver.join(`node${link}`, link)
    const all = pushes(driver.pass(100))
    assert.deepEqual(
      all.map(({ joined }) => joined.length),
      [256, 256, 88],
    )
    assert.equal(new Set(all.flatMap(({ joined }) => joined.map(({ name }) => name))).size, 600)
    for (const { links } of all) assert.deepEqual(links, all[0]?.links)
  })
})

describe('registry: one name, two processes', () => {
  const second = { instance: 'second', url: 'ws://elsewhere:5000/' }

  it('asks the holder for a sign of life first', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.pass(1_000)
    assert.deepEqual(driver.join('node1', 2, second), [
      { type: 'send', links: [1], message: beat(1_000_000) },
      { type: 'timer', timer: { kind: 'probe', name: 'node1', token: 1 }, afterMs: 1_000 },
    ])
    assert.equal(driver.registry.counts.claims, 1)
  })

  it('refuses the newcomer when the holder answers, and says where the holder is', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.pass(1_000)
    driver.join('node1', 2, second)
    assert.deepEqual(
      driver.say(1, beat(5, 1_000_000)),
      refused(2, 'name-taken', 'node1 is in use at http://node1:5000: choose another name', 'node1'),
    )
    assert.deepEqual(closes(driver.pass(2_000)), [])
    assert.deepEqual(driver.names(), ['node1'])
    assert.equal(driver.registry.counts.claims, 0)
  })

  it('names the address of a connection whose node has no URL', () => {
    const driver = new RegistryDriver()
    driver.open(1)
    driver.say(1, helloOf('node1'))
    driver.join('node1', 2, second)
    assert.deepEqual(closes(driver.say(1, { type: 'unknown', code: 99 })), [
      [2, 'name-taken', 'node1 is in use at 10.0.0.1:4000: choose another name'],
    ])
  })

  it('tells the holder where a newcomer is that it has refused and that has links', () => {
    for (const { fields, isTold } of [
      { fields: { linkless: false }, isTold: true },
      { fields: { linkless: true }, isTold: false },
    ]) {
      const driver = new RegistryDriver()
      driver.join('node1', 1)
      driver.pass(100)
      driver.join('node1', 2, { ...second, ...fields })
      const effects = driver.say(1, beat(1))
      assert.deepEqual(
        closes(effects).map(([link]) => link),
        [2],
      )
      const peer = { name: nodeName('node1'), kind: 'node', url: 'ws://elsewhere:5000/' } as const
      assert.deepEqual(pushes(effects), isTold ? [{ links: [1], joined: [peer], left: [] }] : [])
    }
  })

  it('evicts a holder that is silent for a second, and registers the newcomer', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.pass(100)
    driver.join('node1', 2, second)
    const peer = { name: nodeName('node1'), kind: 'node', url: 'ws://elsewhere:5000/' } as const
    assert.deepEqual(driver.pass(1_000), [
      ...refused(1, 'replaced', 'the name was taken over by http://elsewhere:5000', 'node1'),
      { type: 'timer', timer: { kind: 'push', scope: 'nodes' }, afterMs: 100 },
      { type: 'notify', notification: { type: 'peer-leave', name: 'node1', reason: 'unreachable' } },
      { type: 'send', links: [2], message: OWN_HELLO },
      {
        type: 'send',
        links: [2],
        message: { type: 'welcome', contacts: [], httpPeers: [], registered: 1 },
      },
      { type: 'notify', notification: { type: 'peer-join', peer } },
    ])
    assert.deepEqual(pushes(driver.pass(100)), [{ links: [2], joined: [peer], left: [] }])
    // What the old connection still says, or that it is gone, means nothing any more.
    assert.deepEqual(driver.say(1, beat(1)), [])
    assert.deepEqual(driver.closed(1, 'replaced'), [])
    assert.deepEqual(driver.names(), ['node1'])
  })

  it('registers the newcomer at once when the connection of the holder ends', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.join('node1', 2, second)
    assert.equal(welcomeOf(driver.closed(1, 'link-lost'))?.registered, 1)
    assert.deepEqual(closes(driver.pass(1_000)), [])
    assert.equal(welcomeOf(driver.join('node1', 3, { instance: 'third' })), undefined)
  })

  it('leaves the holder alone when the newcomer goes away', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.pass(100)
    driver.join('node1', 2, second)
    assert.deepEqual(driver.closed(2, 'link-lost'), [])
    assert.deepEqual(driver.pass(1_000), [])
    assert.deepEqual(driver.names(), ['node1'])
  })

  it('registers at once when nobody holds the name any more', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.closed(1, 'link-lost')
    assert.equal(welcomeOf(driver.join('node1', 2, second))?.registered, 1)
  })

  it('refuses a third process while it asks', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.join('node1', 2, second)
    assert.deepEqual(
      driver.join('node1', 3, { instance: 'third' }),
      refused(
        3,
        'name-taken',
        'node1 is being claimed by http://elsewhere:5000: choose another name',
        'node1',
      ),
    )
    assert.deepEqual(
      closes(driver.pass(1_000)).map(([link]) => link),
      [1],
    )
  })

  it('does not take what the newcomer says for a sign of life of the holder', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.join('node1', 2, second)
    assert.deepEqual(sent(driver.say(2, beat(9))), [[[2], beat(1, 9)]])
    assert.deepEqual(
      closes(driver.pass(1_000)).map(([link]) => link),
      [1],
    )
  })

  it('gives the holder a whole second for each claim', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.join('node1', 2, second)
    driver.pass(500)
    driver.say(1, beat(1))
    driver.join('node1', 3, second)
    assert.deepEqual(closes(driver.pass(999)), [])
    assert.deepEqual(
      closes(driver.pass(1)).map(([link]) => link),
      [1],
    )
  })

  it('lets the same process register again at once, and tells nobody', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.pass(100)
    assert.deepEqual(driver.join('node1', 2), [
      ...refused(1, 'replaced', 'the node has registered again on another connection', 'node1'),
      { type: 'send', links: [2], message: OWN_HELLO },
      {
        type: 'send',
        links: [2],
        message: { type: 'welcome', contacts: [], httpPeers: [], registered: 1 },
      },
      { type: 'timer', timer: { kind: 'push', scope: 'nodes' }, afterMs: 100 },
    ])
    assert.deepEqual(driver.pass(100), [])
  })

  it('pushes a new URL or incarnation of the same process', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.pass(100)
    driver.join('node1', 2, { incarnation: 2_000 })
    assert.deepEqual(pushes(driver.pass(100)), [{ links: [2], joined: [node('node1')], left: [] }])
    const effects = driver.join('node1', 3, { incarnation: 2_000, url: 'ws://moved:1/' })
    const moved = { name: nodeName('node1'), kind: 'node', url: 'ws://moved:1/' } as const
    assert.deepEqual(
      only(effects, 'notify').map(({ notification }) => notification.type),
      ['refused', 'peer-join'],
    )
    assert.deepEqual(pushes(driver.pass(100)), [{ links: [3], joined: [moved], left: [] }])
  })

  it('takes a reconnect of the holder for a sign of life', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.join('node1', 2, second)
    assert.deepEqual(closes(driver.join('node1', 3)), [
      [2, 'name-taken', 'node1 is in use at http://node1:5000: choose another name'],
      [1, 'replaced', 'the node has registered again on another connection'],
    ])
    assert.deepEqual(closes(driver.pass(1_000)), [])
    assert.equal(driver.registry.counts.claims, 0)
  })

  it('lets a newcomer reconnect while it waits', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.join('node1', 2, second)
    assert.deepEqual(closes(driver.join('node1', 3, second)), [
      [2, 'replaced', 'the node has registered again on another connection'],
    ])
    const welcomed = sent(driver.pass(1_000)).filter(([, { type }]) => type === 'welcome')
    assert.deepEqual(
      welcomed.map(([links]) => links),
      [[3]],
    )
  })
})

describe('registry: liveness', () => {
  it('answers each heartbeat with its clock, and the answer to its own with nothing', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.pass(2_000)
    assert.deepEqual(driver.say(1, beat(77)), [{ type: 'send', links: [1], message: beat(2_000_000, 77) }])
    driver.join('node1', 2, { instance: 'second' })
    assert.deepEqual(sent(driver.say(1, beat(78, 2_000_000))), [])
  })

  it('never sends the clock 0, and stays within 32 bits', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    const clockNow = (): number => {
      const [message] = sent(driver.say(1, beat(1))).map(([, heartbeat]) => heartbeat as Heartbeat)
      return message?.clock ?? -1
    }
    assert.equal(clockNow(), 1)
    driver.nowMs = 2 ** 32 / 1_000
    assert.equal(clockNow(), 1)
    driver.nowMs += 5
    assert.equal(clockNow(), 5_000)
  })

  it('closes a node that was silent for three heartbeats', () => {
    const driver = new RegistryDriver()
    driver.join('quiet', 1)
    driver.join('talker', 2)
    driver.pass(100)
    for (let second = 0; second < 14; second += 5) {
      assert.deepEqual(closes(driver.pass(4_900)), [])
      driver.say(2, beat(1))
    }
    const effects = driver.pass(400)
    assert.deepEqual(
      effects.filter(({ type }) => type !== 'timer' && type !== 'send'),
      [
        ...refused(1, 'silent', 'nothing was heard for 15000 ms', 'quiet'),
        { type: 'notify', notification: { type: 'peer-leave', name: 'quiet', reason: 'unreachable' } },
      ],
    )
    assert.deepEqual(driver.names(), ['talker'])
    assert.deepEqual(pushes(effects), [
      { links: [2], joined: [], left: [{ name: 'quiet', reason: 'unreachable' }] },
    ])
  })

  it('keeps a node whose own heartbeats are seldom, as long as it answers', () => {
    for (const heartbeatsMissedMax of [1, 3]) {
      const driver = new RegistryDriver({ heartbeatMs: 1_000, heartbeatsMissedMax })
      driver.join('node1', 1)
      let asked = 0
      for (let second = 0; second < 20; second++) {
        const effects = driver.pass(1_000)
        assert.deepEqual(closes(effects), [])
        for (const [links, message] of sent(effects)) {
          const { type, clock, echo } = message as Heartbeat
          if (type !== 'heartbeat') continue
          assert.equal(echo, 0)
          asked++
          assert.deepEqual(links, [1])
          assert.deepEqual(sent(driver.say(1, beat(7, clock))), [])
        }
      }
      assert.ok(asked >= 5, `${asked} times`)
    }
  })

  it('asks before it closes, also when its own process stood still', () => {
    const driver = new RegistryDriver()
    driver.join('node1', 1)
    driver.pass(100)
    driver.nowMs += 60_000
    const effects = driver.pass(100)
    assert.deepEqual(closes(effects), [])
    assert.ok(sent(effects).some(([[link], { type }]) => link === 1 && type === 'heartbeat'))
    assert.deepEqual(
      closes(driver.pass(5_000)).map(([link, reason]) => [link, reason]),
      [[1, 'silent']],
    )
  })
})

describe('registry: limits', () => {
  it('refuses a new name when there are as many nodes as it takes, but not one that is back', () => {
    const driver = new RegistryDriver({ nodesMax: 2 })
    driver.join('node1', 1)
    driver.join('node2', 2)
    assert.deepEqual(
      driver.join('node3', 3),
      refused(3, 'full', '2 nodes are registered, no more are taken', 'node3'),
    )
    assert.equal(welcomeOf(driver.join('node2', 4))?.registered, 2)
    driver.closed(1, 'left')
    assert.equal(welcomeOf(driver.join('node3', 5))?.registered, 2)
  })

  it('bounds the connections that have not said hello', () => {
    const driver = new RegistryDriver({ hellosPendingMax: 2 })
    driver.open(1)
    driver.open(2)
    assert.deepEqual(driver.open(3), refused(3, 'full', 'too many connections have not said hello yet'))
    driver.say(1, helloOf('node1'))
    assert.deepEqual(only(driver.open(4), 'close'), [])
    driver.closed(2, 'link-lost')
    assert.deepEqual(only(driver.open(5), 'close'), [])
  })
})

describe('registry: stop', () => {
  it('tells everybody, and does nothing after that', () => {
    const driver = new RegistryDriver()
    driver.open(1)
    driver.join('node2', 2)
    driver.give({ type: 'watcher-open', link: linkId(3), from: 'somewhere' })
    assert.deepEqual(
      driver.give({ type: 'stop' }),
      [1, 2, 3].map((link) => ({ type: 'close', link, reason: 'shutting-down' })),
    )
    assert.deepEqual(driver.closed(2, 'shutting-down'), [])
    assert.deepEqual(driver.open(4), [])
    assert.deepEqual(driver.pass(10_000), [])
    assert.deepEqual(driver.give({ type: 'register', request: 7, url: 'http://flask:5000' }), [
      {
        type: 'answer',
        request: 7,
        result: {
          status: 'refused',
          reason: 'shutting-down',
          detail: 'the bootstrap is shutting down',
        },
      },
    ])
  })
})
