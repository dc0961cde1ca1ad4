// The checks of the machines' invariants: nothing is found in an overlay that is well, and each state that is doctored in
// one place is found out under its number.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { Entry } from '../../../src/core/directory.ts'
import {
  checkAway,
  checkBroadcast,
  checkDelivery,
  checkDialing,
  checkIncoming,
  checkInvariants,
  checkLinks,
  checkMemory,
  checkOver,
  checkPresence,
  type DirectoryView,
  LATE_MS,
  type LinksView,
  type OverlayView,
} from '../../../src/core/invariants.ts'
import { checkDirectory, checkRoutes, checkTold } from '../../../src/core/invariants-reach.ts'
import type { LinkState } from '../../../src/core/links.ts'
import type { OutgoingView } from '../../../src/core/outgoing.ts'
import { ackOf, bytes, linkId, nodeName, Rig, recordOf, recordsOf, urlOf } from '../../support/core-rig.ts'

/** A node with two neighbors, one node behind them that both lead to, and one that nothing leads to. */
function settled(): Rig {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['d'])
  a.befriend(2, 'c', ['d'])
  a.hear(1, recordsOf(recordOf('d', ['b', 'c']), recordOf('e', ['x'])))
  a.wait(100)
  assert.equal(a.overlay.distance(nodeName('d')), 2, 'routes are computed')
  return a
}

/** A node with one send on its way and two that wait. */
function sending(): Rig {
  const a = Rig.started('a', { config: { windowMessagesMax: 1 } })
  a.befriend(1, 'b')
  for (const id of [1, 2, 3]) a.take({ type: 'send', id, to: nodeName('b'), payload: bytes('xyz') })
  return a
}

const at = (nowMs: number) => ({ nowMs, lateMs: LATE_MS })

/** The numbers of what was found. */
const numbers = (broken: readonly string[]): string[] => [
  ...new Set(broken.map((text) => text.slice(0, text.indexOf(':')))),
]

