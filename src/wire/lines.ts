// Line mode's grammar (design section 8): what a person or a small program who is a guest of a node can type.
// Pure functions. It must not carry anything out, and nothing that is typed makes it throw: a mistake is a value with
// one line that says what was wrong and what to type instead.
//
//   @node12 hello            to one node              /peers  /who  /help
//   @node8/guest-3f hello    to a guest of a node     /ping node12  /trace node12
//   @* hello,  hello         to all nodes
//   {"to":"node12","msg":"hello"}  {"to":"*","msg":"hello"}  {"cmd":"peers"}  {"cmd":"ping","to":"node12"}

import { CORE_DEFAULTS } from '../core/config.ts'
import { type NodeName, parseNodeName } from '../core/messages.ts'
import { utf8Size } from './byte-writer.ts'
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

/** What a line asks for. Blanks at both ends of a line do not count. */
export type LineRequest =
  /** An empty line. */
  | { readonly type: 'nothing' }
  /** `deadlineMs`: when to give up, 1 to `deadlineMaxMs` of core/config; absent: the node's default. JSON lines only. */
  | {
      readonly type: 'direct'
      readonly to: Address
      readonly msg: JsonValue
      readonly deadlineMs?: number
    }
  | { readonly type: 'broadcast'; readonly msg: JsonValue }
  | { readonly type: Question }
  | { readonly type: 'ping' | 'trace'; readonly to: NodeName }
  /** `text`: one printable line for whoever typed it. */
  | { readonly type: 'mistake'; readonly text: string }

/** A line that was understood, or a mistake. */
export type LineCommand = LineRequest & { readonly form: LineForm; readonly tag?: LineTag }

/** Longest tag of a JSON line, in UTF-16 code units. */
export const TAG_CHARS_MAX = 128

/** How much of what was typed is repeated in a mistake's text. */
const ECHOED_CHARS_MAX = 40
const NAME_SYNTAX = "letters, digits, '.', '_' and '-', at most 64, the first a letter or a digit"
const COMMANDS = 'Type /peers, /who, /ping node12, /trace node12 or /help'
const JSON_EXAMPLES = 'Type {"to":"node12","msg":"hello"}, {"to":"*","msg":"hello"} or {"cmd":"peers"}'

/**
 * Reads one line, with or without a line break at its end. A line break within it belongs to the message. A plain
 * line that would begin with `@`, `/` or `{` can be sent as `@* /like this`.
 */
export function parseLine(text: string): LineCommand {
  const line = text.trim()
  if (line === '') return { type: 'nothing', form: 'text' }
  const form = line.startsWith('{') ? 'json' : 'text'
  const size = utf8Size(text.replace(/\r?\n$/, ''))
  if (size > LIMITS.lineBytesMax) {
    const limit = `at most ${LIMITS.lineBytesMax} go into one`
    return {
      ...mistake(`That line has ${size} bytes, ${limit}. Larger messages can go by POST /message`),
      form,
    }
  }
  if (form === 'json') return { ...parseJson(line), form }
  return { ...parseText(line), form }
}

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

function mistake(text: string): LineRequest {
  return { type: 'mistake', text }
}

// Text

function parseText(line: string): LineRequest {
  if (line.startsWith('@')) return parseDirect(line)
  if (line.startsWith('/')) return parseCommand(line)
  return { type: 'broadcast', msg: line }
}

function parseDirect(line: string): LineRequest {
  const [target, msg] = splitFirstWord(line.slice(1))
  if (target === '') return mistake('There is no name right behind the @. Type @node12 hello, or @* hello')
  if (target === '*') {
    return msg === '' ? mistake('There is no message. Type @* hello') : { type: 'broadcast', msg }
  }
  const to = parseAddress(target)
  if (to === undefined) return badName(target, (name) => `@${name} hello`)
  if (msg === '') return mistake(`There is no message. Type @${addressText(to)} hello`)
  return { type: 'direct', to, msg }
}

function parseCommand(line: string): LineRequest {
  const [word, rest] = splitFirstWord(line.slice(1))
  const command = word.toLowerCase()
  if (isQuestion(command)) {
    return rest === ''
      ? { type: command }
      : mistake(`Nothing goes behind /${command}. Type /${command} alone`)
  }
  if (isProbe(command)) return parseProbe(command, rest)
  if (['quit', 'exit', 'bye', 'q'].includes(command)) return mistake('Press Ctrl-C to leave')
  return mistake(`${quoted(`/${word}`)} is no command. ${COMMANDS}`)
}

function parseProbe(type: 'ping' | 'trace', target: string): LineRequest {
  if (target === '') return mistake(`Whom? Type /${type} node12`)
  const to = parseAddress(target.replace(/^@/, ''))
  if (to === undefined) return badName(target, (name) => `/${type} ${name}`)
  if (to.guest !== undefined) return mistake(`That is a guest. Type /${type} ${to.node}`)
  return { type, to: to.node }
}

