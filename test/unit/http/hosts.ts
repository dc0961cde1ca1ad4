// Hosts for the tests of the HTTP shim: they record what they are asked and answer what the test has put in.
// They must not decide anything themselves.

import type { BroadcastAnswer, RequestAnswer, SendAnswer, TraceAnswer } from '../../../src/answers.ts'
import type {
  BootstrapHealth,
  BootstrapHost,
  NodeHealth,
  NodeHost,
  OutgoingMessage,
  PeerEntry,
  Registration,
  SendOptions,
  SpreadOptions,
  Topology,
} from '../../../src/http/node-host.ts'
import type { MetricsPage } from '../../../src/metrics/metric.ts'
import type { JsonValue } from '../../../src/wire/payload.ts'

/** What both are measured as. */
export const METRICS: MetricsPage = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  text: 'hearsay_links 6\n',
}

/** A node that is always called node8. */
export class RecordingNode implements NodeHost {
  readonly name = 'node8'
  readonly delivered: { readonly sender: string; readonly msg: JsonValue }[] = []
  readonly sent: { readonly to: string; readonly message: OutgoingMessage; readonly options: SendOptions }[] =
    []
  readonly broadcasts: OutgoingMessage[] = []
  readonly requests: {
    readonly to: string
    readonly message: OutgoingMessage
    readonly options: SendOptions
  }[] = []
  readonly published: { readonly topic: string; readonly message: OutgoingMessage }[] = []
  /** How each message to all was to be sent. */
  readonly spreads: SpreadOptions[] = []
  /** Whose way was asked for, `*` for all, and how. */
  readonly traces: { readonly to: string; readonly options: SendOptions }[] = []
  readonly refusals: number[] = []
  sendAnswer: SendAnswer = { status: 'delivered', id: 'node8/1/1', hops: 2, rttMs: 3.1 }
  broadcastAnswer: BroadcastAnswer = { status: 'sent', id: 'node8/1/1', neighbors: 5 }
  requestAnswer: RequestAnswer = { status: 'answered', from: 'node12', value: 42, hops: 2, rttMs: 3.1 }
  traceAnswer: TraceAnswer = {
    status: 'traced',
    path: ['node8', 'node12'],
    hops: [{ node: 'node8', next: 'node12', rttMs: 1.5, queuedBytes: 0 }],
  }
  peerList: PeerEntry[] = []
  healthNow: NodeHealth = { live: true, ready: true, links: 6, registered: true, peers: 29 }
  topologyNow: Topology = { self: 'node8', nodes: [], links: [] }
  /** The program does not take what is delivered. */
  isFull = false
  /** Thrown by the next `deliver`. */
  failure: unknown

  deliver(message: { readonly sender: string; readonly msg: JsonValue }): boolean {
    if (this.failure !== undefined) throw this.failure
    if (this.isFull) return false
    this.delivered.push(message)
    return true
  }

  async send(to: string, message: OutgoingMessage, options: SendOptions): Promise<SendAnswer> {
    this.sent.push({ to, message, options })
    return this.sendAnswer
  }

  async broadcast(message: OutgoingMessage, options: SpreadOptions): Promise<BroadcastAnswer> {
    this.broadcasts.push(message)
    this.spreads.push(options)
    return this.broadcastAnswer
  }

  async request(to: string, message: OutgoingMessage, options: SendOptions): Promise<RequestAnswer> {
    this.requests.push({ to, message, options })
    return this.requestAnswer
  }

  async publish(topic: string, message: OutgoingMessage, options: SpreadOptions): Promise<BroadcastAnswer> {
    this.published.push({ topic, message })
    this.spreads.push(options)
    return this.broadcastAnswer
  }

  async trace(to: string, options: SendOptions): Promise<TraceAnswer> {
    this.traces.push({ to, options })
    return this.traceAnswer
  }

  async traceAll(options: SendOptions): Promise<BroadcastAnswer> {
    this.traces.push({ to: '*', options })
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

  async metrics(): Promise<MetricsPage> {
    return METRICS
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

  async metrics(): Promise<MetricsPage> {
    return METRICS
  }

  refused(status: number): void {
    this.refusals.push(status)
  }
}
