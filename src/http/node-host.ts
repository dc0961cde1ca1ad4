// What the HTTP shim needs of a node or a bootstrap: interfaces and data, nothing else.
// The engine room and the rendezvous implement them; this room must not know the overlay behind them.

import type { BroadcastAnswer, RequestAnswer, SendAnswer, TraceAnswer } from '../answers.ts'
import type { MetricsPage } from '../metrics/metric.ts'
import type { JsonValue } from '../wire/payload.ts'

/** A peer as HTTP lists it. */
export interface PeerEntry {
  readonly name: string
  /** Where it can be dialled, with `http:`, `https:`, `ws:` or `wss:`. Absent: nowhere. */
  readonly url?: string
  /** `node`: a member of the overlay. `http`: takes messages by `POST /message` only. */
  readonly kind: 'node' | 'http'
}

/** One node of a {@link Topology}. */
export interface TopologyNode extends PeerEntry {
  /** `unreachable`: its record is known, and no path of links leads to it. */
  readonly state: 'up' | 'leaving' | 'unreachable'
  /** Which run of the node; 0 for an `http` peer, which has none. */
  readonly incarnation: number
  /** The neighbors that it lists itself. */
  readonly links: readonly string[]
}

/** The overlay as one node sees it. */
export interface Topology {
  /** The node that looks. */
  readonly self: string
  /** All known nodes, itself included, in any order. */
  readonly nodes: readonly TopologyNode[]
  /** Links that both ends list: each pair once, the smaller name first. */
  readonly links: readonly (readonly [string, string])[]
}

/** What `GET /`, `/healthz` and `/readyz` tell of a node. */
export interface NodeHealth {
  /** False: the process should be started again. */
  readonly live: boolean
  /** At least one link, or alone and registered. */
  readonly ready: boolean
  /** Links that are up. */
  readonly links: number
  /** Whether a bootstrap has this node registered at the moment. */
  readonly registered: boolean
  /** Reachable peers, without itself. */
  readonly peers: number
  /** One sentence: why it is not live or not ready. */
  readonly reason?: string
}

/** What `GET /`, `/healthz` and `/readyz` tell of a bootstrap. */
export interface BootstrapHealth {
  readonly live: boolean
  readonly ready: boolean
  /** Registered peers. */
  readonly peers: number
  /** One sentence: why it is not live or not ready. */
  readonly reason?: string
}

/** Counts what the shim refused. */
export interface RefusalCounter {
  /** Called once for each answer with a status of 400 or above that the shim itself decided on. Must not throw. */
  refused?(status: number): void
}

/** A node, as far as the HTTP shim sees it. */
export interface NodeHost extends RefusalCounter {
  readonly name: string
  /**
   * `POST /message` without `to`: this node is the receiver; false: its program does not take it. `sender` is a
   * label that nobody has checked.
   */
  deliver(message: {
    readonly sender: string
    readonly msg: JsonValue
    readonly traceparent?: string
  }): boolean
  /** Sends to the node of this name, whose syntax is checked already. Never rejects. */
  send(to: string, message: OutgoingMessage, options: SendOptions): Promise<SendAnswer>
  /** Asks the program of the node of this name. Never rejects. */
  request(to: string, message: OutgoingMessage, options: SendOptions): Promise<RequestAnswer>
  /** Sends to all. Never rejects. */
  broadcast(message: OutgoingMessage, options: SpreadOptions): Promise<BroadcastAnswer>
  /** Sends to all who listen to a topic, whose syntax is checked already. Never rejects. */
  publish(topic: string, message: OutgoingMessage, options: SpreadOptions): Promise<BroadcastAnswer>
  /** Finds the way to the node of this name. Never rejects. */
  trace(to: string, options: SendOptions): Promise<TraceAnswer>
  /** Finds the ways to all nodes: those that a broadcast takes, with receipts. Never rejects. */
  traceAll(options: SendOptions): Promise<BroadcastAnswer>
  /** Reachable peers without itself, in any order. */
  peers(): readonly PeerEntry[]
  topology(): Topology
  health(): NodeHealth
  /** For Prometheus. */
  metrics(): Promise<MetricsPage>
}

/** What is sent through the overlay. Without `sender` it is the node's own message. */
export interface OutgoingMessage {
  readonly sender?: string
  readonly msg: JsonValue
}

/** How to send. */
export interface SendOptions {
  /** Goes with the message, and is logged by every node on its way (W3C Trace Context, section 3.2); checked already. */
  readonly traceparent?: string
  /** When to give up, from now, in ms: 1 to `deadlineMaxMs` of core/config. Default: the node's. */
  readonly deadlineMs?: number
}

/** Why a plain HTTP peer was not registered: reasons that have an HTTP status. */
export type RegistrationRefusal = 'name-taken' | 'full' | 'malformed' | 'shutting-down'

/** How to send to all. */
export interface SpreadOptions extends SendOptions {
  /** Whether to wait until all have it. Default false. */
  readonly receipts?: boolean
}

/** How a registration ended. `peers`: all URLs that the new peer should know, in any order. */
export type Registration =
  | { readonly ok: true; readonly name: string; readonly peers: readonly string[] }
  /** `detail`: one sentence for the person who registers. */
  | { readonly ok: false; readonly reason: RegistrationRefusal; readonly detail: string }

/** A bootstrap, as far as the HTTP shim sees it. */
export interface BootstrapHost extends RefusalCounter {
  /**
   * Registers a plain HTTP peer. `url` is an `http:` or `https:` URL without a slash at its end; without a `name` the
   * host picks one. Never rejects.
   */
  register(peer: { readonly url: string; readonly name?: string }): Promise<Registration>
  /** All registered peers, in any order. */
  peers(): readonly PeerEntry[]
  health(): BootstrapHealth
  /** For Prometheus. */
  metrics(): Promise<MetricsPage>
}
