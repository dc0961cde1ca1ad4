// What guests are told, in words and as JSON: each answer knows both forms, and only the one that is asked for is
// made. Pure functions; it must not know sockets. Text is for people, so everything in it that somebody else chose is
// made printable; a JSON line is, too, without changing what it means.

import {
  type BroadcastAnswer,
  type RequestAnswer,
  type SendAnswer,
  type TraceAnswer,
  type TraceHop,
  told,
} from '../answers.ts'
import type { LineForm, LineTag } from '../wire/line-requests.ts'
import type { JsonValue } from '../wire/payload.ts'
import { base64, printable, printableValue } from '../wire/printable.ts'
import type { GuestNeighbor, GuestPeer, ReceivedMessage } from './guest-host.ts'
import type { ExcerptLine, WatchedLine } from './overlay-lines.ts'
import { depthOf, spreadTree } from './spread-tree.ts'
import {
  byName,
  count,
  excerptOf,
  failureText,
  hopsText,
  msText,
  namesText,
  resultOf,
  wayText,
} from './wording.ts'

/** Something to tell a guest. */
export interface Answer {
  /** For people, without a line break at its end; lists have several lines. */
  readonly text: () => string
  /** For programs: the keys of the JSON line. */
  readonly json: () => { readonly event: string; readonly [key: string]: unknown }
}

/** `/peers` and `/trace *` show this many to people; JSON lines have all of them. */
export const PEERS_SHOWN_MAX = 1_000

/** What to put on the wire. */
export function lineOf(answer: Answer, form: LineForm, tag?: LineTag): string {
  if (form === 'text') return answer.text()
  const { event, ...rest } = answer.json()
  return printable(JSON.stringify({ event, ...(tag !== undefined && { tag }), ...rest }))
}

/** The first line that a guest sees. `example` is the name of a node. */
export function greeting(node: string, address: string, example: string): Answer {
  const text =
    `Welcome to ${node}, you are ${address}. ` +
    `Type @${example} hello (to one node), hello or @* hello (to all), /peers, /who, /ping ${example}, /trace ${example}, /sub news/# or /help`
  return { text: () => text, json: () => ({ event: 'welcome', node, you: address, text }) }
}

/** `/help`. */
export function help(node: string, address: string, example: string): Answer {
  const rows = [
    [`@${example} hello`, `a message to ${example}; how it ended comes back`],
    [`@${address} hello`, 'to one guest of a node'],
    ['hello  or  @* hello', 'a message to all nodes'],
    ['/peers', 'all nodes that can be reached, and how far away they are'],
    ['/who', `the neighbors and the guests of ${node}`],
    [`/ping ${example}`, `whether ${example} answers, and how fast`],
    [`/trace ${example}  or  /trace *`, `the way to ${example}, or that of a broadcast to all`],
    [`/ask ${example} hello`, `a question to the program of ${example}; its answer comes back`],
    ['/all hello', 'a message to all nodes, and how many of them have it'],
    ['/sub news/#', 'see the messages of topics; + stands for any one level, # for the rest; /unsub ends it'],
    ['/pub news/today hello', 'a message to all who listen to a topic'],
    ['/events on', 'see nodes come and go; /events off ends it'],
    [`{"to":"${example}","msg":"hello"}  {"to":"*","msg":"hello"}  {"cmd":"peers"}`],
    ['', 'for programs: a line that begins with { is answered in JSON lines'],
  ] as const
  const width = Math.max(...rows.map(([usage, meaning]) => (meaning === undefined ? 0 : usage.length)))
  const table = rows.map(([usage, meaning = '']) => `  ${usage.padEnd(width)}  ${meaning}`.trimEnd())
  const head = `You are ${address}, a guest of ${node}: you see what ${node} receives, and can type`
  const text = [head, ...table].join('\n')
  return { text: () => text, json: () => ({ event: 'help', text }) }
}

/** Something was wrong with what was typed. `text` is printable. */
export function mistake(text: string): Answer {
  return { text: () => text, json: () => ({ event: 'error', text }) }
}

/** What the node received. */
export function received(message: ReceivedMessage, toAddress?: string): Answer {
  const { from, sender, value, broadcast, id, topic, past } = message
  return {
    text: () =>
      `[MSG] From ${printable(sender ?? from)}${toAddress === undefined ? '' : ' to you'}` +
      `${topic === undefined ? '' : ` on ${printable(topic)}`}${past ? ' (before)' : ''}: ${printableValue(value)}`,
    json: () => ({
      event: 'message',
      from,
      ...(sender !== undefined && { sender }),
      ...(toAddress !== undefined && { to: toAddress }),
      ...(value instanceof Uint8Array ? { base64: base64(value) } : { msg: value }),
      broadcast,
      ...(id !== undefined && { id }),
      ...(topic !== undefined && { topic }),
      ...(past && { past }),
    }),
  }
}