/** `usage` shows how the line goes with a good name. */
function badName(target: string, usage: (name: string) => string): LineRequest {
  // "@node12: hello", as in many chats.
  const meant = parseAddress(target.replace(/[:,;]+$/, ''))
  const name = meant === undefined ? 'node12' : addressText(meant)
  return mistake(`${quoted(target)} is not a name (${NAME_SYNTAX}). Type ${usage(name)}`)
}

function splitFirstWord(text: string): readonly [word: string, rest: string] {
  const blank = text.search(/\s/)
  return blank === -1 ? [text, ''] : [text.slice(0, blank), text.slice(blank).trim()]
}

function isQuestion(command: string): command is Question {
  return command === 'peers' || command === 'who' || command === 'help'
}

function isProbe(command: string): command is 'ping' | 'trace' {
  return command === 'ping' || command === 'trace'
}

// JSON

/** The keys that are looked at. Others are ignored, as in every JSON that people send. */
interface Fields {
  readonly to?: JsonValue
  readonly msg?: JsonValue
  readonly cmd?: JsonValue
  readonly tag?: JsonValue
  readonly deadlineMs?: JsonValue
}

function parseJson(line: string): LineRequest & { readonly tag?: LineTag } {
  let fields: Fields
  try {
    // Begins with `{`, so whatever parses is an object.
    fields = JSON.parse(line) as Fields
  } catch (error) {
    // The engine's message says where: "… at position 12 (line 1 column 13)". It repeats what was typed.
    return mistake(`That is not JSON: ${printable((error as Error).message)}. ${JSON_EXAMPLES}`)
  }
  const { tag } = fields
  if (isMissing(tag)) return parseFields(fields)
  const isText = typeof tag === 'string' && tag.length <= TAG_CHARS_MAX
  if (!isText && !(typeof tag === 'number' && Number.isFinite(tag))) {
    return mistake(`"tag" must be a number or a string of at most ${TAG_CHARS_MAX} characters`)
  }
  return { ...parseFields(fields), tag }
}

function parseFields({ to, msg, cmd, deadlineMs }: Fields): LineRequest {
  if (!isMissing(cmd)) return parseJsonCommand(cmd, to)
  if (isMissing(to)) return mistake(`"to" is missing. ${JSON_EXAMPLES}`)
  if (isMissing(msg)) return mistake(`"msg" is missing. ${JSON_EXAMPLES}`)
  const problem = valueProblem(msg, LIMITS.jsonDepthMax)
  if (problem !== undefined) return mistake(`"msg" ${problem}`)
  if (to === '*') return { type: 'broadcast', msg }
  const address = typeof to === 'string' ? parseAddress(to) : undefined
  if (address === undefined) return badJsonName(to)
  if (isMissing(deadlineMs)) return { type: 'direct', to: address, msg }
  if (!isDeadline(deadlineMs)) {
    return mistake(
      `"deadlineMs" must be a whole number of milliseconds from 1 to ${CORE_DEFAULTS.deadlineMaxMs}`,
    )
  }
  return { type: 'direct', to: address, msg, deadlineMs }
}

function parseJsonCommand(cmd: JsonValue, to: JsonValue | undefined): LineRequest {
  if (typeof cmd === 'string' && isQuestion(cmd)) return { type: cmd }
  if (typeof cmd !== 'string' || !isProbe(cmd)) {
    return mistake('"cmd" must be "peers", "who", "ping", "trace" or "help"')
  }
  if (isMissing(to)) return mistake(`"to" is missing. Type {"cmd":"${cmd}","to":"node12"}`)
  const node = typeof to === 'string' ? parseNodeName(to) : undefined
  return node === undefined ? badJsonName(to) : { type: cmd, to: node }
}

function badJsonName(to: JsonValue): LineRequest {
  const typed = typeof to === 'string' ? quoted(to) : `a ${Array.isArray(to) ? 'list' : typeof to}`
  return mistake(`"to" must be the name of a node (${NAME_SYNTAX}), and not ${typed}. ${JSON_EXAMPLES}`)
}

/** `null` and `""` count as missing, as in `POST /message`. */
function isMissing(value: JsonValue | undefined): value is undefined | null | '' {
  return value === undefined || value === null || value === ''
}

function isDeadline(value: JsonValue): value is number {
  return (
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= CORE_DEFAULTS.deadlineMaxMs
  )
}

/** Why `value`, which came out of JSON, cannot be a payload; `levels` of lists and objects are allowed. */
function valueProblem(value: JsonValue, levels: number): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'has a number that is too large'
  if (typeof value !== 'object' || value === null) return undefined
  if (levels === 0) return `is nested deeper than ${LIMITS.jsonDepthMax} levels`
  for (const child of Object.values(value)) {
    const problem = valueProblem(child, levels - 1)
    if (problem !== undefined) return problem
  }
  return undefined
}
