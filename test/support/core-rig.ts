// One overlay in a test's hands: a clock that only the test moves, timers that run out in order, and neighbors that
// are played by the test. Builders for the messages that such a neighbor sends, and for the effects that are expected.
// It must not check anything: assertions belong into the tests.

import type { CoreConfig } from '../../src/core/config.ts'
import type { Directory } from '../../src/core/directory.ts'
import type { Effect, Input, Lane, Notification, SentAs, Timer } from '../../src/core/events.ts'
import {
  type Ack,
  type Bounce,
  type Direct,
  type Gossip,
  type Hello,
  type LinkId,
  type Message,
  type NodeName,
  type PeerRecord,
  PROTOCOL_VERSION,
  parseNodeName,
} from '../../src/core/messages.ts'
import { Overlay } from '../../src/core/overlay.ts'
import { REASONS, type Reason, type SendFailure } from '../../src/core/reasons.ts'

/** Every run starts with this incarnation unless told. */
export const INCARNATION = 1_000

export const linkId = (number: number): LinkId => number as LinkId
export const urlOf = (name: string): string => `ws://${name}:5000/`
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A name that must be one. */
export function nodeName(text: string): NodeName {
  const name = parseNodeName(text)
  if (name === undefined) throw new TypeError(`not a name: ${text}`)
  return name
}

/** The hello of a node that has links and can be dialled. */
export function helloOf(name: string, fields: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    role: 'node',
    name: nodeName(name),
    incarnation: INCARNATION,
    instance: `${name}-1`,
    url: urlOf(name),
    linkless: false,
    ...fields,
  }
}

/** A record of a node with these neighbors. */
export function recordOf(
  name: string,
  links: readonly string[],
  fields: Partial<PeerRecord> = {},
): PeerRecord {
  return {
    name: nodeName(name),
    incarnation: INCARNATION,
    instance: `${name}-1`,
    version: 2,
    state: 'up',
    url: urlOf(name),
    links: links.map(nodeName),
    ...fields,
  }
}

/** Records outside of a broadcast. */
export const recordsOf = (...records: PeerRecord[]): Message => ({ type: 'records', records })

/** A broadcast of this record, at its origin's neighbor. */
export function recordGossip(record: PeerRecord, sequence: number, fields: Partial<Gossip> = {}): Gossip {
  return { ...gossipOf(record.name, sequence, ''), kind: 'record', record, ...fields }
}

/** A broadcast of some text, at its origin's neighbor. */
export function gossipOf(
  origin: string,
  sequence: number,
  text: string,
  fields: Partial<Gossip> = {},
): Gossip {
  return {
    type: 'gossip',
    kind: 'payload',
    origin: nodeName(origin),
    incarnation: INCARNATION,
    sequence,
    hopsLeft: 63,
    hops: 1,
    payload: bytes(text),
    ...fields,
  }
}

const routed = (origin: string, destination: string) => ({
  hopsLeft: 15,
  hops: 1,
  destination: nodeName(destination),
  destinationIncarnation: INCARNATION,
  origin: nodeName(origin),
  originIncarnation: INCARNATION,
})

/** A direct message as its origin sends it, the first one of its origin unless told. */
export function directOf(
  origin: string,
  destination: string,
  text: string,
  fields: Partial<Direct> = {},
): Direct {
  return {
    type: 'direct',
    ...routed(origin, destination),
    sequence: 1,
    floor: 1,
    payload: bytes(text),
    ...fields,
  }
}

/** An acknowledgement of everything below `cumulative`. */
export function ackOf(
  origin: string,
  destination: string,
  cumulative: number,
  fields: Partial<Ack> = {},
): Ack {
  return { type: 'ack', ...routed(origin, destination), cumulative, ranges: [], ackedHops: 1, ...fields }
}

/** News from `origin` that a message of `destination` to `failed` went no further. */
export function bounceOf(
  [origin, destination, failed]: readonly [origin: string, destination: string, failed: string],
  reason: Reason,
  fields: Partial<Bounce> = {},
): Bounce {
  const { closeCode: reasonCode } = REASONS[reason]
  return {
    type: 'bounce',
    ...routed(origin, destination),
    reasonCode,
    failedDestination: nodeName(failed),
    sequence: 1,
    ...fields,
  }
}

// Effects.

export const sent = (links: readonly number[], message: Message, lane: Lane = 'control'): Effect => ({
  type: 'send',
  links: links.map(linkId),
  message,
  lane,
})
export const closed = (link: number, reason: Reason): Effect => ({
  type: 'close',
  link: linkId(link),
  reason,
})
export const dialed = (url: string): Effect => ({ type: 'dial', url })
export const timer = (timer: Timer, afterMs: number): Effect => ({ type: 'timer', timer, afterMs })
export const told = (notification: Notification): Effect => ({ type: 'notify', notification })
export const dropped = (reason: Reason, detail: string, link?: number): Effect =>
  told({ type: 'drop', reason, detail, ...(link === undefined ? {} : { link: linkId(link) }) })
export const delivered = (id: number, hops: number, rttMs: number, sentAs?: SentAs): Effect =>
  told({ type: 'outcome', id, outcome: { status: 'delivered', hops, rttMs }, sentAs })
export const failed = (id: number, reason: SendFailure, at: string, sentAs?: SentAs): Effect =>
  told({ type: 'outcome', id, outcome: { status: 'failed', reason, at: nodeName(at) }, sentAs })