/** What the node received, for those who watch: an excerpt, because a page shows a line of it. */
export function receivedExcerpt(message: ReceivedMessage): Answer {
  const { from, sender, value, broadcast, topic } = message
  const isBytes = value instanceof Uint8Array
  const text = isBytes ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return watchedLine({
    event: 'message',
    from,
    ...(sender !== undefined && { sender }),
    msg: isBytes ? `${value.length} bytes` : text.slice(0, WATCHED_CHARS_MAX),
    ...(isBytes || text.length > WATCHED_CHARS_MAX ? { cut: true as const } : {}),
    broadcast,
    ...(topic !== undefined && { topic }),
  })
}

/** What those who watch are shown of a message. */
const WATCHED_CHARS_MAX = 200

/** Where a direct message was to go. */
export interface SentTo {
  readonly address: string
  readonly node: string
  /** The id of a guest of another node: whether it is there, only that node knows. */
  readonly guest?: string
  /** The message, when its outcome could be taken for that of another one. */
  readonly excerptOf?: JsonValue
}

/** A line for those who watch the overlay: JSON, whatever they have typed since. */
export function watchedLine(line: WatchedLine | ExcerptLine): Answer {
  return { text: () => JSON.stringify(line), json: () => ({ ...line }) }
}

/** How a direct message ended. */
export function outcome(to: SentTo, answer: SendAnswer): Answer {
  const { address, node, guest } = to
  const excerpt = to.excerptOf === undefined ? '' : `: ${excerptOf(to.excerptOf)}`
  const target = guest === undefined ? node : `${node} for ${guest}`
  return {
    text: () =>
      answer.status === 'delivered'
        ? `delivered to ${target}, ${wayText(answer)}${excerpt}`
        : `not delivered to ${address}: ${failureText(answer)}${excerpt}`,
    json: () => ({ event: 'outcome', to: address, ...resultOf(answer) }),
  }
}

/** A message for a guest of this node `at`, who is or is not there. */
export function localOutcome(address: string, at: string, isThere: boolean): Answer {
  if (isThere) {
    return {
      text: () => `delivered to ${address}`,
      json: () => ({ event: 'outcome', to: address, status: 'delivered', hops: 0, rttMs: 0 }),
    }
  }
  const error = `${at} has no such guest`
  const reason = 'unknown-peer'
  return {
    text: () => `not delivered to ${address}: ${error}; /who lists them (${reason}, says ${at})`,
    json: () => ({ event: 'outcome', to: address, status: 'failed', error, reason, at }),
  }
}

/** How a broadcast ended. `excerptOf` as in {@link SentTo}. */
export function broadcastOutcome(answer: BroadcastAnswer, message?: JsonValue): Answer {
  const excerpt = message === undefined ? '' : `: ${excerptOf(message)}`
  return {
    text: () =>
      answer.status === 'sent'
        ? `sent to all, ${spreadText(answer)}${excerpt}`
        : `not sent to all: ${failureText(answer)}${excerpt}`,
    json: () => ({ event: 'outcome', to: '*', ...resultOf(answer) }),
  }
}

/** How a ping ended. */
export function pingOutcome(node: string, answer: SendAnswer): Answer {
  return {
    text: () =>
      answer.status === 'delivered'
        ? `${node} answers: ${wayText(answer)}`
        : `${node} does not answer: ${failureText(answer)}`,
    json: () => ({ event: 'ping', to: node, ...resultOf(answer) }),
  }
}

/** The way to a node. */
export function traceOutcome(node: string, answer: TraceAnswer): Answer {
  return {
    text: () =>
      answer.status === 'traced'
        ? `way to ${node}: ${pathText(answer.hops)}, ${hopsText(answer.hops.length)}`
        : `no way to ${node}: ${failureText(answer)}${farText(answer.hops)}`,
    json: () => ({ event: 'trace', to: node, ...resultOf(answer) }),
  }
}

/** How a question ended. */
export function requestOutcome(to: string, answer: RequestAnswer): Answer {
  return {
    text: () =>
      answer.status === 'answered'
        ? `answer of ${to}, ${wayText(answer)}: ${printableValue(answer.value)}`
        : `no answer of ${to}: ${failureText(answer)}`,
    json: () => {
      if (answer.status === 'failed' || !(answer.value instanceof Uint8Array)) {
        return { event: 'answer', to, ...resultOf(answer) }
      }
      const { value, ...rest } = answer
      return { event: 'answer', to, ...told(rest), base64: base64(value) }
    },
  }
}

