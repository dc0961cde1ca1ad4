// The library's door for browsers: everything that a page may import as `hearsay/browser`, and nothing else. It must not
// lead to a module of Node.js, nor to a package that needs one.

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
export { type BrowserNode, createNode } from './browser/create-node.ts'
export type { BrowserNodeOptions } from './browser/options.ts'
export type { CoreConfig } from './core/config.ts'
export type { LeaveReason } from './core/messages.ts'
export type { Reason, RequestFailure, SendFailure } from './core/reasons.ts'
export { HearsayError, type HearsayErrorCode } from './errors.ts'
export type { NodeHealth, Topology, TopologyNode } from './http/node-host.ts'
export type { Logger } from './logger.ts'
export type { LinkOptions } from './net/link-options.ts'
export type { NodeRequest, RequestHandler } from './node/answering.ts'
export type { BroadcastOptions } from './node/casting.ts'
export type { NodeEvents, NodeMessage, PeerInfo } from './node/events.ts'
export type { HistoryAnswer, HistoryOptions } from './node/past.ts'
export type { Destination, SendOptions } from './node/sending.ts'
export type { ByReason, NodeStats } from './node/stats.ts'
export type { TopicListener } from './node/subscriptions.ts'
export type { ReceivedKind, SentCounts, SentKind, SentOutcome } from './node/tally.ts'
export type { JsonValue } from './wire/payload.ts'
