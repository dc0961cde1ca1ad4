// THE RENDEZVOUS: who is registered, who is told what, and who may have which name. The only file that knows all of it.
// No I/O, no clock and no randomness of its own, no logging, no async: `handle(input, nowMs)` gives effects, so that
// the simulator runs the same code as the server. Nothing from the wire makes it throw.
//
// 1. A registered node has an open connection; a name has at most one holder, a node or a plain HTTP peer.
// 2. A join costs its own welcome and pushes to at most `pushNodesMax` nodes, however many are registered; but for the first
//    that can be dialled, of whom all are told that cannot.
// 3. A claim exists only while another connection holds the name; there is at most one for each name.
// 4. What a watcher was shown (snapshot, then events) always adds up to the list.

import {
  type Hello,
  type LeaveReason,
  type LinkId,
  type Message,
  type NodeName,
  PROTOCOL_VERSION,
} from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'

import { LIMITS } from '../wire/limits.ts'
import { Audience, watchedPeer } from './audience.ts'
import { canonicalUrl } from './canonical-url.ts'
import type { Listing } from './changes.ts'
import { HttpPeers } from './http-peers.ts'
import {
  addressOf,
  bootstrapHeartbeat,
  type Claim,
  type Member,
  nodeListing,
  type Stranger,
} from './member.ts'
import { REGISTRY_DEFAULTS, type RegistryConfig } from './registry-config.ts'
import type {
  HttpRegistration,
  RegistryCounts,
  RegistryEffect,
  RegistryInput,
  RegistryTimer,
  WatchedPeer,
  WatcherEvent,
} from './registry-events.ts'
import { type RandomSource, SampledSet } from './sampled-set.ts'

/** What a registry is made of. */
export interface RegistryOptions {
  /** What it says of itself on every connection: role `bootstrap`. */
  readonly hello: Hello
  readonly rng: RandomSource
  /** What is not given is as in {@link REGISTRY_DEFAULTS}. */
  readonly config?: Partial<RegistryConfig>
}

/** The first line that a watcher sees. */
const HELP: WatcherEvent = {
  event: 'help',
  text: 'This is a hearsay bootstrap. You see nodes come (peer-join) and go (peer-leave). Type /peers for the list, /help for this line.',
}

/** The rendezvous. Feed it inputs in the order in which things happen; carry out what it returns in that order. */
export class Registry {
  readonly #config: RegistryConfig
  readonly #hello: Hello
  readonly #rng: RandomSource
  readonly #links = new Map<LinkId, Stranger | Member>()
  readonly #nodes = new Map<NodeName, Member>()
  /** Those of them that have a URL. */
  readonly #dialable = new SampledSet<Member>()
  readonly #claims = new Map<NodeName, Claim>()
  readonly #http: HttpPeers
  readonly #audience: Audience
  #strangers = 0
  #token = 0
  #stopped = false
  #nowMs = 0
  /** Effects of the input that is being handled. */
  #effects: RegistryEffect[] = []

  constructor(options: RegistryOptions) {
    this.#config = { ...REGISTRY_DEFAULTS, ...options.config }
    this.#hello = options.hello
    this.#rng = options.rng
    const emit = (effect: RegistryEffect): void => {
      this.#effects.push(effect)
    }
    this.#audience = new Audience(this.#config, options.rng, emit)
    const isNode = (name: NodeName): boolean => this.#nodes.has(name)
    this.#http = new HttpPeers({ config: this.#config, audience: this.#audience, emit, isNode })
  }

  get counts(): RegistryCounts {
    return {
      nodes: this.#nodes.size,
      httpPeers: this.#http.size,
      watchers: this.#audience.watchers.size,
      hellosPending: this.#strangers,
      claims: this.#claims.size,
    }
  }

