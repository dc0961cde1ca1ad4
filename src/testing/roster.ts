// Who is in a test network: starts nodes, introduces them to each other, and knows which of them run. It must not know
// faults, nor wait for anything.
//
// 1. No two nodes that run, or are about to end, have the same name.
// 2. What a node is told of others, it is told in an event of its own.

import type { CoreConfig } from '../core/config.ts'
import type { Contact } from '../core/messages.ts'
import type { Rng } from '../core/rng.ts'
import { problemOfConfig } from '../node/member-options.ts'
import { Node } from '../node/node.ts'
import { checkOptions, type NodeOptions, type NodeSettings } from '../node/options.ts'
import type { Run } from '../node/world.ts'
import { PORT, VirtualWorld, type WorldGround } from './virtual-world.ts'

/** The last run of a node, and what it was started with. */
export interface Member {
  readonly options: NodeOptions
  readonly world: VirtualWorld
  readonly node: Node
  state: 'runs' | 'leaves' | 'closed' | 'crashed'
}

/** A node that is about to be started, checked. */
interface Plan {
  readonly options: NodeOptions
  readonly settings: NodeSettings
  /** Where it can be dialled, or what is said of where. */
  readonly url: string | undefined
}

/** What a roster works with. */
export interface RosterParts {
  readonly ground: WorldGround
  readonly rng: Rng
  /** Protocol settings of every node. */
  readonly config: Partial<CoreConfig>
  /** A node, a peer of one or a link has come or gone. */
  readonly onChange: () => void
}

/** Contacts that a node is given, as a bootstrap does. */
const CONTACTS_MAX = 16
/** When the clocks of all nodes begin, in ms since 1970. */
const EPOCH_MS = Date.UTC(2025, 0, 1)

/** See the head of the file. */
export class Roster {
  readonly #parts: RosterParts
  readonly #members = new Map<string, Member>()
  #starts = 0
  #incarnation = 0

  constructor(parts: RosterParts) {
    this.#parts = parts
  }