/** The same object, except that it has these properties. */
function doctored<T extends object>(of: T, changes: Partial<T>): T {
  return new Proxy(of, {
    get(target, key) {
      if (key in changes) return changes[key as keyof T]
      const value = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('nothing is broken in a node from its start to its end', () => {
  const a = new Rig('a')
  const check = (): void => assert.deepEqual(checkInvariants(a.overlay, a.nowMs), [])
  check()
  a.onEffects = check
  a.take({ type: 'start' })
  a.befriend(1, 'b', ['d'])
  a.befriend(2, 'c', ['d'])
  a.hear(1, recordsOf(recordOf('d', ['b', 'c']), recordOf('e', ['x'])))
  for (const [id, to] of ['b', 'd', 'e', 'nobody'].entries()) {
    a.take({ type: 'send', id, to: nodeName(to), payload: bytes('xyz') })
  }
  a.hear(1, ackOf('b', 'a', 2))
  a.take({ type: 'broadcast', id: 9, payload: bytes('all') })
  a.wait(1_500)
  a.take({ type: 'link-closed', link: linkId(2), reason: 'link-lost' })
  a.wait(60_000)
  a.take({ type: 'leave' })
  a.wait(60_000)
})

test('links', () => {
  const a = settled()
  const { links, config } = a.overlay.inspect()
  const broken = (changes: Partial<LinksView>, nowMs = a.nowMs, limits = {}): string[] =>
    numbers(checkLinks(doctored(links, changes), { ...config, ...limits }, at(nowMs)))
  assert.deepEqual(broken({}), [])
  const [first] = links.all
  const twin = { ...(first as LinkState), id: linkId(9) }
  assert.deepEqual(broken({ all: [...links.all, twin].values() }), ['K1'])
  assert.deepEqual(broken({ all: [first as LinkState].values() }), ['K1'])
  assert.deepEqual(broken({}, a.nowMs + 9_000), ['K3'])
  assert.deepEqual(broken({}, a.nowMs, { linksHardMax: 1, dialsMax: 0 }), ['K4'])
  const unknown = (id: number): LinkState => ({ ...twin, id: linkId(id), peer: undefined })
  assert.deepEqual(broken({ all: [...links.all, unknown(7), unknown(8)].values() }), [])
  assert.deepEqual(
    broken({ all: [...links.all, unknown(7), unknown(8)].values() }, a.nowMs, { helloPendingMax: 1 }),
    ['K4'],
  )
})

test('dialing', () => {
  const dialing = settled().overlay.inspect().dialing
  const broken = (changes: Partial<typeof dialing>): string[] =>
    numbers(checkDialing({ ...dialing, ...changes }, CORE_DEFAULTS))
  assert.deepEqual(broken({}), [])
  assert.deepEqual(broken({ underWay: new Set(['1', '2', '3', '4', '5']) }), ['L1'])
  assert.deepEqual(broken({ underWay: new Set([urlOf('a')]) }), ['L2'])
  const contacts = new Map(Array.from({ length: 257 }, (_, i) => [`${i}`, {}]))
  assert.deepEqual(broken({ contacts }), ['limits'])
  assert.deepEqual(broken({ contacts, fixed: new Set(contacts.keys()) }), [], 'what is configured is kept')
  assert.deepEqual(broken({ fixed: new Set([urlOf('x')]) }), ['L4'])
  assert.deepEqual(broken({ addresses: 1_025 }), ['limits'])
})

test('the own record', () => {
  const a = settled()
  const { directory, links, config } = a.overlay.inspect()
  const broken = (dueMs: number | undefined, listed: readonly string[]): string[] => {
    const own = { ...directory.own, record: recordOf('a', listed) }
    return numbers(
      checkPresence({ dueMs, links, directory: doctored(directory, { own }) }, config, at(a.nowMs)),
    )
  }
  assert.deepEqual(broken(undefined, ['b', 'c']), [])
  for (const listed of [['b'], ['b', 'd'], ['b', 'c', 'd']]) {
    assert.deepEqual(broken(undefined, listed), ['P1'], listed.join())
    assert.deepEqual(broken(a.nowMs + 100, listed), [], 'it will be published')
  }
  assert.deepEqual(broken(a.nowMs - 3, ['b']), ['P1'], 'it was to be published')
  assert.deepEqual(broken(a.nowMs + 300, ['b']), ['P1'], 'it is published too late')
})

test('sends', () => {
  const a = sending()
  const { delivery, config } = a.overlay.inspect()
  const [[name, outgoing] = assert.fail()] = delivery.outgoing
  const view = outgoing.inspect()
  const [pending = assert.fail()] = view.inFlight
  const [waiting = assert.fail()] = view.waiting
  const broken = (changes: Partial<OutgoingView>, limits = {}, nowMs = a.nowMs): string[] => {
    const one = doctored(outgoing, { inspect: () => ({ ...view, ...changes }) })
    const all = { outgoing: new Map([[name, one]]), timerDueMs: delivery.timerDueMs }
    return numbers(checkDelivery(all, { ...config, ...limits }, at(nowMs)))
  }
  assert.deepEqual(broken({}), [])
  assert.deepEqual(broken({}, { windowMessagesMax: 0 }), ['S2', 'S3'])
  const two = [pending, { ...pending, sequence: 2 }]
  const inFlight = { inFlight: two, inFlightCount: 2, inFlightBytes: 6 }
  assert.deepEqual(broken(inFlight, { windowMessagesMax: 2, windowBytesMax: 5 }), ['S2'])
  assert.deepEqual(broken({}, { windowBytesMax: 2 }), [], 'a single large message may go')
  assert.deepEqual(broken({ inFlightCount: 2 }), ['S2'])
  assert.deepEqual(broken({ inFlightBytes: 2 }), ['S2'])
  assert.deepEqual(broken({ waitingBytes: 7 }), ['S2'])
  assert.deepEqual(broken({}, { queueMessagesMax: 0 }), ['limits'])
  assert.deepEqual(broken({}, { queueBytesMax: 1, windowBytesMax: 3 }), ['limits'])
  assert.deepEqual(broken({ floor: 0 }), ['S3'])
  assert.deepEqual(broken({ nextSequence: 3 }), ['S3'])
  assert.deepEqual(broken({ inFlight: [{ ...pending, deadlineMs: a.nowMs - 3 }] }), ['E1'])
  assert.deepEqual(broken({ waiting: [{ ...waiting, deadlineMs: a.nowMs - 3 }, waiting] }), ['E1'])
  for (const timerDueMs of [undefined, a.nowMs + 60_000]) {
    assert.deepEqual(numbers(checkDelivery({ ...delivery, timerDueMs }, config, at(a.nowMs))), ['E1'])
  }
})

test('broadcasts', () => {
  const a = settled()
  const view = a.overlay.inspect()
  const broken = (changes: Partial<OverlayView['broadcast']>): string[] =>
    numbers(checkBroadcast({ ...view, broadcast: { ...view.broadcast, ...changes } }, at(a.nowMs)))
  assert.deepEqual(broken({}), [])
  assert.deepEqual(broken({ origins: 21_025 }), ['T1'])
  assert.deepEqual(broken({ waiting: 1_001 }), ['limits'])
  assert.deepEqual(broken({ nextExpiryMs: a.nowMs - 2_000 }), [], 'looked at with each heartbeat')
  assert.deepEqual(broken({ nextExpiryMs: a.nowMs - 2_003 }), ['B3'])
  assert.deepEqual(broken({ missing: 16_385 }), ['M2'])
  assert.deepEqual(broken({ cacheBytes: 4_194_305 }), ['C1'])
  assert.deepEqual(broken({ announcing: new Map([[linkId(1), { count: 257 }]]) }), ['A2'])
  assert.deepEqual(broken({ announcing: new Map([[linkId(7), { count: 1 }]]) }), ['memory'])
})

test('messages that come in', () => {
  const { incoming, config } = settled().overlay.inspect()
  const broken = (changes: Partial<typeof incoming>): string[] =>
    numbers(checkIncoming({ ...incoming, ...changes }, { ...config, windowMessagesMax: 4 }))
  const holding = (held: number) => [{ name: nodeName('b'), held }]
  assert.deepEqual(broken({ holding: holding(3), heldBytes: 400 }), [])
  assert.deepEqual(broken({ origins: 21_025 }), ['T1'])
  assert.deepEqual(broken({ owing: 1 }), ['I5'])
  assert.deepEqual(broken({ holding: holding(1), heldBytes: 16_777_217 }), ['H3'])
  assert.deepEqual(broken({ holding: holding(3), heldBytes: 300 }), ['H3'])
  assert.deepEqual(broken({ heldBytes: 1 }), ['H3'])
  assert.deepEqual(broken({ holding: holding(4), heldBytes: 600 }), ['I4'])
  assert.deepEqual(broken({ holding: holding(0) }), ['memory'])
})

test('memory', () => {
  const a = settled()
  const view = a.overlay.inspect()
  const broken = (changes: Partial<OverlayView>): string[] =>
    numbers(checkMemory({ ...view, ...changes }, at(a.nowMs)))
  assert.deepEqual(broken({}), [])
  assert.deepEqual(broken({ antiEntropy: { links: [linkId(1), linkId(7)] } }), ['memory'])
  assert.deepEqual(broken({ config: { ...view.config, directoryNodesMax: 4 } }), ['limits'])
  assert.deepEqual(broken({ planDueMs: a.nowMs - 3 }), ['L3'])
  assert.deepEqual(broken({ planDueMs: Number.POSITIVE_INFINITY }), ['L3'])
})

test('while it is away', () => {
  const a = settled()
  const { links, ...before } = a.overlay.inspect()
  assert.deepEqual(checkAway({ links, ...before }), [])
  a.take({ type: 'away' })
  const view = a.overlay.inspect()
  const broken = (changes: Partial<OverlayView>): string[] => numbers(checkAway({ ...view, ...changes }))
  assert.deepEqual(broken({}), [])
  assert.deepEqual(broken({ planDueMs: a.nowMs }), ['J3'])
  assert.deepEqual(broken({ presence: { isAway: true, dueMs: a.nowMs } }), ['P5'])
  const [link] = settled().overlay.neighbors.values()
  const open = { all: [link as LinkState].values(), neighbors: new Map(), up: () => undefined }
  assert.deepEqual(broken({ links: open }), ['J3'])
})

test('after the end', () => {
  const running = sending().overlay.inspect()
  const a = sending()
  a.take({ type: 'leave' })
  const over = a.overlay.inspect()
  assert.deepEqual(checkOver(over), [])
  assert.deepEqual(numbers(checkOver({ ...over, links: running.links })), ['O1'])
  assert.deepEqual(numbers(checkOver({ ...over, delivery: running.delivery })), ['O1'])
})

test('the directory, its edges and its tree', () => {
  const a = settled()
  const { directory, links } = a.overlay.inspect()
  const entries = [...directory.entries]
  const slotOf = (name: string): number => directory.get(nodeName(name))?.slot ?? assert.fail()
  const broken = (changes: Partial<DirectoryView>, of = links): string[] =>
    numbers(checkDirectory(doctored(directory, changes), of))
  assert.deepEqual(broken({}), [])
  assert.deepEqual(broken({ hash: { high: 1, low: directory.hash.low } }), ['D3'])
  assert.deepEqual(broken({ hash: { high: directory.hash.high, low: 1 } }), ['D3'])
  assert.deepEqual(broken({ reachableCount: 3 }), ['D6'])
  const changed = (slot: number, name: string, change: (slots: readonly number[]) => readonly number[]) => {
    const is = directory.adjacency.of(slot)
    return slot === slotOf(name) ? [...change(is)] : is
  }
  /** Other edges at one node. */
  const edges = (name: string, change: (slots: readonly number[]) => readonly number[]) => ({
    adjacency: doctored(directory.adjacency, {
      of: (slot: number): number[] => changed(slot, name, change),
      has: (a: number, b: number): boolean => changed(a, name, change).includes(b),
    }),
  })
  assert.deepEqual(broken(edges('d', (is) => [...is, is[0] ?? 0])), ['V3'])
  assert.deepEqual(broken(edges('d', (is) => [...is, slotOf('d')])), ['V3', 'D2'])
  assert.deepEqual(broken(edges('d', (is) => [...is, slotOf('e')])), ['V3', 'D2', 'D6'])
  assert.deepEqual(broken(edges('e', () => [slotOf('d')])), ['V3', 'D2'])
  assert.deepEqual(broken(edges('d', (is) => is.slice(1)))[0], 'V3')
  const without = new Map([...links.neighbors].slice(1))
  assert.deepEqual(broken({}, doctored(links, { neighbors: without })), ['D2'])
  const parent = (of: Entry): Entry | undefined =>
    of.record.name === 'd' ? directory.get(nodeName('e')) : directory.parent(of)
  assert.deepEqual(broken({ parent }), ['V2'])
  assert.deepEqual(broken({ parent: () => undefined }), ['V2'])
  const unreachable = entries.map((entry) =>
    entry.record.name === 'd' ? { ...entry, reachable: false } : entry,
  )
  assert.ok(broken({ entries: unreachable.values() }).includes('D6'))
})

test('what was told of peers', () => {
  const a = settled()
  const { directory, config } = a.overlay.inspect()
  const broken = (changes: Partial<Entry>): string[] => {
    const entry = { ...(directory.get(nodeName('d')) as Entry), ...changes }
    return numbers(
      checkTold(doctored(directory, { entries: [directory.own, entry].values() }), config, at(1e6)),
    )
  }
  assert.deepEqual(broken({}), [])
  assert.deepEqual(broken({ joined: false, sinceMs: 1e6 - 10 }), [], 'it will be told')
  assert.deepEqual(broken({ joined: false, sinceMs: 1e6 - 30 }), ['H2'])
  assert.deepEqual(broken({ reachable: false, sinceMs: 1e6 - 1_010 }), [], 'the grace')
  assert.deepEqual(broken({ reachable: false, sinceMs: 1e6 - 1_030 }), ['D5'])
  const gone = { reachable: false, joined: false }
  assert.deepEqual(broken({ ...gone, sinceMs: 1e6 - config.forgetMs }), [])
  assert.deepEqual(broken({ ...gone, sinceMs: 1e6 - config.forgetMs - 30 }), ['D5'])
})

test('routes', () => {
  const { directory, links, routes } = settled().overlay.inspect()
  const slot = directory.get(nodeName('d'))?.slot
  const broken = (changes: Partial<typeof routes.routes>): string[] =>
    numbers(checkRoutes({ isStale: false, routes: doctored(routes.routes, changes) }, directory, links))
  assert.equal(routes.isStale, false)
  assert.deepEqual(broken({}), [])
  const distance = (of: number): number => (of === slot ? 3 : routes.routes.distance(of))
  assert.deepEqual(broken({ distance }), ['R1'])
  assert.deepEqual(broken({ hasDetour: () => false }), ['R1'])
  assert.deepEqual(broken({ nextHop: () => undefined }), ['R1'])
  const stale = { isStale: true, routes: doctored(routes.routes, { distance }) }
  assert.deepEqual(checkRoutes(stale, directory, links), [], 'what is out of date is not held against them')
})
