// Line mode's JSON form: what a small program types. Pure functions; a mistake is a value. Keys that are not known are
// ignored, as in every JSON that people send. It must not carry anything out.

import { CORE_DEFAULTS } from '../core/config.ts'
import { type NodeName, parseNodeName } from '../core/messages.ts'
import { LIMITS } from './limits.ts'
import {
  FILTER_SYNTAX,
  isDeadline,
  isQuestion,
  type LineRequest,
  type LineTag,
  mistake,
  NAME_SYNTAX,
  parseAddress,
  quoted,
  TOPIC_SYNTAX,
} from './line-requests.ts'
import type { JsonValue } from './payload.ts'
import { printable } from './printable.ts'
import { isTopic, isTopicFilter } from './topics.ts'
import { isTraceparent, TRACEPARENT_EXAMPLE } from './traceparent.ts'

/** Longest tag of a JSON line, in UTF-16 code units. */
export const TAG_CHARS_MAX = 128

const EXAMPLES = 'Type {"to":"node12","msg":"hello"}, {"to":"*","msg":"hello"} or {"cmd":"peers"}'

/** What each `cmd` that names something looks like, for mistakes. */
const USAGES: Readonly<Record<string, string>> = {
  ping: '{"cmd":"ping","to":"node12"}',
  trace: '{"cmd":"trace","to":"node12"}',
  request: '{"cmd":"request","to":"node12","msg":"hello"}',
  publish: '{"cmd":"publish","topic":"news/today","msg":"hello"}',
  subscribe: '{"cmd":"subscribe","filter":"news/#"}',
  unsubscribe: '{"cmd":"unsubscribe","filter":"news/#"}',
  history: '{"cmd":"history","filter":"news/#"}',
  events: '{"cmd":"events","on":true}',
  watch: '{"cmd":"watch","on":true}',
  seen: '{"cmd":"seen","atMs":1795438603746}',
}
const COMMANDS = ['peers', 'who', 'help', ...Object.keys(USAGES)].map((name) => `"${name}"`)
const COMMANDS_TEXT = `${COMMANDS.slice(0, -1).join(', ')} or ${COMMANDS.at(-1)}`

/** The keys that are looked at. */
interface Fields {
  readonly to?: JsonValue
  readonly msg?: JsonValue
  readonly cmd?: JsonValue
  readonly tag?: JsonValue
  readonly deadlineMs?: JsonValue
  readonly receipts?: JsonValue
  readonly topic?: JsonValue
  readonly filter?: JsonValue
  readonly on?: JsonValue
  readonly atMs?: JsonValue
  readonly traceparent?: JsonValue
}

/** A value, or the mistake that it is. */
type Read<T> = { readonly value: T } | { readonly mistake: LineRequest }

/** Reads a line without blanks at its ends, which begins with `{`. */
export function parseJsonLine(line: string): LineRequest & { readonly tag?: LineTag } {
  let fields: Fields
  try {
    // Begins with `{`, so whatever parses is an object.
    fields = JSON.parse(line) as Fields
  } catch (error) {
    // The engine's message says where: "… at position 12 (line 1 column 13)". It repeats what was typed.
    return mistake(`That is not JSON: ${printable((error as Error).message)}. ${EXAMPLES}`)
  }
  const { tag } = fields
  if (isMissing(tag)) return parseFields(fields)
  const isText = typeof tag === 'string' && tag.length <= TAG_CHARS_MAX
  if (!isText && !(typeof tag === 'number' && Number.isFinite(tag))) {
    return mistake(`"tag" must be a number or a string of at most ${TAG_CHARS_MAX} characters`)
  }
  return { ...parseFields(fields), tag }
}

function parseFields(fields: Fields): LineRequest {
  const { cmd, to } = fields
  if (!isMissing(cmd)) return parseCommand(cmd, fields)
  if (isMissing(to)) return mistake(`"to" is missing. ${EXAMPLES}`)
  return withMessage(fields, EXAMPLES, (msg) => {
    if (to === '*') return withHow(fields, (how) => ({ type: 'broadcast', msg, ...how }))
    const address = typeof to === 'string' ? parseAddress(to) : undefined
    if (address === undefined) return badName(to)
    if (fields.receipts === true) {
      return mistake('"receipts" must be left out for one node: a message to one is always acknowledged')
    }
    return withTrace(fields, (how) => ({ type: 'direct', to: address, msg, ...how }))
  })
}

