// Links, through the one door: who is let in, who is refused and why, which of two links stays, and how one ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { Heartbeat, Hello, NodeName } from '../../../src/core/messages.ts'
import { REASONS, type Reason } from '../../../src/core/reasons.ts'
import { Wired } from '../../support/core-pair.ts'
import {
  closed,
  dropped,
  helloOf,
  linkId,
  messagesOf,
  nodeName,
  noticesOf,
  Rig,
  recordOf,
  recordsOf,
  sent,
  told,
  urlOf,
  withoutTimers,
} from '../../support/core-rig.ts'

const { heartbeatMs, helloPendingMax, helloTimeoutMs, linksHardMax, linksMax } = CORE_DEFAULTS

const up = (name: string, link: number) =>
  told({ type: 'neighbor-up', name: nodeName(name), link: linkId(link) })
const down = (name: string, link: number, reason: Reason) =>
  told({ type: 'neighbor-down', name: nodeName(name), link: linkId(link), reason })

const heartbeat = (fields: Partial<Heartbeat> = {}): Heartbeat => ({
  type: 'heartbeat',
  clock: 5,
  echo: 0,
  heldUs: 0,
  hash: { high: 0, low: 0 },
  ...fields,
})

test('a dial becomes a link at both ends with one hello each way', () => {
  const net = new Wired()
  const [a, b] = [net.add('a'), net.add('b')]
  const { there, back } = net.connect(a, b)
  net.carryOne(back)
  assert.equal(there.waiting.length, 2, 'the dialling end speaks at once')
  net.carryOne(there)
  net.carryOne(there)
  assert.deepEqual([...b.overlay.neighbors.keys()], ['a'], 'the other end is up with the hello')
  net.carryOne(back)
  assert.deepEqual([...a.overlay.neighbors.keys()], ['b'])
  net.wait(100)
  for (const [node, other] of [
    [a, 'b'],
    [b, 'a'],
  ] as const) {
    const effects = net.effects.get(node) ?? []
    assert.equal(messagesOf(effects, 'hello').length, 1)
    assert.deepEqual(
      noticesOf(effects, 'neighbor-up').map(({ name }) => name),
      [other],
    )
    assert.deepEqual(
      noticesOf(effects, 'peer-join').map(({ peer }) => peer.name),
      [other],
    )
    assert.deepEqual(node.overlay.self.links, [other])
  }
})

const refusals: readonly { readonly of: string; readonly hello: Partial<Hello>; readonly reason: Reason }[] =
  [
    { of: 'a bootstrap', hello: { role: 'bootstrap' }, reason: 'wrong-role' },
    { of: 'a node that would register', hello: { registers: true }, reason: 'wrong-role' },
    { of: 'another version of the protocol', hello: { protocol: 2 }, reason: 'unsupported-protocol' },
    { of: 'this node itself', hello: { name: nodeName('a'), instance: 'a-1' }, reason: 'self' },
  ]
for (const { of, hello, reason } of refusals) {
  test(`${of} is refused as ${reason}`, () => {
    const a = Rig.started('a')
    assert.deepEqual(a.meet(1, 'b', hello), [closed(1, reason)])
    assert.deepEqual(a.take({ type: 'link-closed', link: linkId(1), reason }), [])
  })
}

test('who takes a neighbor for a bootstrap keeps its link with it', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.take({ type: 'link-open', link: linkId(2) })
  assert.deepEqual(a.hear(2, helloOf('b', { registers: true })), [closed(2, 'wrong-role')])
  assert.deepEqual(
    [...a.overlay.neighbors.values()].map(({ id }) => id),
    [linkId(1)],
  )
})

test('an address that turns out to be this node itself is never dialled again', () => {
  const a = Rig.started('a', { url: null })
  a.take({ type: 'contacts', contacts: [{ url: urlOf('alias') }] })
  assert.equal(a.wait(0).filter(({ type }) => type === 'dial').length, 1)
  a.take({ type: 'link-open', link: linkId(1), dialed: urlOf('alias') })
  a.take({ type: 'link-open', link: linkId(2) })
  assert.deepEqual(a.hear(2, a.overlay.hello()), [closed(2, 'self')])
  a.take({ type: 'link-closed', link: linkId(1), reason: 'self' })
  assert.deepEqual(
    a.wait(120_000).filter(({ type }) => type === 'dial'),
    [],
  )
})

