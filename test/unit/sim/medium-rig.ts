// Hosts on a medium that write down what they are fed, and messages to put on their links.

import assert from 'node:assert/strict'
import type { Lane } from '../../../src/core/events.ts'
import type { Direct, LinkId, Message, NodeName } from '../../../src/core/messages.ts'
import { Rng } from '../../../src/core/rng.ts'
import type { LinkEvent } from '../../../src/sim/end.ts'
import { EventQueue } from '../../../src/sim/event-queue.ts'
import type { Host } from '../../../src/sim/host.ts'
import { Medium, type MediumOptions } from '../../../src/sim/medium.ts'

/** A host, and what it was fed, as `<ms> <what>`. */
export interface Recorded {
  readonly host: Host
  readonly told: string[]
  /** Its links, in the order in which they were opened. */
  readonly links: LinkId[]
  readonly events: LinkEvent[]
}

export interface Rig {
  readonly queue: EventQueue
  readonly medium: Medium
  /** Adds a host that can be dialled at {@link urlOf} its name, unless told otherwise. */
  host(name: string, isDialable?: boolean): Recorded
  run(ms: number): void
}

export const urlOf = (name: string): string => `ws://${name}:5000/`

/** A medium whose links take 10 ms each way, unless told otherwise. */
export function rig(options: MediumOptions & { readonly seed?: number } = {}): Rig {
  const queue = new EventQueue()
  const medium = new Medium(queue, new Rng(options.seed ?? 1), {
    latency: { kind: 'constant', ms: 10 },
    ...options,
  })
  return {
    queue,
    medium,
    host: (name, isDialable = true) => record(queue, medium, name, isDialable),
    run: (ms) => queue.runTo(queue.nowMs + ms),
  }
}

function record(queue: EventQueue, medium: Medium, name: string, isDialable: boolean): Recorded {
  const recorded = { told: [] as string[], links: [] as LinkId[], events: [] as LinkEvent[] }
  const feed = (event: LinkEvent): void => {
    recorded.events.push(event)
    recorded.told.push(`${queue.nowMs} ${describe(event)}`)
    if (event.type === 'link-open') recorded.links.push(event.link)
  }
  const host = medium.host(name, isDialable ? { url: urlOf(name), feed } : { feed })
  return Object.assign(recorded, { host })
}

function describe(event: LinkEvent): string {
  switch (event.type) {
    case 'link-open':
      return event.dialed === undefined ? 'accepted' : 'connected'
    case 'link-closed':
      return `closed ${event.reason}`
    case 'dial-failed':
      return 'dial failed'
    case 'received':
      return `got ${event.messages.map(textOf).join(' ')}`
    case 'send-refused':
      return `refused ${textOf(event.message)}`
  }
}

const textOf = (message: Message): string =>
  message.type === 'direct' ? new TextDecoder().decode(message.payload).trimEnd() : message.type

/** Two hosts and a link that `a` has dialled; what they were told of it is forgotten. */
export function pair(net: Rig): { readonly a: Recorded; readonly b: Recorded } {
  const [a, b] = [net.host('a'), net.host('b')]
  connect(net, a, b)
  return { a, b }
}

/** Links two hosts. */
export function connect(net: Rig, from: Recorded, to: Recorded): void {
  const before = from.links.length
  from.host.dial(urlOf(to.host.name))
  net.run(1_000)
  assert.equal(from.links.length, before + 1, 'the link is up')
  for (const { told, events } of [from, to]) {
    told.length = 0
    events.length = 0
  }
}

/** A direct message with a text of its own; `bytes`: padded to about this size. */
export function message(text: string, bytes = 0): Direct {
  return {
    type: 'direct',
    hopsLeft: 15,
    hops: 1,
    destination: 'b' as NodeName,
    destinationIncarnation: 1,
    origin: 'a' as NodeName,
    originIncarnation: 1,
    sequence: 1,
    floor: 1,
    payload: new TextEncoder().encode(text.padEnd(bytes)),
  }
}

/** Sends on one link of a host: its last one unless told otherwise. */
export function send(from: Recorded, text: string, lane: Lane = 'direct', bytes = 0): void {
  const link = from.links.at(-1) as LinkId
  from.host.send({ type: 'send', links: [link], message: message(text, bytes), lane })
}

/** Lets something happen within one event, as a process handles an input. */
export function inOneTurn(net: Rig, run: () => void): void {
  net.queue.plan(0, run)
  net.run(0)
}

/** The times of what was told, apart. */
export const withoutTimes = (told: readonly string[]): string[] =>
  told.map((line) => line.slice(line.indexOf(' ') + 1))
