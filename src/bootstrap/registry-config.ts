// Every number of the rendezvous that can be turned, with what turning it does.
// It must not hold behaviour, nor limits of the wire format: those are in wire/limits.

/** The registry's settings. Durations are integer milliseconds; a bare number is a count. */
export interface RegistryConfig {
  /** Contacts in a welcome. A newcomer needs a few links; a wider sample spreads them better and costs bytes. */
  readonly contactsMax: number
  /** Nodes that a membership change is pushed to. Up to this many are registered: all of them. */
  readonly pushNodesMax: number
  /** How long changes are collected before they are pushed together. */
  readonly pushIntervalMs: number
  /** Least time between two pushes about plain HTTP peers, which go to every node. */
  readonly httpPushIntervalMs: number
  /** How long a new connection may take to say hello (design, bad input: 5 s). */
  readonly helloTimeoutMs: number
  /** How often the registry looks who is silent. Nodes send a heartbeat every 5 s, and whenever they are asked for one. */
  readonly heartbeatMs: number
  /**
   * A node of which nothing was heard for half of so many intervals is asked for a sign of life. Without one it is closed as
   * `silent` when they are over, at the next look at it.
   */
  readonly heartbeatsMissedMax: number
  /** How long the holder of a name may take to show a sign of life when another process claims the name. */
  readonly probeMs: number
  /** Interval in which plain HTTP peers are asked `GET /`. */
  readonly pollIntervalMs: number
  /** A plain HTTP peer that failed to answer this many times in a row has left as `unreachable`. */
  readonly pollFailuresMax: number
  /** Registered nodes; beyond it a hello with a new name is refused with `full`. */
  readonly nodesMax: number
  /** Connections that have not said hello yet; beyond it new ones are closed with `full`. */
  readonly hellosPendingMax: number
  /** Plain HTTP peers; beyond it a registration is refused with `full`. Each costs a poll and a place in every welcome. */
  readonly httpPeersMax: number
  /** People who watch in line mode; beyond it new ones are closed with `full`. */
  readonly watchersMax: number
}

/** Defaults for 2 to 10,000 nodes. */
export const REGISTRY_DEFAULTS: RegistryConfig = {
  contactsMax: 16,
  pushNodesMax: 64,
  pushIntervalMs: 100,
  httpPushIntervalMs: 1_000,
  helloTimeoutMs: 5_000,
  heartbeatMs: 5_000,
  heartbeatsMissedMax: 3,
  probeMs: 1_000,
  pollIntervalMs: 10_000,
  pollFailuresMax: 3,
  nodesMax: 20_000,
  hellosPendingMax: 1_024,
  httpPeersMax: 256,
  watchersMax: 256,
}
