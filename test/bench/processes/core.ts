// The core alone, without sockets, and the codec alone, on the same messages: processor time of each. What goes into the core
// is decoded from real bundles, so that it is what a link hands over.
// It must not decide what is a good figure.

import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import { Directory } from '../../../src/core/directory.ts'
import type { Effect } from '../../../src/core/events.ts'
import type { LinkId, Message, PeerRecord } from '../../../src/core/messages.ts'
import { Routes } from '../../../src/core/routing.ts'
import { decodeBundle, encodeBundle, framedSize, writeFramed } from '../../../src/wire/bundle.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { directOf, gossipOf, nodeName, Rig, recordGossip, recordsOf } from '../../support/core-rig.ts'
import { Graph, named } from '../harness/graph.ts'
import { cpuMs, serve } from './serving.ts'

/** Messages that arrive together, as in one bundle. */
const BUNDLE_MESSAGES = 64
const PAYLOAD = 'x'.repeat(64)
/** Nodes of the overlay in which records are taken in, and links of each. */
const NODES = 1_000
const LINKS = 6
const RECORDS_A_MESSAGE = 64

const target = new Uint8Array(65_536)

/** So many messages, each made by its number, as bundles. */
function bundlesOf(times: number, messageOf: (index: number) => Message): Uint8Array[] {
  const bundles: Uint8Array[] = []
  for (let first = 0; first < times; first += BUNDLE_MESSAGES) {
    const count = Math.min(BUNDLE_MESSAGES, times - first)
    bundles.push(
      encodeBundle(Array.from({ length: count }, (_, index) => encodeFrame(messageOf(first + index)))),
    )
  }
  return bundles
}

function decoded(bundle: Uint8Array): Message[] {
  const { messages, error } = decodeBundle(bundle)
  if (error !== undefined) throw new Error(error)
  return messages
}

/** CPU ns for each of `times`. What was measured before has left garbage that is not this one's. */
function nsOf(times: number, run: () => void): number {
  globalThis.gc?.()
  const startedMs = cpuMs()
  run()
  return ((cpuMs() - startedMs) * 1e6) / times
}

/** Hands bundles to a node, a ms apart with its timers running, and looks at every effect. */
function feed(rig: Rig, bundles: readonly Message[][], look: (effect: Effect) => void): void {
  for (const messages of bundles) {
    for (const effect of rig.hear(1, ...messages)) look(effect)
    rig.wait(1)
  }
}

function mustBe(what: string, count: number, wanted: number): void {
  if (count !== wanted) throw new Error(`${what}: expected ${wanted}, got ${count}`)
}

/** A graph of random links leaves a node out here and there, and not more. */
function mustReachMost(count: number, nodes: number): void {
  if (count < nodes * 0.99) throw new Error(`only ${count} of ${nodes} nodes can be reached`)
}

const directs = (times: number): Uint8Array[] =>
  bundlesOf(times, (index) =>
    directOf('a', 'b', PAYLOAD, { sequence: index + 1, floor: Math.max(1, index - 60) }),
  )

/** A relay takes in a message and says where it goes on to; ns of CPU. */
function routed(times: number): number {
  const rig = Rig.started('r')
  rig.befriend(1, 'a')
  rig.befriend(2, 'b')
  const bundles = directs(times).map(decoded)
  let count = 0
  const ns = nsOf(times, () =>
    feed(rig, bundles, (effect) => {
      if (effect.type === 'send' && effect.message.type === 'direct' && effect.links[0] === 2) count++
    }),
  )
  mustBe('messages routed', count, times)
  return ns
}

/** The codec's part of relaying: decoded, hops patched, put into a bundle. */
function routedCodec(times: number): number {
  const bundles = directs(times)
  return nsOf(times, () => bundles.forEach(passOn))
}

function passOn(bundle: Uint8Array): void {
  let offset = 0
  for (const message of decoded(bundle)) {
    const frame = encodeFrame(message)
    if (offset + framedSize(frame) > target.length) offset = 0
    offset = writeFramed(target, offset, frame)
  }
}

const casts = (times: number): Uint8Array[] => bundlesOf(times, (index) => gossipOf('n1', index + 1, PAYLOAD))

/** A node with six links, on three of which it pushes, takes in a broadcast; ns of CPU. */
function reception(times: number): number {
  const rig = Rig.started('r')
  for (let link = 1; link <= LINKS; link++) rig.befriend(link, `n${link}`)
  for (let link = LINKS / 2 + 1; link <= LINKS; link++) rig.hear(link, { type: 'prune', origins: [] })
  const bundles = casts(times).map(decoded)
  let count = 0
  const ns = nsOf(times, () =>
    feed(rig, bundles, (effect) => {
      if (effect.type === 'notify' && effect.notification.type === 'message') count++
    }),
  )
  mustBe('broadcasts handed over', count, times)
  return ns
}

