// What the types of a node promise to a program: nothing here is run, `npm run check` compiles it, and the test of the
// package compiles it against the package as others install it. A line that must not compile says so above it.

import {
  type BroadcastAnswer,
  type BroadcastOptions,
  type ByReason,
  CORE_DEFAULTS,
  createNode,
  HearsayError,
  type HearsayErrorCode,
  type HistoryAnswer,
  type JsonValue,
  type LeaveReason,
  LINK_DEFAULTS,
  type Node,
  type NodeEvents,
  type NodeMessage,
  type NodeOptions,
  type NodeRequest,
  type PeerInfo,
  REASONS,
  type Reason,
  type ReasonFacts,
  type RequestAnswer,
  type RequestFailure,
  type SendAnswer,
  type SendFailure,
  type SendOptions,
  type TraceAnswer,
  type TrySendAnswer,
} from '../../src/index.ts'
import { type Equal, type Expect, exactly } from './expect.ts'

declare const node: Node

// Events: each has its own type, and there are no others.

export type Events = Expect<
  Equal<
    keyof NodeEvents,
    'message' | 'peer-join' | 'peer-leave' | 'neighbor-up' | 'neighbor-down' | 'stopped'
  >
>

node.on('message', (message) => {
  exactly<NodeMessage>()(message)
  exactly<JsonValue | Uint8Array>()(message.value)
  exactly<string | undefined>()(message.sender)
  exactly<'overlay' | 'http'>()(message.via)
  if (message.value instanceof Uint8Array) exactly<number>()(message.value.byteLength)
  // @ts-expect-error it is one object for all listeners
  message.from = 'somebody else'
  // @ts-expect-error a JSON value has to be looked at before something of it is used
  message.value.hello
})
node.on('peer-join', (peer) => exactly<PeerInfo>()(peer))
node.on('peer-leave', ({ name, kind, reason }) => {
  exactly<string>()(name)
  exactly<'node' | 'http'>()(kind)
  exactly<LeaveReason>()(reason)
})
node.on('neighbor-down', ({ reason }) => exactly<Reason>()(reason))
node.on('stopped', ({ reason }) => exactly<'name-taken'>()(reason))
const end = node.on('neighbor-up', () => {})
exactly<() => void>()(end)
// @ts-expect-error there is no such event
node.on('messages', () => {})
// @ts-expect-error a peer has no value
node.on('peer-join', ({ value }) => value)

// Outcomes: `status` says which one it is.

export async function outcomes(): Promise<void> {
  const sent = await node.send(
    'node8',
    { hello: ['there', 1, null, true] },
    { deadlineMs: 5_000, sender: 'me' },
  )
  exactly<SendAnswer>()(sent)
  // @ts-expect-error only what was delivered has travelled
  sent.hops
  // @ts-expect-error only what has failed has a reason
  sent.reason
  switch (sent.status) {
    case 'delivered':
      exactly<number>()(sent.hops)
      exactly<number>()(sent.rttMs)
      exactly<string>()(sent.id)
      break
    case 'failed':
      exactly<SendFailure>()(sent.reason)
      exactly<string>()(sent.at)
      exactly<string>()(REASONS[sent.reason].advice)
      break
    default:
      exactly<never>()(sent)
  }

  const broadcast = await node.broadcast(Uint8Array.of(1, 2), { sender: 'me' })
  exactly<BroadcastAnswer>()(broadcast)
  if (broadcast.status === 'sent') exactly<number>()(broadcast.neighbors)
  else exactly<SendFailure>()(broadcast.reason)
  // @ts-expect-error a broadcast is sent, not delivered
  broadcast.status === 'delivered'
}

// What can be sent: JSON and bytes.

type Greeting = { readonly hello: string; readonly times: readonly number[] }
declare const greeting: Greeting
export const sendable = [
  node.send('a', greeting),
  node.send('a', 'text'),
  node.send('a', null),
  node.send('a', Buffer.from('bytes')),
]
export const unsendable = [
  // @ts-expect-error not undefined
  node.send('a', undefined),
  // @ts-expect-error no functions
  node.send('a', { hello: () => 'there' }),
  // @ts-expect-error no dates: they would arrive as text
  node.send('a', new Date()),
  // @ts-expect-error no maps: they would arrive empty
  node.send('a', new Map([['a', 1]])),
  // @ts-expect-error no big integers
  node.broadcast(1n),
  // @ts-expect-error a name
  node.send(8, 'hello'),
  // @ts-expect-error something
  node.send('a'),
]

// Requests, topics and tries are told apart by `status`, too.

