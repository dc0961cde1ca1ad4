// The library's door: everything that programs may import, and nothing else.

export type {
  BroadcastAnswer,
  Receipt,
  RequestAnswer,
  RequestFailed,
  SendAnswer,
  SendFailed,
  TraceAnswer,
  TraceHop,
  TrySendAnswer,
} from './answers.ts'
export type { BootstrapOptions, PollerOptions, WatcherOptions } from './bootstrap/options.ts'
export type { RegistryConfig } from './bootstrap/registry-config.ts'
export { type Bootstrap, type BootstrapStats, createBootstrap } from './bootstrap/server.ts'
export { CORE_DEFAULTS, type CoreConfig } from './core/config.ts'
export type { LeaveReason } from './core/messages.ts'
export {
  REASONS,
  type Reason,
  type ReasonFacts,
  type RequestFailure,
  type SendFailure,
} from './core/reasons.ts'
export { HearsayError, type HearsayErrorCode } from './errors.ts'
export type { NodeHealth, Topology, TopologyNode } from './http/node-host.ts'
export type { Logger } from './logger.ts'
export type { MetricsPage } from './metrics/metric.ts'
export { LINK_DEFAULTS, type LinkOptions } from './net/link-options.ts'
export { HostUnknownError, PortDeniedError, PortTakenError } from './net/listen-error.ts'
export type { ListenerStats } from './net/listener-stats.ts'
export type { NodeRequest, RequestHandler } from './node/answering.ts'
export type { BroadcastOptions } from './node/casting.ts'
export { createNode } from './node/create-node.ts'
export type { NodeEvents, NodeMessage, PeerInfo } from './node/events.ts'
export type { Node } from './node/node.ts'
export type { NodeOptions, RecordOptions } from './node/options.ts'
export type { HistoryAnswer, HistoryOptions } from './node/past.ts'
export type { Destination, SendOptions } from './node/sending.ts'
export type { ByReason, LinkTraffic, NodeStats } from './node/stats.ts'
export type { TopicListener } from './node/subscriptions.ts'
export type { ReceivedKind, SentCounts, SentKind, SentOutcome } from './node/tally.ts'
export type { JsonValue } from './wire/payload.ts'