function parseCommand(cmd: JsonValue, fields: Fields): LineRequest {
  if (typeof cmd === 'string' && isQuestion(cmd)) return { type: cmd }
  const usage = typeof cmd === 'string' && Object.hasOwn(USAGES, cmd) ? `Type ${USAGES[cmd]}` : ''
  switch (usage === '' ? undefined : cmd) {
    case 'ping':
      return withNode(fields, usage, (to) => withDeadline(fields, (how) => ({ type: 'ping', to, ...how })))
    case 'trace':
      return fields.to === '*'
        ? withDeadline(fields, (how) => ({ type: 'trace', to: '*', ...how }))
        : withNode(fields, usage, (to) => withDeadline(fields, (how) => ({ type: 'trace', to, ...how })))
    case 'request':
      return withNode(fields, usage, (to) =>
        withMessage(fields, usage, (msg) =>
          withTrace(fields, (how) => ({ type: 'request', to, msg, ...how })),
        ),
      )
    case 'publish':
      return parsePublish(fields, usage)
    case 'subscribe':
    case 'unsubscribe':
      return withFilter(fields, usage, (filter) => ({ type: cmd as 'subscribe' | 'unsubscribe', filter }))
    case 'history':
      return isMissing(fields.filter)
        ? withDeadline(fields, (how) => ({ type: 'history', ...how }))
        : withFilter(fields, usage, (filter) =>
            withDeadline(fields, (how) => ({ type: 'history', filter, ...how })),
          )
    case 'events':
    case 'watch':
      return typeof fields.on === 'boolean'
        ? { type: cmd as 'events' | 'watch', on: fields.on }
        : mistake(`"on" must be true or false. ${usage}`)
    case 'seen':
      return typeof fields.atMs === 'number'
        ? { type: 'seen', atMs: fields.atMs }
        : mistake(`"atMs" must be that of the last line. ${usage}`)
    default:
      return mistake(`"cmd" must be ${COMMANDS_TEXT}`)
  }
}

function parsePublish(fields: Fields, usage: string): LineRequest {
  const { topic } = fields
  if (isMissing(topic)) return mistake(`"topic" is missing. ${usage}`)
  if (typeof topic !== 'string' || !isTopic(topic)) {
    return mistake(`"topic" must be a topic (${TOPIC_SYNTAX}), and not ${typed(topic)}. ${usage}`)
  }
  return withMessage(fields, usage, (msg) =>
    withHow(fields, (how) => ({ type: 'publish', topic, msg, ...how })),
  )
}

// What a key must be. Each hands what it has read on to `make`, or answers with the mistake.

function withNode({ to }: Fields, usage: string, make: (to: NodeName) => LineRequest): LineRequest {
  if (isMissing(to)) return mistake(`"to" is missing. ${usage}`)
  const node = typeof to === 'string' ? parseNodeName(to) : undefined
  return node === undefined ? badName(to) : make(node)
}

function withMessage({ msg }: Fields, usage: string, make: (msg: JsonValue) => LineRequest): LineRequest {
  if (isMissing(msg)) return mistake(`"msg" is missing. ${usage}`)
  const problem = valueProblem(msg, LIMITS.jsonDepthMax)
  return problem === undefined ? make(msg) : mistake(`"msg" ${problem}`)
}

function withFilter({ filter }: Fields, usage: string, make: (filter: string) => LineRequest): LineRequest {
  if (isMissing(filter)) return mistake(`"filter" is missing. ${usage}`)
  if (typeof filter === 'string' && isTopicFilter(filter)) return make(filter)
  return mistake(`"filter" must be a topic filter (${FILTER_SYNTAX}), and not ${typed(filter)}. ${usage}`)
}

function withDeadline(fields: Fields, make: (how: { deadlineMs?: number }) => LineRequest): LineRequest {
  const read = deadlineOf(fields)
  return 'mistake' in read ? read.mistake : make(read.value)
}

/** For what is sent: deadline and trace. */
function withTrace(
  fields: Fields,
  make: (how: { deadlineMs?: number; traceparent?: string }) => LineRequest,
): LineRequest {
  const { traceparent } = fields
  if (isMissing(traceparent)) return withDeadline(fields, make)
  if (typeof traceparent === 'string' && isTraceparent(traceparent))
    return withDeadline(fields, (how) => make({ ...how, traceparent }))
  return mistake(`"traceparent" must be one of W3C Trace Context, such as ${TRACEPARENT_EXAMPLE}`)
}

/** For what goes to all: deadline, trace and receipts. */
function withHow(
  fields: Fields,
  make: (how: { deadlineMs?: number; traceparent?: string; receipts?: true }) => LineRequest,
): LineRequest {
  const { receipts } = fields
  if (!isMissing(receipts) && typeof receipts !== 'boolean')
    return mistake('"receipts" must be true or false')
  return withTrace(fields, (how) => make(receipts === true ? { ...how, receipts } : how))
}

function deadlineOf({ deadlineMs }: Fields): Read<{ deadlineMs?: number }> {
  if (isMissing(deadlineMs)) return { value: {} }
  if (isDeadline(deadlineMs)) return { value: { deadlineMs } }
  const max = CORE_DEFAULTS.deadlineMaxMs
  return { mistake: mistake(`"deadlineMs" must be a whole number of milliseconds from 1 to ${max}`) }
}

function badName(to: JsonValue): LineRequest {
  return mistake(`"to" must be the name of a node (${NAME_SYNTAX}), and not ${typed(to)}. ${EXAMPLES}`)
}

function typed(value: JsonValue): string {
  return typeof value === 'string' ? quoted(value) : `a ${Array.isArray(value) ? 'list' : typeof value}`
}

/** `null` and `""` count as missing, as in `POST /message`. */
function isMissing(value: JsonValue | undefined): value is undefined | null | '' {
  return value === undefined || value === null || value === ''
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
