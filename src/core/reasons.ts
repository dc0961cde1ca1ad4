// The one registry of reasons: why a send failed, a link was closed, a frame was dropped. Outcomes, close frames,
// refusals, log fields, metrics labels, HTTP statuses and exit codes all draw on it, so that one word has one meaning.
// It must not hold behaviour: what follows from a reason is decided by whoever meets it. docs/ERRORS.md lists it for people.

/** What is fixed about a reason. */
export interface ReasonFacts {
  /** WebSocket close code (RFC 6455 section 7.4.2: 4000–4999 is for applications), and its number on the wire. */
  readonly closeCode: number
  /** One sentence for people: what happened. */
  readonly text: string
  /** One sentence for people: what to do about it. */
  readonly advice: string
  /** Whether the side that is told this may dial the same process again. */
  readonly reconnect: boolean
  /** HTTP status when a request fails for it; 0: it never fails one. */
  readonly httpStatus: number
}

const fact = (
  closeCode: number,
  text: string,
  advice: string,
  { reconnect = true, httpStatus = 0 }: { readonly reconnect?: boolean; readonly httpStatus?: number } = {},
): ReasonFacts => ({ closeCode, text, advice, reconnect, httpStatus })

/** Every reason, by its code. Codes and numbers are part of the protocol: add, never renumber. */
export const REASONS = {
  // How a link ends.
  left: fact(
    4000,
    'the node is leaving the overlay',
    'Nothing: when it is started again, it finds the others by itself',
    { reconnect: false },
  ),
  'shutting-down': fact(
    4001,
    'the node is shutting down',
    'Try again when it is back, or at another node; what was under way may have arrived',
    { httpStatus: 503 },
  ),
  replaced: fact(
    4002,
    'a newer link with the same node took its place',
    "Nothing, if it happens once; else look for a second process with this node's name",
    { reconnect: false },
  ),
  'crossed-dial': fact(
    4003,
    'both ends dialled; the link dialled by the smaller name is kept',
    'Nothing: the other link of the two is in use',
    { reconnect: false },
  ),
  self: fact(
    4004,
    'the node dialled itself',
    "Nothing: it will not dial this address again; the node's own address need not be among its peers",
    { reconnect: false },
  ),
  trimmed: fact(
    4005,
    'the node has more links than it needs; link to another one',
    'Nothing: only a link is trimmed beside which another way leads on',
  ),
  full: fact(
    4006,
    'the node has as many links as it accepts; try another one',
    'Nodes try another one by themselves; people and plain HTTP peers take another one, or come back later',
    { httpStatus: 503 },
  ),
  'name-taken': fact(
    4007,
    'the name is in use by another live process; choose another name',
    'Give one of the two another name (--name, NODE_NAME), or stop the other process',
    { reconnect: false, httpStatus: 409 },
  ),
  'hello-timeout': fact(
    4008,
    'no hello arrived in time',
    'Check that a hearsay process is at the other end, and that neither machine is overloaded',
  ),
  silent: fact(
    4009,
    'nothing was heard for three heartbeats',
    'If the other process runs, look for what holds it up: an overloaded machine, or a network that loses packets',
  ),
  stalled: fact(
    4010,
    'the link made no progress; the reader is too slow or gone',
    'Send less to this reader, or find out what holds it up',
  ),
  'link-lost': fact(
    4011,
    'the connection broke without a close frame',
    'If it happens often, look at the network, and whether the other process crashes',
  ),
  outdated: fact(
    4012,
    'a newer run of the same node is linked already',
    "Nothing, if the node was restarted; else look for a second process with this node's name",
    { reconnect: false },
  ),
  // What was wrong with what came in.
  malformed: fact(
    4020,
    'the frame does not decode',
    'Correct the sender: the detail says what is wrong, and docs/PROTOCOL.md how it has to be',
    { httpStatus: 400 },
  ),
  'protocol-error': fact(
    4021,
    'the frame is not allowed here',
    'Correct the sender: the detail names the frame, and docs/PROTOCOL.md says when it is allowed',
  ),
  'unsupported-protocol': fact(
    4022,
    'the protocol version is not spoken here',
    'Run versions of hearsay that speak the same protocol',
    { reconnect: false },
  ),
  'wrong-role': fact(
    4023,
    'the other end is not what was expected: node and bootstrap are told apart',
    'Give bootstraps with --bootstrap (BOOTSTRAP_URL) and nodes with --peers (HEARSAY_PEERS)',
    { reconnect: false },
  ),
  'not-binary': fact(
    4024,
    'a hearsay.1 link takes binary frames only',
    'Send binary frames, or connect without a sub-protocol: that is line mode',
  ),
  // How a send ends when it does not arrive.
  'unknown-peer': fact(
    4040,
    'no node of this name is known',
    'Look for the name in the list of peers (/peers): it may be spelled differently, or not have joined yet',
    { httpStatus: 404 },
  ),
  'no-route': fact(
    4041,
    'no path of links leads there',
    'Send it again in a few seconds, in which the network finds another way, if there is one',
    { httpStatus: 503 },
  ),
  'peer-left': fact(
    4042,
    'the node has left or was restarted',
    'Send it again when the node is back, if it does no harm twice: it may have arrived',
    { httpStatus: 503 },
  ),
  'queue-full': fact(
    4043,
    'the queue is full; send slower',
    'Wait for the outcomes of earlier messages before you send more; where the receiver says so, its program does not take what comes',
    { httpStatus: 503 },
  ),
  refused: fact(
    4044,
    'the receiver refused the message',
    'Look into the log of the receiver: it has answered with an error',
    { httpStatus: 503 },
  ),
  'too-large': fact(
    4045,
    'the message is larger than the limit',
    'Send less than 1 MiB at once: in parts, or only where the data can be fetched',
    { httpStatus: 413 },
  ),
  expired: fact(
    4046,
    'no acknowledgement came before the deadline',
    'Send it again with a later deadline, if it does no harm twice: it may have arrived',
    { httpStatus: 504 },
  ),
  cancelled: fact(
    4047,
    'the sender gave the message up',
    'Nothing: your program has given it up, and it may have arrived all the same',
    { httpStatus: 503 },
  ),
  // How a request ends that has arrived.
  'no-handler': fact(
    4048,
    'the receiver takes no requests',
    'Have the program there call handle(), or send a message in place of a request',
    { httpStatus: 501 },
  ),
  'handler-failed': fact(
    4049,
    'the handler of the receiver threw an error',
    'Look at the text that came with it, and into the log of the receiver',
    { httpStatus: 502 },
  ),
  // Why a frame was dropped. Never told to a user, always counted.
  duplicate: fact(
    4060,
    'the frame was seen before',
    'Nothing: messages may come by several ways, and are handed over once',
  ),
  'hops-exceeded': fact(
    4061,
    'the frame travelled too many links',
    'If it goes on, raise hopsMax: the network is longer than that',
  ),
  'stale-incarnation': fact(
    4062,
    'the frame belongs to an earlier run of a node',
    'Nothing: it was under way when the node was restarted',
  ),
  'unknown-frame': fact(
    4063,
    'the frame is of a type that this version does not know',
    'Nothing, unless you need what the newer version can do: then update this one',
  ),
  'directory-full': fact(
    4064,
    'the directory has reached its size limit',
    'Raise directoryNodesMax on every node, or run fewer nodes',
  ),
  'own-record': fact(
    4065,
    "another process published a record under this node's name",
    "Nothing, if the node was restarted; else look for a second process with this node's name",
  ),
  'not-an-origin': fact(
    4066,
    'a broadcast record does not belong to the origin of its broadcast',
    'Look for what is at the other end of the link: no hearsay node sends this',
  ),
  missed: fact(
    4067,
    'a broadcast was announced, and nobody who had it could send it',
    'If it goes on, raise cacheBytesMax, or broadcast less at a time',
  ),
} as const satisfies Record<string, ReasonFacts>