/** The codec's part of it: decoded, hops patched, put into a bundle once. */
function receptionCodec(times: number): number {
  const bundles = casts(times)
  return nsOf(times, () => bundles.forEach(passOn))
}

/** New records, as links of an overlay end and begin. */
function changes(graph: Graph, times: number): PeerRecord[] {
  const records: PeerRecord[] = []
  while (records.length < times) {
    for (const ends of [graph.end(), graph.begin()]) {
      for (const index of ends) records.push(graph.record(index))
    }
  }
  return records.slice(0, times)
}

/** Broadcasts of these records. */
function recordBundles(records: readonly PeerRecord[]): Uint8Array[] {
  const sequences = new Map<string, number>()
  return bundlesOf(records.length, (index) => {
    const record = records[index] as PeerRecord
    const sequence = (sequences.get(record.name) ?? 0) + 1
    sequences.set(record.name, sequence)
    return recordGossip(record, sequence, { incarnation: record.incarnation })
  })
}

/** The directory of a node takes over a newer record; ns of CPU. */
function merge(times: number): number {
  const graph = new Graph(NODES, LINKS)
  const directory = new Directory(graph.record(0), CORE_DEFAULTS)
  for (let index = 1; index < NODES; index++) directory.merge(graph.record(index), 0)
  for (const index of graph.links[0] ?? []) directory.neighborUp(named(index), 0)
  const records = recordBundles(changes(graph, times)).flatMap((bundle) =>
    decoded(bundle).flatMap((message) =>
      message.type === 'gossip' && message.record ? [message.record] : [],
    ),
  )
  let count = 0
  const ns = nsOf(times, () => {
    for (const record of records) if (directory.merge(record, 1) === 'newer') count++
  })
  mustBe('records merged', count, times)
  return ns
}

/** A node takes in a newer record by broadcast, and passes it on; ns of CPU. */
function record(times: number): number {
  const graph = new Graph(NODES, LINKS)
  const first = graph.record(0)
  const rig = Rig.started(first.name, { incarnation: first.incarnation, instance: first.instance })
  const neighbors = [...(graph.links[0] ?? [])]
  neighbors.forEach((index, position) => {
    const { name, incarnation, instance } = graph.record(index)
    rig.meet(position + 1, name, { incarnation, instance })
  })
  const known = Array.from({ length: NODES - 1 }, (_, index) => graph.record(index + 1))
  for (let at = 0; at < known.length; at += RECORDS_A_MESSAGE) {
    rig.hear(1, recordsOf(...known.slice(at, at + RECORDS_A_MESSAGE)))
  }
  rig.wait(500)
  mustReachMost(rig.overlay.directory.reachableCount, NODES)
  const records = changes(graph, times)
  const bundles = recordBundles(records).map(decoded)
  const ns = nsOf(times, () => feed(rig, bundles, () => {}))
  const newest = new Map(records.map(({ name, version }) => [name, version]))
  for (const [name, version] of newest) {
    const known = rig.overlay.directory.get(nodeName(name))?.record.version
    if (known !== version) throw new Error(`${name} must be known in version ${version}, and is in ${known}`)
  }
  return ns
}

/** The codec's part of a record: decoded. */
function recordCodec(times: number): number {
  const bundles = recordBundles(changes(new Graph(NODES, LINKS), times))
  return nsOf(times, () => bundles.forEach(decoded))
}

/** All routes of a node in a network of so many, in ms of CPU. */
function routes(nodes: number, repeats: number): number {
  const graph = new Graph(nodes, LINKS)
  const directory = new Directory(graph.record(0), { ...CORE_DEFAULTS, directoryNodesMax: nodes + 1 })
  for (let index = 1; index < nodes; index++) directory.merge(graph.record(index), 0)
  const neighbors = [...(graph.links[0] ?? [])].map((index) => ({
    name: named(index),
    link: index as LinkId,
  }))
  const all = new Routes()
  all.compute(directory, neighbors)
  mustReachMost(reachedBy(all, directory), nodes)
  return (
    nsOf(repeats, () => {
      for (let left = repeats; left > 0; left--) all.compute(directory, neighbors)
    }) / 1e6
  )
}

function reachedBy(all: Routes, directory: Directory): number {
  let count = 0
  for (const { slot } of directory.entries) if (all.distance(slot) > 0) count++
  return count
}

const commands = { routed, routedCodec, reception, receptionCodec, merge, record, recordCodec, routes }

/** What this process can be asked. */
export type CoreCommands = typeof commands

serve(commands)