/** The ways of a broadcast from `origin`, for people cut at `PEERS_SHOWN_MAX`. */
export function spreadOutcome(origin: string, answer: BroadcastAnswer): Answer {
  return {
    text: () => {
      if (answer.status === 'failed') return `no way to all: ${failureText(answer)}`
      const { receipts = [] } = answer
      const lines = spreadTree(origin, receipts)
      const hidden = lines.length - PEERS_SHOWN_MAX
      if (hidden > 0)
        lines.splice(PEERS_SHOWN_MAX, hidden, `and ${hidden} more: {"cmd":"trace","to":"*"} has all`)
      return [`way to all: ${spreadText(answer)}, ${hopsText(depthOf(receipts))} at most`, ...lines].join(
        '\n',
      )
    },
    json: () => ({ event: 'trace', to: '*', ...resultOf(answer) }),
  }
}

/** `/peers`: the nearest first, for people cut at `PEERS_SHOWN_MAX`. */
export function peerList(peers: readonly GuestPeer[]): Answer {
  const sorted = (): readonly GuestPeer[] =>
    [...peers].sort((a, b) => (a.hops ?? Infinity) - (b.hops ?? Infinity) || byName(a, b))
  return {
    text: () => {
      if (peers.length === 0) return 'no peers: this node is alone so far'
      const shown = sorted().slice(0, PEERS_SHOWN_MAX)
      const rows = shown.map(
        (peer) => [peer.name, distanceText(peer), peer.url ?? 'cannot be dialled'] as const,
      )
      const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
      const lines = rows.map(
        ([name, distance, where]) =>
          `  ${name.padEnd(widths[0] ?? 0)}  ${distance.padEnd(widths[1] ?? 0)}  ${printable(where)}`,
      )
      const hidden = peers.length - shown.length
      if (hidden > 0) lines.push(`  and ${hidden} more: {"cmd":"peers"} lists all of them`)
      return [`${count(peers.length, 'peer')}:`, ...lines].join('\n')
    },
    json: () => ({ event: 'peers', peers: sorted() }),
  }
}

/** `/who`. `you` is the id of the guest who asks. */
export function whoList(
  node: string,
  you: string,
  neighbors: readonly GuestNeighbor[],
  guests: readonly string[],
): Answer {
  const sorted = [...neighbors].sort(byName)
  const neighborTexts = sorted.map(
    ({ name, rttMs }) => name + (rttMs === undefined ? '' : ` (${msText(rttMs)})`),
  )
  const guestTexts = guests.map((id) => (id === you ? `${id} (you)` : id))
  return {
    text: () =>
      `${node} has ${count(sorted.length, 'neighbor')}${listText(neighborTexts)}\n` +
      `and ${count(guests.length, 'guest')}${listText(guestTexts)}`,
    json: () => ({
      event: 'who',
      node,
      you: `${node}/${you}`,
      neighbors: sorted,
      guests: guests.map((id) => `${node}/${id}`),
    }),
  }
}

// Parts of answers

function spreadText(answer: Extract<BroadcastAnswer, { status: 'sent' }>): string {
  const { neighbors, reached, of, missing = [] } = answer
  if (reached === undefined || of === undefined) {
    return neighbors === 0
      ? 'to the plain HTTP servers: no other node is there'
      : `over ${count(neighbors, 'link')}`
  }
  const names = namesText(missing)
  return `reached ${reached} of ${of}${names === '' ? '' : `, not ${names}`}`
}

function distanceText({ kind, hops }: GuestPeer): string {
  if (kind === 'http') return 'HTTP only'
  return hops === undefined ? '? hops' : hopsText(hops)
}

/** Each node on a way, and behind it what its link from the one before is like. */
function pathText(hops: readonly TraceHop[]): string {
  const [first] = hops
  const steps = hops.flatMap(({ next, rttMs, queuedBytes = 0 }) => {
    if (next === undefined) return []
    const facts = [
      ...(rttMs === undefined ? [] : [msText(rttMs)]),
      ...(queuedBytes === 0 ? [] : [`${queuedBytes} bytes wait`]),
    ]
    return [printable(next) + (facts.length === 0 ? '' : ` (${facts.join(', ')})`)]
  })
  return [printable(first?.node ?? ''), ...steps].join(' > ')
}

function farText(hops: readonly TraceHop[]): string {
  return hops.length < 2 ? '' : `; as far as ${pathText(hops)}`
}

function listText(texts: readonly string[]): string {
  return texts.length === 0 ? '' : `: ${texts.join(', ')}`
}
