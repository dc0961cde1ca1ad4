// Hosts for the tests of the HTTP shim: they record what they are asked and answer what the test has put in.
// They must not decide anything themselves.

import type { BroadcastAnswer, SendAnswer } from '../../../src/answers.ts'
import type {
  BootstrapHealth,
  BootstrapHost,
  NodeHealth,
  NodeHost,
  OutgoingMessage,
  PeerEntry,
  Registration,
  SendOptions,
  Topology,
} from '../../../src/http/node-host.ts'
import type { JsonValue } from '../../../src/wire/payload.ts'

/** A node that is always called node8. */
export class RecordingNode implements NodeHost {
  readonly name = 'node8'
  readonly delivered: { readonly sender: string; readonly msg: JsonValue }[] = []
  readonly sent: { readonly to: string; readonly message: OutgoingMessage; readonly options: SendOptions }[] =
    []
  readonly broadcasts: OutgoingMessage[] = []
  readonly refusals: number[] = []
  sendAnswer: SendAnswer = { status: 'delivered', id: 'node8/1/1', hops: 2, rttMs: 3.1 }
  broadcastAnswer: BroadcastAnswer = { status: 'sent', id: 'node8/1/1', neighbors: 5 }
  peerList: PeerEntry[] = []
  healthNow: NodeHealth = { live: true, ready: true, links: 6, registered: true, peers: 29 }
  topologyNow: Topology = { self: 'node8', nodes: [], links: [] }
  /** Thrown by the next `deliver`. */
  failure: unknown

  deliver(message: { readonly sender: string; readonly msg: JsonValue }): void {
    if (this.failure !== undefined) throw this.failure
    this.delivered.push(message)
  }

  async send(to: string, message: OutgoingMessage, options: SendOptions): Promise<SendAnswer> {
    this.sent.push({ to, message, options })
    return this.sendAnswer
  }

  async broadcast(message: OutgoingMessage): Promise<BroadcastAnswer> {
    this.broadcasts.push(message)
    return this.broadcastAnswer
  }

  peers(): readonly PeerEntry[] {
    return this.peerList
  }

  topology(): Topology {
    return this.topologyNow
  }

  health(): NodeHealth {
    return this.healthNow
  }

  refused(status: number): void {
    this.refusals.push(status)
  }
}

/** A bootstrap that takes whoever comes, unless told otherwise. */
export class RecordingBootstrap implements BootstrapHost {
  readonly registered: { readonly url: string; readonly name?: string }[] = []
  readonly refusals: number[] = []
  registration: Registration | undefined
  peerList: PeerEntry[] = []
  healthNow: BootstrapHealth = { live: true, ready: true, peers: 0 }

  async register(peer: { readonly url: string; readonly name?: string }): Promise<Registration> {
    this.registered.push(peer)
    return this.registration ?? { ok: true, name: peer.name ?? 'http-1', peers: [peer.url] }
  }

  peers(): readonly PeerEntry[] {
    return this.peerList
  }

  health(): BootstrapHealth {
    return this.healthNow
  }

  refused(status: number): void {
    this.refusals.push(status)
  }
}