/** The reasons for which the address of this contact is not dialled again. */
function reasonsToGiveUp(contact: { readonly name?: NodeName; readonly url: string }): Reason[] {
  const givenUp: Reason[] = []
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const a = Rig.started('a')
    a.take({ type: 'contacts', contacts: [contact] })
    assert.equal(a.wait(0).filter(({ type }) => type === 'dial').length, 1)
    a.take({ type: 'link-open', link: linkId(1), dialed: contact.url })
    a.take({ type: 'link-closed', link: linkId(1), reason })
    if (a.wait(120_000).every(({ type }) => type !== 'dial')) givenUp.push(reason)
  }
  return givenUp
}

test('an address is given up only for reasons that the registry does not let a node reconnect for', () => {
  const givenUp = reasonsToGiveUp({ name: nodeName('b'), url: urlOf('b') })
  // What says something of a link or a run, and not of who answers at the address, is none of them: the next run there,
  // or this one when its other link is gone, may be a neighbor.
  assert.deepEqual(givenUp, ['self', 'unsupported-protocol', 'wrong-role'])
  for (const reason of givenUp) assert.equal(REASONS[reason].reconnect, false, reason)
})

test('an address of the configuration is given up only where it is the own one', () => {
  assert.deepEqual(reasonsToGiveUp({ url: urlOf('b') }), ['self'])
})

test('a name that another process has: the earlier run stops, at either end', () => {
  for (const dialed of [undefined, urlOf('b')]) {
    const later = Rig.started('a', { incarnation: 2_000, instance: 'a-2' })
    later.take({ type: 'link-open', link: linkId(1), ...(dialed === undefined ? {} : { dialed }) })
    const hello = sent([1], later.overlay.hello())
    assert.deepEqual(
      withoutTimers(later.hear(1, helloOf('a'))),
      dialed === undefined ? [hello, closed(1, 'name-taken')] : [closed(1, 'name-taken')],
      'the end that was dialled says who it is, so that the other one can tell',
    )
    assert.deepEqual(noticesOf(later.wait(10), 'stopped'), [])

    const earlier = Rig.started('a')
    earlier.take({ type: 'link-open', link: linkId(1), ...(dialed === undefined ? {} : { dialed }) })
    const effects = earlier.hear(1, helloOf('a', { incarnation: 2_000, instance: 'a-2' }))
    assert.deepEqual(
      effects.at(-1),
      told({ type: 'stopped', reason: 'name-taken', detail: 'a later run of a met this one' }),
    )
  }
})

test('nothing but a hello is accepted on a link that is not up', () => {
  const a = Rig.started('a')
  a.take({ type: 'link-open', link: linkId(1) })
  assert.deepEqual(a.hear(1, recordsOf(recordOf('b', [])), helloOf('b')), [
    dropped('protocol-error', 'records before hello', 1),
    closed(1, 'protocol-error'),
  ])
  assert.deepEqual(a.hear(1, helloOf('b')), [], 'nor anything behind it')
  assert.deepEqual(a.hear(9, recordsOf()), [], 'nor on a link that never was')
})

test('a second hello is a mistake', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  assert.deepEqual(withoutTimers(a.hear(1, helloOf('b'))), [
    closed(1, 'protocol-error'),
    down('b', 1, 'protocol-error'),
  ])
})

test('who does not say hello in time is closed', () => {
  const a = Rig.started('a')
  a.take({ type: 'link-open', link: linkId(1) })
  a.take({ type: 'link-open', link: linkId(2) })
  a.hear(2, helloOf('b'))
  assert.deepEqual(
    a.wait(helloTimeoutMs - 1).filter(({ type }) => type === 'close'),
    [],
  )
  assert.deepEqual(
    a.wait(1).filter(({ type }) => type === 'close'),
    [closed(1, 'hello-timeout')],
  )
})