  /** All nodes and plain HTTP peers. Takes time with their number: for people and scripts, not for joins. */
  peers(): WatchedPeer[] {
    const peers: WatchedPeer[] = []
    for (const member of this.#nodes.values()) peers.push(watchedPeer(nodeListing(member).peer))
    for (const { peer } of this.#http.listings()) peers.push(watchedPeer(peer))
    return peers
  }

  /** Takes one input in. `nowMs` never goes back. Returns what is to be done, in order. Never throws. */
  handle(input: RegistryInput, nowMs: number): RegistryEffect[] {
    this.#nowMs = nowMs
    this.#effects = []
    if (!this.#stopped) this.#take(input)
    else if (input.type === 'register') this.#answer(input.request, REFUSED_STOPPED)
    return this.#effects
  }

  #take(input: RegistryInput): void {
    switch (input.type) {
      case 'start':
        this.#timer({ kind: 'liveness' }, this.#config.heartbeatMs)
        break
      case 'link-open':
        this.#linkOpen(input.link, input.from)
        break
      case 'link-closed':
        this.#linkClosed(input.link, input.reason)
        break
      case 'received':
        this.#received(input.link, input.messages)
        break
      case 'watcher-open':
        this.#watcherOpen(input.link, input.from)
        break
      case 'watcher-asks':
        this.#audience.show(input.link, input.what === 'help' ? HELP : this.#snapshot())
        break
      case 'watcher-closed':
        this.#audience.deleteWatcher(input.link)
        break
      case 'register':
        this.#answer(input.request, this.#registerHttp(input.url, input.name))
        break
      case 'polled':
        this.#http.polled(input, this.#nowMs)
        break
      case 'timer':
        this.#timeout(input.timer)
        break
      case 'stop':
        this.#stop()
    }
  }

  #timeout(timer: RegistryTimer): void {
    switch (timer.kind) {
      case 'hello':
        this.#helloTimeout(timer.link)
        break
      case 'liveness':
        this.#closeSilent()
        break
      case 'push':
        this.#audience.push(timer.scope, this.#nowMs)
        break
      case 'probe':
        this.#probeUnanswered(timer.name, timer.token)
        break
      case 'poll':
        this.#http.poll(timer.name, timer.token)
    }
  }

  // Connections

  #linkOpen(link: LinkId, from: string): void {
    if (this.#strangers >= this.#config.hellosPendingMax) {
      this.#refuse({ link, from }, 'full', 'too many connections have not said hello yet')
      return
    }
    this.#links.set(link, { phase: 'stranger', link, from })
    this.#strangers++
    this.#timer({ kind: 'hello', link }, this.#config.helloTimeoutMs)
  }