  /** Those that run, in the order in which their names were first started. */
  get running(): Member[] {
    return [...this.#members.values()].filter(({ state }) => state === 'runs')
  }

  /** Whether no node runs. Cheap: asked between events. */
  get isEmpty(): boolean {
    for (const { state } of this.#members.values()) if (state === 'runs') return false
    return true
  }

  /** @throws TestNetworkError `unknown-node` */
  member(name: string): Member {
    const member = this.#members.get(name)
    if (member !== undefined) return member
    const known = this.#members.size === 0 ? 'there are none' : [...this.#members.keys()].join(', ')
    throw this.#complain('unknown-node', `no node was ever named ${name}; the names: ${known}`)
  }

  /** @throws TestNetworkError `unknown-node` or `not-running` */
  runningMember(name: string): Member {
    const member = this.member(name)
    if (member.state === 'runs') return member
    const how = { leaves: 'is being closed', closed: 'was closed', crashed: 'has crashed' }[member.state]
    throw this.#complain('not-running', `${name} ${how}; restart('${name}') starts it again`)
  }

  /** Whether the run that there is now, if there is one, has not crashed since. False for one that had before. */
  lifeOf(name: string): () => boolean {
    const member = this.#members.get(name)
    return () => member?.state !== 'crashed'
  }

  /**
   * Starts nodes with these options each: all of them, or none.
   * @throws HearsayError for options that are wrong; TestNetworkError `name-taken` or `url-taken`
   */
  start(all: readonly NodeOptions[]): Node[] {
    const plans: Plan[] = []
    for (const options of all) plans.push(this.#plan(options, plans))
    return plans.map((plan) => {
      const member = this.#run(plan)
      this.#members.set(plan.settings.name, member)
      this.#parts.onChange()
      return member.node
    })
  }

  /** @throws TestNetworkError `unknown-node` or `running` */
  restart(name: string): Node {
    const { options, state } = this.member(name)
    if (state === 'runs') throw this.#complain('running', `${name} runs: crash or close it before`)
    const [node] = this.start([options])
    return node as Node
  }

  /** A node's process is gone. @throws TestNetworkError `unknown-node` or `not-running` */
  crash(name: string, isTold: boolean): void {
    const member = this.member(name)
    this.#crash(member.state === 'leaves' ? member : this.runningMember(name), isTold)
  }

  /** All nodes leave; those that do not manage to are gone all the same. */
  async end(): Promise<void> {
    await Promise.allSettled(this.running.map(({ node }) => node.close()))
    for (const member of this.#members.values()) {
      if (member.state === 'runs' || member.state === 'leaves') this.#crash(member, true)
    }
  }

  #crash(member: Member, isTold: boolean): void {
    member.state = 'crashed'
    member.world.crash({ isTold })
    this.#parts.onChange()
  }

  /** @param before what is to be started together with it */
  #plan(options: NodeOptions, before: readonly Plan[]): Plan {
    // What is no object at all is refused as the real `createNode` does.
    if (typeof options !== 'object' || options === null) checkOptions(options)
    const isNamed = options.name !== undefined || options.url !== undefined
    const named = isNamed ? options : { ...options, name: this.#freeName(before) }
    const { config = {} } = options
    // What is no settings at all is refused as it is.
    const isSound = problemOfConfig(config) === undefined
    const settings = checkOptions({
      ...named,
      config: isSound ? { ...this.#parts.config, ...config } : config,
    })
    const { name, listen } = settings
    const state = this.#members.get(name)?.state
    if (state === 'runs') throw this.#complain('name-taken', `a node named ${name} runs already`)
    if (state === 'leaves') {
      throw this.#complain('name-taken', `${name} is still being closed: await its close() first`)
    }
    if (before.some((plan) => plan.settings.name === name)) {
      throw this.#complain('name-taken', `${name} is named twice`)
    }
    const url = settings.url ?? (listen === false ? undefined : madeUpUrl(name, listen))
    const taken = [
      ...this.running.map(({ world }) => world.host.url),
      ...before.map((plan) => (plan.settings.listen === false ? undefined : plan.url)),
    ]
    if (listen !== false && taken.includes(url)) {
      throw this.#complain('url-taken', `another node is dialled at ${url}`)
    }
    return { options: { ...named, name }, settings, url }
  }

  #run({ options, settings, url }: Plan): Member {
    const { ground, onChange } = this.#parts
    const ended = (state: Member['state']): void => {
      if (member.state === 'crashed') return
      member.state = state
      onChange()
    }
    const world = new VirtualWorld(ground, {
      settings,
      run: this.#nextRun(),
      url: settings.listen === false ? undefined : url,
      rendezvous: {
        contacts: () => this.#introduce(member),
        isAlone: () => this.running.every((other) => other === member),
        soon: (call) => ground.medium.queue.plan(0, call),
        onLeave: () => ended('leaves'),
        onClosed: () => ended('closed'),
      },
    })
    const node = new Node(settings, world, url)
    for (const kind of ['peer-join', 'peer-leave', 'neighbor-up', 'neighbor-down'] as const) {
      node.on(kind, onChange)
    }
    const member: Member = { options, world, node, state: 'runs' }
    return member
  }

  /** The clock of a node that is restarted at once has not moved. */
  #nextRun(): Run {
    const { ground, rng } = this.#parts
    const clockMs = EPOCH_MS + Math.floor(ground.medium.queue.nowMs)
    this.#incarnation = Math.max(this.#incarnation + 1, clockMs)
    return { incarnation: this.#incarnation, instance: `test-${++this.#starts}`, seed: rng.uint32() }
  }

  /** Whom a node may dial first. Those that are alone so far are told of it, too: it may be that nobody can dial them. */
  #introduce(newcomer: Member): readonly Contact[] {
    const others = this.running.filter((other) => other !== newcomer)
    for (const { node, world } of others) {
      if (node.neighbors().length === 0) world.doors.introduce(contactsOf([newcomer]))
    }
    return this.#parts.rng.shuffled(contactsOf(others)).slice(0, CONTACTS_MAX)
  }

  #freeName(before: readonly Plan[]): string {
    for (let number = 1; ; number++) {
      const name = `node${number}`
      if (!this.#members.has(name) && before.every(({ settings }) => settings.name !== name)) return name
    }
  }

  #complain(...complaint: Parameters<WorldGround['complain']>): Error {
    return this.#parts.ground.complain(...complaint)
  }
}

/** Names tell letters apart that hosts of URLs do not, so the name is the path. */
function madeUpUrl(name: string, port: number): string {
  return `ws://test-network:${port || PORT}/${name}`
}

function contactsOf(members: readonly Member[]): Contact[] {
  return members.flatMap(({ world: { host, settings } }) =>
    host.url === undefined ? [] : [{ name: settings.name, url: host.url }],
  )
}