test('connections that have not said hello are limited', () => {
  const a = Rig.started('a')
  for (let i = 1; i <= helloPendingMax; i++) {
    assert.deepEqual(withoutTimers(a.take({ type: 'link-open', link: linkId(i) })), [])
  }
  assert.deepEqual(a.take({ type: 'link-open', link: linkId(100) }), [closed(100, 'full')])
  a.hear(1, helloOf('b'))
  assert.deepEqual(withoutTimers(a.take({ type: 'link-open', link: linkId(101) })), [])
})

/** A node with as many links as it accepts; its neighbors are linked with each other too unless told. */
function full(linked = true): Rig {
  const a = Rig.started('a')
  const names = Array.from({ length: linksMax }, (_, i) => `n${i + 1}`)
  names.forEach((name, i) => {
    a.befriend(i + 1, name, linked ? names.filter((other) => other !== name) : [])
  })
  a.wait(1_000)
  assert.equal(a.overlay.neighbors.size, linksMax)
  return a
}

test('a node that has all its links refuses another one', () => {
  const a = full()
  assert.deepEqual(a.meet(20, 'b'), [closed(20, 'full')])
})

test('a node without any link is let in all the same, and another link is trimmed', () => {
  const a = full()
  const effects = a.meet(20, 'b', { linkless: true })
  assert.deepEqual(
    noticesOf(effects, 'neighbor-up').map(({ name }) => name),
    ['b'],
  )
  const trimmed = effects.flatMap((effect) => (effect.type === 'close' ? [effect] : []))
  assert.equal(trimmed.length, 1)
  assert.equal(trimmed[0]?.reason, 'trimmed')
  assert.ok((trimmed[0]?.link ?? 20) <= linksMax, 'not the one that has just come up')
  assert.equal(a.overlay.neighbors.size, linksMax)
})

test('a node that is known and cannot be reached is let in: the link may join two parts', () => {
  const a = full()
  a.hear(1, recordsOf(recordOf('far', ['elsewhere'])))
  assert.deepEqual(a.meet(20, 'far'), [closed(20, 'full')], 'not when its record is just on its way')
  a.wait(1_000)
  assert.deepEqual(
    noticesOf(a.meet(21, 'far'), 'neighbor-up').map(({ name }) => name),
    ['far'],
  )
})

test('the only way to a neighbor is not trimmed', () => {
  const a = full(false)
  const effects = a.meet(20, 'b', { linkless: true })
  assert.deepEqual(
    effects.filter(({ type }) => type === 'close'),
    [],
  )
  assert.equal(a.overlay.neighbors.size, linksMax + 1)
  const names = [...a.overlay.neighbors.keys()]
  a.hear(
    1,
    recordsOf(recordOf('n1', ['a', 'n2'], { version: 3 }), recordOf('n2', ['a', 'n1'], { version: 3 })),
  )
  a.wait(10_000 - heartbeatMs * 3)
  const gone = names.filter((name) => !a.overlay.neighbors.has(nodeName(name)))
  assert.equal(gone.length, 1, 'until there is another way to one')
  assert.ok(['n1', 'n2'].includes(gone[0] ?? ''))
})

test('even nodes without a link are refused at the hard limit', () => {
  const a = Rig.started('a')
  for (let i = 1; i <= linksHardMax; i++) a.meet(i, `n${i}`, { linkless: true })
  assert.equal(a.overlay.neighbors.size, linksHardMax)
  assert.deepEqual(a.meet(100, 'b', { linkless: true }), [closed(100, 'full')])
})

test('a full node accepts who is still unknown a second after it asked first: it may belong to another part', () => {
  const a = Rig.started('a')
  for (let i = 1; i <= linksMax; i++) a.befriend(i, `n${i}`)
  assert.deepEqual(a.meet(100, 'z'), [closed(100, 'full')])
  a.wait(999)
  assert.deepEqual(a.meet(101, 'z'), [closed(101, 'full')])
  a.wait(1)
  a.meet(102, 'z')
  assert.ok(a.overlay.neighbors.has(nodeName('z')))
})

