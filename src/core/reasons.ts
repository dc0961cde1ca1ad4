// The one registry of reasons: why a send failed, a link was closed, a frame was dropped. Outcomes, close frames,
// refusals, log fields, metrics labels, HTTP statuses and exit codes all draw on it, so that one word has one meaning.
// It must not hold behaviour: what follows from a reason is decided by whoever meets it.

/** What is fixed about a reason. */
export interface ReasonFacts {
  /** WebSocket close code (RFC 6455 section 7.4.2: 4000–4999 is for applications), and its number on the wire. */
  readonly closeCode: number
  /** One sentence for people: what happened. */
  readonly text: string
  /** Whether the side that is told this may dial the same process again. */
  readonly reconnect: boolean
  /** HTTP status when a request fails for it; 0: it never fails one. */
  readonly httpStatus: number
}

const fact = (closeCode: number, text: string, reconnect: boolean, httpStatus = 0): ReasonFacts => ({
  closeCode,
  text,
  reconnect,
  httpStatus,
})

/** Every reason, by its code. Codes and numbers are part of the protocol: add, never renumber. */
export const REASONS = {
  // How a link ends.
  left: fact(4000, 'the node is leaving the overlay', false),
  'shutting-down': fact(4001, 'the node is shutting down', true, 503),
  replaced: fact(4002, 'a newer link with the same node took its place', false),
  'crossed-dial': fact(4003, 'both ends dialled; the link dialled by the smaller name is kept', false),
  self: fact(4004, 'the node dialled itself', false),
  trimmed: fact(4005, 'the node has more links than it needs; link to another one', true),
  full: fact(4006, 'the node has as many links as it accepts; try another one', true),
  'name-taken': fact(4007, 'the name is in use by another live process; choose another name', false, 409),
  'hello-timeout': fact(4008, 'no hello arrived in time', true),
  silent: fact(4009, 'nothing was heard for three heartbeats', true),
  stalled: fact(4010, 'the link made no progress; the reader is too slow or gone', true),
  'link-lost': fact(4011, 'the connection broke without a close frame', true),
  outdated: fact(4012, 'a newer run of the same node is linked already', false),
  // What was wrong with what came in.
  malformed: fact(4020, 'the frame does not decode', true),
  'protocol-error': fact(4021, 'the frame is not allowed here', true),
  'unsupported-protocol': fact(4022, 'the protocol version is not spoken here', false),
  'wrong-role': fact(
    4023,
    'the other end is not what was expected: node and bootstrap are told apart',
    false,
  ),
  'not-binary': fact(4024, 'a hearsay.1 link takes binary frames only', true),
  // How a send ends when it does not arrive.
  'unknown-peer': fact(4040, 'no node of this name is known', true, 404),
  'no-route': fact(4041, 'the node is known, but no path of links leads to it', true, 503),
  'peer-left': fact(4042, 'the node has left or was restarted', true, 503),
  'queue-full': fact(4043, 'the queue is full; send slower', true, 503),
  refused: fact(4044, 'the receiver refused the message', true, 503),
  'too-large': fact(4045, 'the message is larger than the limit', true, 413),
  expired: fact(4046, 'no acknowledgement came before the deadline', true, 504),
  cancelled: fact(4047, 'the sender gave the message up', true, 503),
  // How a request ends that has arrived.
  'no-handler': fact(4048, 'the receiver takes no requests', true, 501),
  'handler-failed': fact(4049, 'the handler of the receiver threw an error', true, 502),
  // Why a frame was dropped. Never told to a user, always counted.
  duplicate: fact(4060, 'the frame was seen before', true),
  'hops-exceeded': fact(4061, 'the frame travelled too many links', true),
  'stale-incarnation': fact(4062, 'the frame belongs to an earlier run of a node', true),
  'unknown-frame': fact(4063, 'the frame is of a type that this version does not know', true),
  'directory-full': fact(4064, 'the directory has reached its size limit', true, 503),
  'own-record': fact(4065, "another process published a record under this node's name", true),
  'not-an-origin': fact(4066, 'a broadcast record does not belong to the origin of its broadcast', true),
  missed: fact(4067, 'a broadcast was announced, and nobody who had it could send it', true),
} as const satisfies Record<string, ReasonFacts>

/** A reason's code: the word that logs, metrics, errors and JSON answers use. */
export type Reason = keyof typeof REASONS

/** The reasons with which a send can fail. */
export type SendFailure =
  | 'unknown-peer'
  | 'no-route'
  | 'peer-left'
  | 'queue-full'
  | 'refused'
  | 'too-large'
  | 'expired'
  | 'shutting-down'
  | 'cancelled'

/** The reasons with which a request can fail. */
export type RequestFailure = SendFailure | 'no-handler' | 'handler-failed'

const BY_CLOSE_CODE: ReadonlyMap<number, Reason> = new Map(
  (Object.keys(REASONS) as Reason[]).map((reason) => [REASONS[reason].closeCode, reason]),
)

const SEND_FAILURES: ReadonlySet<Reason> = new Set<Reason>([
  'unknown-peer',
  'no-route',
  'peer-left',
  'queue-full',
  'refused',
  'too-large',
  'expired',
  'shutting-down',
  'cancelled',
])

/** The reason with this close code, or `undefined` for a code of someone else's. */
export function reasonOfCloseCode(closeCode: number): Reason | undefined {
  return BY_CLOSE_CODE.get(closeCode)
}

/** Whether a send can end with `reason`. */
export function isSendFailure(reason: Reason): reason is SendFailure {
  return SEND_FAILURES.has(reason)
}
