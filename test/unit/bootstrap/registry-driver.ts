// Drives a registry in tests: a clock that only the test moves, links by number, and the timers that were asked for.

import { Registry } from '../../../src/bootstrap/registry.ts'
import type { RegistryConfig } from '../../../src/bootstrap/registry-config.ts'
import type {
  RegistryEffect,
  RegistryInput,
  RegistryTimer,
  WatcherEvent,
} from '../../../src/bootstrap/registry-events.ts'
import type { Hello, LinkId, Message, NodeName, Welcome } from '../../../src/core/messages.ts'
import { PROTOCOL_VERSION, parseNodeName } from '../../../src/core/messages.ts'
import type { Reason } from '../../../src/core/reasons.ts'
import { Rng } from '../../../src/core/rng.ts'

export const linkId = (number: number): LinkId => number as LinkId

export function nodeName(text: string): NodeName {
  const name = parseNodeName(text)
  if (name === undefined) throw new TypeError(`not a name: ${text}`)
  return name
}

/** A node's hello; its instance is `<name>-a` unless told. */
export function helloOf(name: string, fields: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    role: 'node',
    name: nodeName(name),
    incarnation: 1_000,
    instance: `${name}-a`,
    linkless: true,
    ...fields,
  }
}

/** What the registry says of itself. */
export const OWN_HELLO = helloOf('bootstrap', {
  role: 'bootstrap',
  instance: 'the-bootstrap',
  linkless: false,
})

export class RegistryDriver {
  readonly registry: Registry
  /** Of the last node registered with {@link join}. */
  lastLink = 0
  nowMs = 0
  readonly #timers: { readonly atMs: number; readonly timer: RegistryTimer }[] = []

  constructor(config: Partial<RegistryConfig> = {}, seed = 1) {
    this.registry = new Registry({ hello: OWN_HELLO, rng: new Rng(seed), config })
    this.give({ type: 'start' })
  }

  /** Gives one input; keeps the timers, returns all effects. */
  give(input: RegistryInput): RegistryEffect[] {
    const effects = this.registry.handle(input, this.nowMs)
    for (const effect of effects) {
      if (effect.type === 'timer') {
        this.#timers.push({ atMs: this.nowMs + effect.afterMs, timer: effect.timer })
      }
    }
    return effects
  }

  open(link: number): RegistryEffect[] {
    return this.give({ type: 'link-open', link: linkId(link), from: `10.0.0.${link}:4000` })
  }

  say(link: number, ...messages: Message[]): RegistryEffect[] {
    return this.give({ type: 'received', link: linkId(link), messages })
  }

  closed(link: number, reason: Reason): RegistryEffect[] {
    return this.give({ type: 'link-closed', link: linkId(link), reason })
  }

  /** Connects a node that can be dialled and says its hello. Returns the effects of the hello. */
  join(name: string, link: number, fields: Partial<Hello> = {}): RegistryEffect[] {
    this.lastLink = link
    this.open(link)
    return this.say(link, helloOf(name, { url: `ws://${name}:5000/`, ...fields }))
  }

  /** Lets time pass and gives the timers that run out, in their order. Returns all their effects. */
  pass(ms: number): RegistryEffect[] {
    const untilMs = this.nowMs + ms
    const effects: RegistryEffect[] = []
    for (;;) {
      let next: number | undefined
      for (const [index, { atMs }] of this.#timers.entries()) {
        if (atMs <= untilMs && (next === undefined || atMs < (this.#timers[next]?.atMs ?? 0))) next = index
      }
      if (next === undefined) break
      const [due] = this.#timers.splice(next, 1)
      if (due === undefined) break
      this.nowMs = Math.max(this.nowMs, due.atMs)
      effects.push(...this.give({ type: 'timer', timer: due.timer }))
    }
    this.nowMs = untilMs
    return effects
  }

  /** The names of all that is listed, sorted. */
  names(): string[] {
    return this.registry
      .peers()
      .map(({ name }) => name as string)
      .sort()
  }
}

/** The effects of one type. */
export function only<T extends RegistryEffect['type']>(
  effects: readonly RegistryEffect[],
  type: T,
): Extract<RegistryEffect, { type: T }>[] {
  return effects.filter((effect) => effect.type === type) as Extract<RegistryEffect, { type: T }>[]
}

/** What was sent, as `[links, message]`. */
export function sent(effects: readonly RegistryEffect[]): [number[], Message][] {
  return only(effects, 'send').map(({ links, message }) => [[...links], message])
}

/** The membership pushes among the effects. */
export function pushes(effects: readonly RegistryEffect[]) {
  return only(effects, 'send').flatMap(({ links, message }) =>
    message.type === 'peer-events' ? [{ links, joined: message.joined, left: message.left }] : [],
  )
}

/** How many the membership pushes among the effects say that there are. */
export function toldNumbers(effects: readonly RegistryEffect[]): (number | undefined)[] {
  return only(effects, 'send').flatMap(({ message }) =>
    message.type === 'peer-events' ? [message.registered] : [],
  )
}

/** The welcome among the effects. */
export function welcomeOf(effects: readonly RegistryEffect[]): Welcome | undefined {
  return only(effects, 'send')
    .map(({ message }) => message)
    .find((message) => message.type === 'welcome')
}

/** What watchers were shown. */
export function shown(effects: readonly RegistryEffect[]): WatcherEvent[] {
  return only(effects, 'show').map(({ event }) => event)
}

/** Closed links, as `[link, reason, detail]`. */
export function closes(effects: readonly RegistryEffect[]): [number, Reason, string | undefined][] {
  return only(effects, 'close').map(({ link, reason, detail }) => [link, reason, detail])
}