test('a new run of a neighbor replaces its old link at once', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const effects = a.meet(2, 'b', { incarnation: 2_000, instance: 'b-2' })
  assert.deepEqual(withoutTimers(effects), [
    closed(1, 'replaced'),
    sent([2], helloOf('a')),
    down('b', 1, 'replaced'),
    up('b', 2),
    sent([2], messagesOf(effects, 'heartbeat')[0]!.message),
    sent([2], { type: 'catch-up', withinMs: 300 }),
  ])
  assert.deepEqual(withoutTimers(a.wait(20)).slice(0, 2), [
    told({ type: 'peer-leave', name: nodeName('b'), reason: 'unreachable' }),
    told({
      type: 'peer-join',
      peer: recordOf('b', ['a'], { incarnation: 2_000, instance: 'b-2', version: 0 }),
    }),
  ])
})

test('an earlier run of a neighbor is refused as outdated', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', [], { incarnation: 2_000, instance: 'b-2' })
  assert.deepEqual(a.meet(2, 'b'), [closed(2, 'outdated')])
})

test('the same run that dials again had lost its link: the new one stays', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const effects = a.meet(2, 'b')
  assert.deepEqual(effects.slice(0, 4), [
    closed(1, 'crossed-dial'),
    sent([2], helloOf('a')),
    down('b', 1, 'crossed-dial'),
    effects[3],
  ])
  assert.equal(a.overlay.neighbors.get(nodeName('b'))?.id, 2)
  a.wait(5_000 - heartbeatMs)
  assert.deepEqual(noticesOf(a.wait(0), 'peer-leave'), [])
})

test('crossed dials: both ends keep the link that the smaller name dialled, in every order of events', () => {
  let orders = 0
  // Each order is a list of choices among the wires on which something waits; the tree of them is walked depth first.
  const choices: { index: number; of: number }[] = []
  do {
    const net = new Wired(({ type }) => type === 'hello')
    const [a, b] = [net.add('a'), net.add('b')]
    const kept = net.connect(a, b)
    const other = net.connect(b, a)
    for (let step = 0; net.busy.length > 0; step++) {
      const busy = net.busy
      choices[step] ??= { index: 0, of: busy.length }
      assert.equal(choices[step]?.of, busy.length, 'a run can be repeated')
      net.carryOne(busy[choices[step]?.index ?? 0]!)
    }
    assert.equal(a.overlay.neighbors.get(nodeName('b'))?.id, kept.there.fromLink, show(choices))
    assert.equal(b.overlay.neighbors.get(nodeName('a'))?.id, kept.there.toLink, show(choices))
    assert.equal(a.overlay.neighbors.size, 1)
    assert.equal(b.overlay.neighbors.size, 1)
    assert.ok(!other.there.isOpen || !other.back.isOpen, 'the other one is closed')
    orders++
  } while (advance(choices))
  assert.ok(orders > 50, `${orders} orders`)
})

const show = (choices: readonly { index: number }[]): string =>
  `order ${choices.map(({ index }) => index).join(' ')}`

/** Goes on to the next order; false when all were tried. */
function advance(choices: { index: number; of: number }[]): boolean {
  for (let last = choices.pop(); last !== undefined; last = choices.pop()) {
    if (last.index + 1 < last.of) {
      choices.push({ index: last.index + 1, of: last.of })
      return true
    }
  }
  return false
}