export async function others(): Promise<void> {
  const answer = await node.request({ tag: 'worker' }, 1)
  exactly<RequestAnswer>()(answer)
  // @ts-expect-error only an answer has a value
  answer.value
  if (answer.status === 'answered') exactly<JsonValue | Uint8Array>()(answer.value)
  else exactly<RequestFailure>()(answer.reason)
  const tried = node.trySend('a', 1)
  exactly<TrySendAnswer>()(tried)
  if (tried.status === 'accepted') exactly<SendAnswer>()(await tried.outcome)
  else exactly<SendFailure>()(tried.reason)
  const traced = await node.trace('a')
  exactly<TraceAnswer>()(traced)
  if (traced.status === 'traced') exactly<readonly string[]>()(traced.path)
  const past = await node.history('news/#', { from: 'node8' })
  exactly<HistoryAnswer>()(past)
  exactly<readonly NodeMessage[]>()(past.messages)
  if (past.status === 'failed') exactly<RequestFailure>()(past.reason)
  for await (const { value } of node.messages()) exactly<JsonValue | Uint8Array>()(value)
  exactly<() => void>()(node.subscribe('a/#', ({ topic }) => exactly<string | undefined>()(topic)))
  node.handle(({ value }) => (value instanceof Uint8Array ? value : { echo: value }))
  node.handle(async (request) => {
    exactly<NodeRequest>()(request)
    return undefined
  })
  // @ts-expect-error an answer is JSON or bytes
  node.handle(() => new Date())
  // @ts-expect-error a handler
  node.handle('answer')
}

// Options: all of them optional, and no others.

export const empty: NodeOptions = {}
export const full: Required<NodeOptions> = {
  name: 'a',
  listen: false,
  host: '127.0.0.1',
  allowOrigins: ['https://app.example'],
  url: 'ws://a:5000',
  bootstrap: ['ws://localhost:5000'],
  peers: [],
  tags: ['worker'],
  history: 10,
  logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  config: { ...CORE_DEFAULTS, heartbeatMs: 1_000 },
  link: { ...LINK_DEFAULTS, laneBytesMax: { control: 1, direct: 2, broadcast: 3 } },
  record: { file: 'a.rec', bytesMax: 1_048_576 },
}
export const options = [
  createNode(),
  createNode({ config: { heartbeatMs: 1_000 }, link: { closeTimeoutMs: 500 } }),
  // @ts-expect-error it is called bootstrap
  createNode({ bootstraps: ['ws://localhost:5000'] }),
  // @ts-expect-error a list
  createNode({ bootstrap: 'ws://localhost:5000' }),
  // @ts-expect-error a list
  createNode({ allowOrigins: '*' }),
  // @ts-expect-error a number, or false
  createNode({ listen: '5000' }),
  // @ts-expect-error there is no such setting
  createNode({ config: { heartbeat: 1_000 } }),
  // @ts-expect-error there is no such lane
  createNode({ link: { laneBytesMax: { fast: 1 } } }),
  // @ts-expect-error it is called deadlineMs
  node.send('a', 1, { deadline: 5 }),
  node.broadcast(1, { receipts: true, deadlineMs: 5 }),
  // @ts-expect-error it is called receipts
  node.broadcast(1, { receipt: true }),
  // @ts-expect-error a topic comes first
  node.publish({ topic: 'news' }),
  node.publish('news', 1, { signal: AbortSignal.timeout(5) }),
  // @ts-expect-error a tag is in an object of its own
  node.send({ name: 'a' }, 1),
]
export type OfSends = Expect<Equal<keyof SendOptions, 'deadlineMs' | 'sender' | 'signal' | 'traceparent'>>
export type OfBroadcasts = Expect<
  Equal<keyof BroadcastOptions, 'deadlineMs' | 'sender' | 'receipts' | 'signal' | 'traceparent'>
>

// What a node tells of itself is a copy that cannot be changed by mistake.

exactly<PeerInfo[]>()(node.peers())
exactly<ByReason>()(node.drops())
exactly<number | undefined>()(node.stats().linksEnded['link-lost'])
exactly<Promise<void>>()(node.ready())
exactly<Promise<void>>()(node.settled())
exactly<Promise<void>>()(node.close())
// @ts-expect-error a name is for life
node.name = 'b'
// @ts-expect-error nodes are made by createNode
export const made: Node = new Node()

export async function using(): Promise<void> {
  await using here = await createNode()
  exactly<Node>()(here)
  const disposable: AsyncDisposable = here
  await disposable[Symbol.asyncDispose]()
}

// Reasons and errors are words that can be compared, and typos are found.

exactly<ReasonFacts>()(REASONS['name-taken'])
export type Failures = Expect<Equal<SendFailure, Extract<Reason, SendFailure>>>
export type MoreFailures = Expect<
  Equal<Exclude<RequestFailure, SendFailure>, 'no-handler' | 'handler-failed'>
>
export function explain(error: unknown): string {
  if (!(error instanceof HearsayError)) return 'not ours'
  exactly<HearsayErrorCode>()(error.code)
  // @ts-expect-error there is no such code
  if (error.code === 'name-token') return 'never'
  return error.code === 'name-taken' ? 'choose another name' : error.message
}
// @ts-expect-error there is no such reason
export const typo: Reason = 'unknown-pear'