  #helloTimeout(link: LinkId): void {
    const end = this.#links.get(link)
    if (end?.phase !== 'stranger') return
    this.#close(end, 'hello-timeout', `no hello came within ${this.#config.helloTimeoutMs} ms`)
  }

  #linkClosed(link: LinkId, reason: Reason): void {
    const end = this.#links.get(link)
    if (end === undefined) return
    this.#forget(end)
    // A node that shuts down says so: that is as good as leaving. Everything else is a connection that broke.
    const said = reason === 'left' || reason === 'shutting-down'
    if (end.phase === 'registered') this.#unregister(end, said ? 'left' : 'unreachable')
  }

  #received(link: LinkId, messages: readonly Message[]): void {
    for (const message of messages) {
      // Looked up each time: the message before may have closed the link.
      const from = this.#links.get(link)
      if (from === undefined) return
      if (from.phase !== 'stranger') this.#heard(from, message)
      else if (message.type === 'hello') this.#meet(from, message)
      else this.#close(from, 'protocol-error', `${message.type} before hello`)
    }
  }

  #heard(from: Member, message: Message): void {
    const wasAsked = from.isAsked
    from.heardMs = this.#nowMs
    from.isAsked = false
    if (from.phase === 'registered') this.#probeAnswered(from)
    if (message.type === 'heartbeat') {
      // What answers our own heartbeat is not answered again: that would never end.
      if (!wasAsked) this.#send(from.link, bootstrapHeartbeat(this.#nowMs, message.clock))
    } else if (message.type === 'unknown') {
      const detail = `a frame of type ${message.code}`
      const drop = { type: 'drop', reason: 'unknown-frame', detail, from: from.from } as const
      this.#effects.push({ type: 'notify', notification: drop })
    } else {
      this.#close(from, 'protocol-error', `${message.type} is not allowed here`)
      if (from.phase === 'registered') this.#unregister(from, 'unreachable')
    }
  }

  #closeSilent(): void {
    const { heartbeatMs, heartbeatsMissedMax } = this.#config
    for (const member of [...this.#nodes.values()]) {
      const silentMs = this.#nowMs - member.heardMs
      const isOver = silentMs >= heartbeatMs * heartbeatsMissedMax
      if (isOver && member.isAsked) {
        this.#close(member, 'silent', `nothing was heard for ${Math.round(silentMs)} ms`)
        this.#unregister(member, 'unreachable')
      } else if (silentMs >= (heartbeatMs * heartbeatsMissedMax) / 2) this.#ask(member)
    }
    this.#timer({ kind: 'liveness' }, heartbeatMs)
  }

  /** Asks for a sign of life, unless that has been done. */
  #ask(member: Member): void {
    if (member.isAsked) return
    member.isAsked = true
    this.#send(member.link, bootstrapHeartbeat(this.#nowMs, 0))
  }

  #stop(): void {
    for (const link of [...this.#links.keys(), ...this.#audience.watchers]) {
      this.#effects.push({ type: 'close', link, reason: 'shutting-down' })
    }
    this.#stopped = true
  }

  // Names

  #meet(stranger: Stranger, said: Hello): void {
    const canonical = said.url === undefined ? undefined : canonicalUrl(said.url)
    if (said.protocol !== PROTOCOL_VERSION) {
      const detail = `protocol ${said.protocol} is not spoken here, ${PROTOCOL_VERSION} is`
      this.#close(stranger, 'unsupported-protocol', detail)
    } else if (said.role !== 'node') {
      this.#close(stranger, 'wrong-role', 'a bootstrap registers nodes only')
    } else if (canonical?.ok === false) {
      this.#close(stranger, 'malformed', `the URL of the hello: ${canonical.detail}`)
    } else {
      this.#forget(stranger)
      const { link, from } = stranger
      const hello = canonical === undefined ? said : { ...said, url: canonical.url }
      this.#askForName({ phase: 'claiming', link, from, hello, heardMs: this.#nowMs, isAsked: false })
    }
  }

  #askForName(member: Member): void {
    const { name, url } = member.hello
    this.#links.set(member.link, member)
    const holder = this.#nodes.get(name)
    const blocker = this.#http.blockerOf(name, url)
    if (holder !== undefined) this.#claim(member, holder)
    else if (blocker !== undefined) {
      this.#close(member, 'name-taken', `${name} is in use at ${blocker}: choose another name`)
    } else if (this.#nodes.size >= this.#config.nodesMax) {
      this.#close(member, 'full', `${this.#config.nodesMax} nodes are registered, no more are taken`)
    } else this.#admit(member)
  }

  #claim(member: Member, holder: Member): void {
    const { name, instance } = member.hello
    const claim = this.#claims.get(name)
    if (instance === holder.hello.instance) {
      // The holder's own process is back on a new connection. That is a sign of life, too.
      this.#probeAnswered(holder)
      this.#close(holder, 'replaced', 'the node has registered again on another connection')
      this.#removeNode(holder)
      this.#admit(member, nodeListing(holder))
    } else if (claim === undefined) {
      const token = ++this.#token
      this.#claims.set(name, { claimant: member, token })
      this.#ask(holder)
      this.#timer({ kind: 'probe', name, token }, this.#config.probeMs)
    } else if (claim.claimant.hello.instance === instance) {
      const before = claim.claimant
      claim.claimant = member
      this.#close(before, 'replaced', 'the node has registered again on another connection')
    } else {
      this.#close(
        member,
        'name-taken',
        `${name} is being claimed by ${addressOf(claim.claimant)}: choose another name`,
      )
    }
  }

  /** Whoever claimed the name of this node is refused. */
  #probeAnswered(holder: Member): void {
    const { name } = holder.hello
    const claim = this.#claims.get(name)
    if (claim === undefined) return
    const { linkless, url } = claim.claimant.hello
    this.#close(
      claim.claimant,
      'name-taken',
      `${name} is in use at ${addressOf(holder)}: choose another name`,
    )
    // One that has links does not stop for this: the two have to meet, and nobody else may know where both are.
    if (!linkless && url !== undefined) {
      const joined = [{ name, kind: 'node', url }] as const
      this.#send(holder.link, { type: 'peer-events', joined, left: [], registered: this.#nodes.size })
    }
  }

  #probeUnanswered(name: NodeName, token: number): void {
    const claim = this.#claims.get(name)
    const holder = this.#nodes.get(name)
    if (claim?.token !== token || holder === undefined) return
    this.#close(holder, 'replaced', `the name was taken over by ${addressOf(claim.claimant)}`)
    this.#unregister(holder, 'unreachable')
  }

  // Membership of nodes

  /** Registers a node whose name no other node holds. `before`: what was listed under it until now. */
  #admit(member: Member, before?: Listing): void {
    const { name, url } = member.hello
    const replaced = this.#http.supersede(name, url, this.#nowMs) ?? before
    const contacts = this.#dialable.sample(Math.min(this.#config.contactsMax, LIMITS.contactsMax), this.#rng)
    member.phase = 'registered'
    this.#nodes.set(name, member)
    this.#audience.addNode(member.link, url !== undefined)
    if (url !== undefined) this.#dialable.add(member)
    this.#send(member.link, this.#hello)
    this.#send(member.link, {
      type: 'welcome',
      contacts: contacts.map(({ hello }) => ({ name: hello.name, url: hello.url as string })),
      httpPeers: this.#http.listings().map(({ peer }) => peer),
      registered: this.#nodes.size,
    })
    this.#audience.changed({ before: replaced, after: nodeListing(member) }, 'left', this.#nowMs)
  }

  /** Takes a node off the list and tells everybody. Who claims its name gets it. */
  #unregister(member: Member, reason: LeaveReason): void {
    const claim = this.#claims.get(member.hello.name)
    this.#claims.delete(member.hello.name)
    this.#removeNode(member)
    this.#audience.changed({ before: nodeListing(member) }, reason, this.#nowMs)
    if (claim !== undefined) this.#admit(claim.claimant)
  }

  #removeNode(member: Member): void {
    this.#nodes.delete(member.hello.name)
    this.#dialable.delete(member)
    this.#audience.deleteNode(member.link)
  }

  // Plain HTTP peers

  #registerHttp(text: string, name: string | undefined): HttpRegistration {
    const canonical = canonicalUrl(text)
    const result: HttpRegistration = canonical.ok
      ? this.#registerAt(canonical.url, name)
      : { status: 'refused', reason: 'malformed', detail: canonical.detail }
    if (result.status === 'refused') {
      const { reason, detail } = result
      this.#effects.push({ type: 'notify', notification: { type: 'refused', reason, detail, from: text } })
    }
    return result
  }

  #registerAt(url: string, name: string | undefined): HttpRegistration {
    for (const { hello } of this.#nodes.values()) {
      // A member already: it takes its messages through the overlay.
      if (hello.url === url) return { status: 'registered', name: hello.name }
    }
    return this.#http.register(url, name, this.#nowMs)
  }

  // Watchers

  #watcherOpen(link: LinkId, from: string): void {
    const { watchersMax } = this.#config
    if (this.#audience.watchers.size >= watchersMax) {
      this.#refuse({ link, from }, 'full', `${watchersMax} people are watching, no more are taken`)
    } else this.#audience.addWatcher(link, [HELP, this.#snapshot()])
  }

  #snapshot(): WatcherEvent {
    return { event: 'snapshot', peers: this.peers(), registered: this.#nodes.size }
  }

  // Effects

  #send(link: LinkId, message: Message): void {
    this.#effects.push({ type: 'send', links: [link], message })
  }

  #timer(timer: RegistryTimer, afterMs: number): void {
    this.#effects.push({ type: 'timer', timer, afterMs })
  }

  #answer(request: number, result: HttpRegistration): void {
    this.#effects.push({ type: 'answer', request, result })
  }

  /** Closes a connection and forgets it. A registered one is still on the list after that. */
  #close(end: Stranger | Member, reason: Reason, detail: string): void {
    this.#forget(end)
    const name = end.phase === 'stranger' ? undefined : end.hello.name
    this.#refuse({ link: end.link, from: end.from, ...(name === undefined ? {} : { name }) }, reason, detail)
  }

  #refuse(end: { link: LinkId; from: string; name?: NodeName }, reason: Reason, detail: string): void {
    const { link, ...who } = end
    this.#effects.push({ type: 'close', link, reason, detail })
    this.#effects.push({ type: 'notify', notification: { type: 'refused', reason, detail, ...who } })
  }

  #forget(end: Stranger | Member): void {
    this.#links.delete(end.link)
    if (end.phase === 'stranger') this.#strangers--
    else if (this.#claims.get(end.hello.name)?.claimant === end) this.#claims.delete(end.hello.name)
  }
}

const REFUSED_STOPPED: HttpRegistration = {
  status: 'refused',
  reason: 'shutting-down',
  detail: 'the bootstrap is shutting down',
}