/** A reason's code: the word that logs, metrics, errors and JSON answers use. */
export type Reason = keyof typeof REASONS

const SEND_FAILURES = [
  'unknown-peer',
  'no-route',
  'peer-left',
  'queue-full',
  'refused',
  'too-large',
  'expired',
  'shutting-down',
  'cancelled',
] as const satisfies readonly Reason[]

/** The reasons with which a send can fail. */
export type SendFailure = (typeof SEND_FAILURES)[number]

/** The reasons with which a request can fail. */
export type RequestFailure = SendFailure | 'no-handler' | 'handler-failed'

/** All reasons. */
export const ALL_REASONS: readonly Reason[] = Object.keys(REASONS) as Reason[]

const BY_CLOSE_CODE: ReadonlyMap<number, Reason> = new Map(
  ALL_REASONS.map((reason) => [REASONS[reason].closeCode, reason]),
)

const IS_SEND_FAILURE: ReadonlySet<Reason> = new Set<Reason>(SEND_FAILURES)

/** The reason with this close code, or `undefined` for a code of someone else's. */
export function reasonOfCloseCode(closeCode: number): Reason | undefined {
  return BY_CLOSE_CODE.get(closeCode)
}

/** Whether `code` is one of {@link REASONS}: what other processes name may be something later versions have. */
export function isReason(code: unknown): code is Reason {
  return typeof code === 'string' && Object.hasOwn(REASONS, code)
}

/** Whether a request can end with `reason`. */
export function isRequestFailure(reason: Reason): reason is RequestFailure {
  return isSendFailure(reason) || reason === 'no-handler' || reason === 'handler-failed'
}

/** Whether a send can end with `reason`. */
export function isSendFailure(reason: Reason): reason is SendFailure {
  return IS_SEND_FAILURE.has(reason)
}

/** Close codes from here on end no connection: they are of messages and of requests only. */
const CONNECTION_CODES_END = 4_040

/** Whether a connection can end with `reason`. */
export function isConnectionEnd(reason: Reason): boolean {
  return REASONS[reason].closeCode < CONNECTION_CODES_END
}
