// What a line of line mode can ask for (design section 8), and the words that both of its forms share: addresses, and the
// texts of mistakes. Pure functions. It must not read lines, nor carry anything out.

import { CORE_DEFAULTS } from '../core/config.ts'
import { type NodeName, parseNodeName } from '../core/messages.ts'
import { LIMITS } from './limits.ts'
import type { JsonValue } from './payload.ts'
import { printable } from './printable.ts'

/** How the answer to a line is written: JSON lines for a line that begins with `{`, text for every other. */
export type LineForm = 'text' | 'json'

/** A program's own mark on a JSON line, repeated in the answer: a number, or up to `TAG_CHARS_MAX` characters. */
export type LineTag = string | number

/** Who is meant: a node, or a guest of a node. */
export interface Address {
  readonly node: NodeName
  /** The guest's id: `guest-3f` of `node8/guest-3f`. Same syntax as a node's name. */
  readonly guest?: string
}

/** What can be asked without naming anybody. */
export type Question = 'peers' | 'who' | 'help'

/** How long to try, from now: 1 to `deadlineMaxMs` of core/config; absent: the node's default. JSON lines only. */
interface Patience {
  readonly deadlineMs?: number
  /** Goes with what is sent (W3C Trace Context, section 3.2). JSON lines only. */
  readonly traceparent?: string
}

/** What a line asks for. Blanks at both ends of a line do not count. */
export type LineRequest =
  /** An empty line. */
  | { readonly type: 'nothing' }
  | ({ readonly type: 'direct'; readonly to: Address; readonly msg: JsonValue } & Patience)
  /** `receipts`: wait until all nodes have it, and say so. */
  | ({ readonly type: 'broadcast'; readonly msg: JsonValue; readonly receipts?: true } & Patience)
  /** A question to the program of a node, whose answer comes back. */
  | ({ readonly type: 'request'; readonly to: NodeName; readonly msg: JsonValue } & Patience)
  | ({
      readonly type: 'publish'
      readonly topic: string
      readonly msg: JsonValue
      readonly receipts?: true
    } & Patience)
  | { readonly type: 'subscribe' | 'unsubscribe'; readonly filter: string }
  /** What was broadcast before; without a filter what had no topic. JSON lines only. */
  | ({ readonly type: 'history'; readonly filter?: string } & Patience)
  /** Whether to be told of nodes that come and go. */
  | { readonly type: 'events'; readonly on: boolean }
  /** Whether to be told of the overlay as a whole (guests/overlay-lines). JSON lines only. */
  | { readonly type: 'watch'; readonly on: boolean }
  /** One who watches has seen the lines up to those of this `atMs`. JSON lines only; not answered. */
  | { readonly type: 'seen'; readonly atMs: number }
  | { readonly type: Question }
  | ({ readonly type: 'ping'; readonly to: NodeName } & Patience)
  /** `*`: the way of a broadcast to all nodes. */
  | ({ readonly type: 'trace'; readonly to: NodeName | '*' } & Patience)
  /** `text`: one printable line for whoever typed it. */
  | { readonly type: 'mistake'; readonly text: string }

/** A line that was understood, or a mistake. */
export type LineCommand = LineRequest & { readonly form: LineForm; readonly tag?: LineTag }

/** How much of what was typed is repeated in a mistake's text. */
const ECHOED_CHARS_MAX = 40

/** For mistakes: how names are written. */
export const NAME_SYNTAX = "letters, digits, '.', '_' and '-', at most 64, the first a letter or a digit"
/** For mistakes: how topics are written. */
export const TOPIC_SYNTAX = `levels between slashes, at most ${LIMITS.topicBytesMax} bytes, without + and #`
/** For mistakes: how topic filters are written. */
export const FILTER_SYNTAX = `levels between slashes, at most ${LIMITS.topicBytesMax} bytes; a whole level may be +, the last one #`

/** The address in `node12` or `node8/guest-3f`, or `undefined` when it breaks the syntax. */
export function parseAddress(text: string): Address | undefined {
  const slash = text.indexOf('/')
  const node = parseNodeName(slash === -1 ? text : text.slice(0, slash))
  if (node === undefined) return undefined
  if (slash === -1) return { node }
  const guest = parseNodeName(text.slice(slash + 1))
  return guest === undefined ? undefined : { node, guest }
}

/** An address as it is typed: the inverse of {@link parseAddress}. */
export function addressText({ node, guest }: Address): string {
  return guest === undefined ? node : `${node}/${guest}`
}

/** What was typed, for a mistake's text: printable and cut. */
export function quoted(text: string): string {
  return printable(text.length > ECHOED_CHARS_MAX ? `"${text.slice(0, ECHOED_CHARS_MAX)}…"` : `"${text}"`)
}

/** A line that is none. */
export function mistake(text: string): Extract<LineRequest, { type: 'mistake' }> {
  return { type: 'mistake', text }
}

/** Whether this asks something without naming anybody. */
export function isQuestion(command: string): command is Question {
  return command === 'peers' || command === 'who' || command === 'help'
}

/** Whether this is how long to try, in ms. */
export function isDeadline(value: JsonValue): value is number {
  return (
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= CORE_DEFAULTS.deadlineMaxMs
  )
}