test('heartbeats go out on every link, and two of them tell the round trip', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.befriend(2, 'c')
  const beats = messagesOf(a.wait(heartbeatMs), 'heartbeat')
  assert.deepEqual(
    beats.map(({ links }) => links),
    [[1], [2]],
  )
  const clock = beats[0]!.message.clock
  assert.equal(clock, heartbeatMs * 1_000)
  assert.deepEqual(a.overlay.neighbors.get(nodeName('b'))?.rttMs, undefined)
  // It comes back after 130 ms, of which the neighbor held it for 100.
  const sentMs = clock / 1_000
  a.wait(sentMs + 130 - a.nowMs)
  a.hear(1, heartbeat({ clock: 77, echo: clock, heldUs: 100_000 }))
  assert.equal(a.overlay.neighbors.get(nodeName('b'))?.rttMs, 30)
  a.hear(1, heartbeat({ clock: 78, echo: clock, heldUs: 92_000 }))
  assert.equal(a.overlay.neighbors.get(nodeName('b'))?.rttMs, 31, 'smoothed by an eighth')
  a.hear(1, heartbeat({ clock: 79, echo: clock, heldUs: 200_000 }))
  a.hear(1, heartbeat({ clock: 80, echo: clock + 10_000_000, heldUs: 0 }))
  assert.equal(a.overlay.neighbors.get(nodeName('b'))?.rttMs, 31, 'rubbish is not measured')
  a.hear(1, heartbeat({ clock: 80, echo: clock, heldUs: 129_000 }))
  assert.equal(a.overlay.neighbors.get(nodeName('b'))?.rttMs, 16, 'a shorter one counts for half')
  a.wait(50)
  const echoed = messagesOf(a.wait(heartbeatMs), 'heartbeat')[0]!.message
  assert.equal(echoed.echo, 80)
  assert.equal(echoed.heldUs, (echoed.clock / 1_000 - sentMs - 130) * 1_000)
})

test('a link on which nothing was heard for three heartbeats is closed', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  a.meet(2, 'c')
  a.wait(1_000)
  a.hear(2, heartbeat())
  const effects = a.wait(heartbeatMs * 3 - 1_000)
  assert.deepEqual(
    effects.filter(({ type }) => type === 'close'),
    [closed(1, 'silent')],
  )
  assert.deepEqual(
    noticesOf(effects, 'neighbor-down').map(({ name, reason }) => [name, reason]),
    [['b', 'silent']],
  )
  assert.deepEqual(
    a.wait(heartbeatMs).filter(({ type }) => type === 'close'),
    [closed(2, 'silent')],
  )
})

test('a link that breaks is told once, and its neighbor looked for again', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const effects = a.take({ type: 'link-closed', link: linkId(1), reason: 'link-lost' })
  assert.deepEqual(withoutTimers(effects), [down('b', 1, 'link-lost')])
  assert.deepEqual(a.take({ type: 'link-closed', link: linkId(1), reason: 'link-lost' }), [])
  const later = a.wait(1_100)
  assert.deepEqual(
    later.filter(({ type }) => type === 'dial'),
    [{ type: 'dial', url: urlOf('b') }],
  )
  assert.deepEqual(noticesOf(later, 'peer-leave'), [{ type: 'peer-leave', name: 'b', reason: 'unreachable' }])
})

test('a link that was trimmed at the other end is not dialled again at once', () => {
  const a = Rig.started('a')
  a.take({ type: 'contacts', contacts: [{ url: urlOf('b') }] })
  a.wait(0)
  a.take({ type: 'link-open', link: linkId(1), dialed: urlOf('b') })
  a.hear(1, helloOf('b'))
  a.take({ type: 'link-closed', link: linkId(1), reason: 'trimmed' })
  assert.deepEqual(
    a.wait(0).filter(({ type }) => type === 'dial'),
    [],
  )
  assert.equal(a.wait(750).filter(({ type }) => type === 'dial').length, 1)
})

test('a process that was behind closes no link for silence before it has had as many heartbeats: it reads late', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  // It has stood still for ten minutes: its timer comes before what has arrived meanwhile.
  const closes = (): string[] =>
    a.wait(600_000 / 4).flatMap((effect) => (effect.type === 'close' ? [effect.reason] : []))
  a.nowMs += 600_000
  const first = a.take({ type: 'timer', timer: { kind: 'heartbeat' }, lateMs: 600_000 })
  assert.deepEqual(
    first.filter(({ type }) => type === 'close'),
    [],
  )
  a.hear(1, heartbeat())
  assert.equal(a.overlay.neighbors.size, 1)
  assert.deepEqual(closes(), ['silent'], 'what stays silent is closed all the same')
})
