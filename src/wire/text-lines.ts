// Line mode's text form: what a person types. Pure functions; a mistake is a value.
// It must not carry anything out.

import type { NodeName } from '../core/messages.ts'
import {
  addressText,
  FILTER_SYNTAX,
  isQuestion,
  type LineRequest,
  mistake,
  NAME_SYNTAX,
  parseAddress,
  quoted,
  TOPIC_SYNTAX,
} from './line-requests.ts'
import { isTopic, isTopicFilter } from './topics.ts'

const COMMANDS =
  'Type /peers, /who, /ping node12, /trace node12, /ask node12 hello, /all hello, /sub news/#, /pub news/today hello, ' +
  '/events on or /help'

/** Reads a line without blanks at its ends, which does not begin with `{`. */
export function parseTextLine(line: string): LineRequest {
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
  const parse = COMMAND_PARSERS.get(command)
  if (parse !== undefined) return parse(rest)
  if (['quit', 'exit', 'bye', 'q'].includes(command)) return mistake('Press Ctrl-C to leave')
  return mistake(`${quoted(`/${word}`)} is no command. ${COMMANDS}`)
}

/** What goes behind each command. */
const COMMAND_PARSERS: ReadonlyMap<string, (rest: string) => LineRequest> = new Map<
  string,
  (rest: string) => LineRequest
>([
  ['ping', (rest) => ofNode('ping', rest, (to) => ({ type: 'ping', to }))],
  [
    'trace',
    (rest) =>
      rest === '*' ? { type: 'trace', to: '*' } : ofNode('trace', rest, (to) => ({ type: 'trace', to })),
  ],
  ['ask', parseAsk],
  [
    'all',
    (msg) =>
      msg === ''
        ? mistake('There is no message. Type /all hello')
        : { type: 'broadcast', msg, receipts: true },
  ],
  ['sub', (filter) => parseFilter('sub', filter, { type: 'subscribe', filter })],
  ['unsub', (filter) => parseFilter('unsub', filter, { type: 'unsubscribe', filter })],
  ['pub', parsePublish],
  ['events', parseEvents],
])

/** `usage`: a command and what goes behind the name. */
function ofNode(usage: string, target: string, make: (to: NodeName) => LineRequest): LineRequest {
  const [command = '', ...more] = usage.split(' ')
  const typed = (name: string): string => [`/${command}`, name, ...more].join(' ')
  if (target === '') return mistake(`Whom? Type ${typed('node12')}`)
  const to = parseAddress(target.replace(/^@/, ''))
  if (to === undefined) return badName(target, typed)
  return to.guest === undefined ? make(to.node) : mistake(`That is a guest. Type ${typed(to.node)}`)
}

function parseAsk(rest: string): LineRequest {
  const [target, msg] = splitFirstWord(rest)
  return ofNode('ask hello', target, (to) =>
    msg === '' ? mistake(`There is no question. Type /ask ${to} hello`) : { type: 'request', to, msg },
  )
}

function parseFilter(command: string, filter: string, request: LineRequest): LineRequest {
  if (filter === '') return mistake(`Which topics? Type /${command} news/#`)
  if (isTopicFilter(filter)) return request
  return mistake(`${quoted(filter)} is no topic filter (${FILTER_SYNTAX}). Type /${command} news/#`)
}

function parsePublish(rest: string): LineRequest {
  const [topic, msg] = splitFirstWord(rest)
  if (topic === '') return mistake('About what? Type /pub news/today hello')
  if (!isTopic(topic)) {
    return mistake(`${quoted(topic)} is no topic (${TOPIC_SYNTAX}). Type /pub news/today hello`)
  }
  if (msg === '') return mistake(`There is no message. Type /pub ${quoted(topic).slice(1, -1)} hello`)
  return { type: 'publish', topic, msg }
}

function parseEvents(rest: string): LineRequest {
  const word = rest.toLowerCase()
  if (word === 'on' || word === 'off') return { type: 'events', on: word === 'on' }
  return mistake('Type /events on to see nodes come and go, or /events off')
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
