// What guests are told, in words and as JSON: each answer knows both forms, and only the one that is asked for is
// made. Pure functions; it must not know sockets. Text is for people, so everything in it that somebody else chose is
// made printable; a JSON line is, too, without changing what it means.

import type { BroadcastAnswer, SendAnswer, SendFailed, TraceAnswer, TraceHop } from '../answers.ts'
import { REASONS } from '../core/reasons.ts'
import type { LineForm, LineTag } from '../wire/lines.ts'
import type { JsonValue } from '../wire/payload.ts'
import { base64, printable, printableValue } from '../wire/printable.ts'
import type { GuestNeighbor, GuestPeer, ReceivedMessage } from './guest-host.ts'

/** Something to tell a guest. */
export interface Answer {
  /** For people, without a line break at its end; lists have several lines. */
  readonly text: () => string
  /** For programs: the keys of the JSON line. */
  readonly json: () => { readonly event: string; readonly [key: string]: unknown }
}

/** `/peers` shows this many to people; JSON lines have all of them. */
export const PEERS_SHOWN_MAX = 1_000
/** How much of a message is repeated to tell two outcomes apart. */
const EXCERPT_CHARS_MAX = 30

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
    `Type @${example} hello (to one node), hello or @* hello (to all), /peers, /who, /ping ${example}, /trace ${example} or /help`
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
    [`/trace ${example}`, `the way to ${example}`],
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
  const { from, sender, value, broadcast } = message
  return {
    text: () =>
      `[MSG] From ${printable(sender ?? from)}${toAddress === undefined ? '' : ' to you'}: ${printableValue(value)}`,
    json: () => ({
      event: 'message',
      from,
      ...(sender !== undefined && { sender }),
      ...(toAddress !== undefined && { to: toAddress }),
      ...(value instanceof Uint8Array ? { base64: base64(value) } : { msg: value }),
      broadcast,
    }),
  }
}

/** Where a direct message was to go. */
export interface SentTo {
  readonly address: string
  readonly node: string
  /** The id of a guest of another node: whether it is there, only that node knows. */
  readonly guest?: string
  /** The message, when its outcome could be taken for that of another one. */
  readonly excerptOf?: JsonValue
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

const collator = new Intl.Collator('en', { numeric: true })

/** node2 before node10. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return collator.compare(a.name, b.name)
}

/** An answer's own keys, with a sentence for people where it failed. */
function resultOf(answer: SendAnswer | BroadcastAnswer | TraceAnswer): Readonly<Record<string, unknown>> {
  return answer.status === 'failed' ? { ...answer, error: REASONS[answer.reason].text } : { ...answer }
}

function failureText({ reason, at }: SendFailed): string {
  // The one mistake that a guest makes and can mend at once; the advice of the others would only make the line long.
  const hint = reason === 'unknown-peer' ? '; /peers lists all that are' : ''
  return `${REASONS[reason].text}${hint} (${reason}, says ${at})`
}

function wayText({ hops, rttMs }: { readonly hops: number; readonly rttMs: number }): string {
  return `${hopsText(hops)}, ${msText(rttMs)}`
}

function spreadText(answer: Extract<BroadcastAnswer, { status: 'sent' }>): string {
  const { neighbors, reached, of, missing = [] } = answer
  if (reached === undefined || of === undefined) return `over ${count(neighbors, 'link')}`
  const names = missing.slice(0, 10).join(', ') + (missing.length > 10 ? ', …' : '')
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

function hopsText(hops: number): string {
  return count(hops, 'hop')
}

function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}

function msText(ms: number): string {
  return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`
}

function excerptOf(message: JsonValue): string {
  const text = printableValue(message)
  return text.length > EXCERPT_CHARS_MAX ? printable(`${text.slice(0, EXCERPT_CHARS_MAX)}…`) : text
}