/** What the application was told, of one kind. */
export function noticesOf<T extends Notification['type']>(
  effects: readonly Effect[],
  type: T,
): Extract<Notification, { type: T }>[] {
  return effects.flatMap((effect) =>
    effect.type === 'notify' && effect.notification.type === type
      ? [effect.notification as Extract<Notification, { type: T }>]
      : [],
  )
}

/** The messages of one kind that were sent, and on which links. */
export function messagesOf<T extends Message['type']>(
  effects: readonly Effect[],
  type: T,
): { links: readonly LinkId[]; message: Extract<Message, { type: T }> }[] {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === type
      ? [{ links: effect.links, message: effect.message as Extract<Message, { type: T }> }]
      : [],
  )
}

/** Without the timers of the housekeeping, for lists that are about something else. */
/** How many sends have no outcome so far. */
export function unsettledOf(overlay: Overlay): number {
  const views = [...overlay.inspect().delivery.outgoing.values()].map((outgoing) => outgoing.inspect())
  return views.reduce((sum, { inFlight, waiting }) => sum + inFlight.length + waiting.length, 0)
}

export const withoutTimers = (effects: readonly Effect[]): Effect[] =>
  effects.filter((effect) => effect.type !== 'timer')

/** Makes exactly these nodes reachable, by links to them, and returns what the application is told at once. */
export function reachExactly(directory: Directory, names: readonly string[], nowMs: number) {
  for (const { record } of [...directory.entries]) {
    if (record === directory.own.record) continue
    if (names.includes(record.name)) directory.neighborUp(record.name, nowMs)
    else directory.neighborDown(record.name, nowMs)
  }
  return directory.tell()
}

/** How an overlay is set up for a test. */
export interface RigOptions {
  readonly incarnation?: number
  readonly instance?: string
  /** `null`: cannot be dialled. */
  readonly url?: string | null
  readonly seed?: number
  readonly config?: Partial<CoreConfig>
}

interface Armed {
  readonly dueMs: number
  readonly timer: Timer
}

/** See the head of the file. Without jitter unless the configuration says so: all times are exact. */
export class Rig {
  readonly overlay: Overlay
  readonly name: NodeName
  nowMs = 0
  #armed: Armed[] = []
  /** Whether the application takes a direct message. */
  takes: (payload: Uint8Array) => boolean = () => true
  /** Called with all effects of each input, after it was handled. */
  onEffects: (effects: readonly Effect[]) => void = () => {}

  constructor(name: string, options: RigOptions = {}) {
    this.name = nodeName(name)
    const { incarnation = INCARNATION, instance = `${name}-1`, url = urlOf(name), seed = 1 } = options
    const identity = { name: this.name, incarnation, instance }
    const config = { dialJitterMs: 0, ...options.config }
    const own = url === null ? identity : { ...identity, url }
    this.overlay = new Overlay(own, seed, config, (payload) => this.takes(payload))
  }

  /** An overlay that runs. */
  static started(name: string, options: RigOptions = {}): Rig {
    const rig = new Rig(name, options)
    rig.take({ type: 'start' })
    return rig
  }

  /** Hands over one input now, keeps the timers that it asks for, and returns all effects. */
  take(input: Input): Effect[] {
    const effects = this.overlay.handle(input, this.nowMs)
    for (const effect of effects) {
      if (effect.type === 'timer') this.#arm({ dueMs: this.nowMs + effect.afterMs, timer: effect.timer })
    }
    this.onEffects(effects)
    return effects
  }

  /** A neighbor's messages come in, as one bundle. */
  hear(link: number, ...messages: Message[]): Effect[] {
    return this.take({ type: 'received', link: linkId(link), messages })
  }

  /** When the next timer runs out. */
  get nextTimerMs(): number | undefined {
    return this.#armed[0]?.dueMs
  }

  /** Lets time pass: timers run out in their order. Returns all effects. */
  wait(ms: number): Effect[] {
    const untilMs = this.nowMs + ms
    const effects: Effect[] = []
    for (let next = this.#armed[0]; next !== undefined && next.dueMs <= untilMs; next = this.#armed[0]) {
      this.#armed.shift()
      this.nowMs = Math.max(this.nowMs, next.dueMs)
      effects.push(...this.take({ type: 'timer', timer: next.timer }))
    }
    this.nowMs = untilMs
    return effects
  }

  /** Somebody dials this node and says hello; returns the effects of the hello. */
  meet(link: number, name: string, fields: Partial<Hello> = {}): Effect[] {
    this.take({ type: 'link-open', link: linkId(link) })
    return this.hear(link, helloOf(name, fields))
  }

  /** As {@link meet}, and the neighbor has published this node and these others as its neighbors; everything is settled. */
  befriend(link: number, name: string, others: readonly string[] = [], fields: Partial<Hello> = {}): void {
    this.meet(link, name, fields)
    const { incarnation, instance } = { ...helloOf(name), ...fields }
    this.hear(link, recordsOf(recordOf(name, [this.name, ...others], { incarnation, instance })))
    this.wait(this.nowMs === 0 ? 300 : 250)
  }

  #arm(armed: Armed): void {
    const index = this.#armed.findIndex(({ dueMs }) => dueMs > armed.dueMs)
    this.#armed.splice(index === -1 ? this.#armed.length : index, 0, armed)
  }
}
