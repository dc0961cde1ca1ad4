// What a client may ask for with `POST /message`: from the JSON of its body to one of a few requests, or to the
// sentence that tells what is wrong with it. It must not carry the request out.

import * as v from 'valibot'
import { CORE_DEFAULTS } from '../core/config.ts'
import { NODE_NAME_CHARS_MAX, parseNodeName } from '../core/messages.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTopic } from '../wire/topics.ts'
import { isTraceparent, TRACEPARENT_EXAMPLE } from '../wire/traceparent.ts'
import { flawOf } from './json.ts'
import type { OutgoingMessage, SendOptions, SpreadOptions } from './node-host.ts'

/** Longest `sender`, in UTF-16 code units. It is a label for people, so it should stay one. */
export const SENDER_CHARS_MAX = 256

/** What to do with a message. */
export type MessageRequest =
  /** Without `to`: the node posted to is the receiver. */
  | {
      readonly kind: 'deliver'
      readonly sender: string
      readonly msg: JsonValue
      readonly traceparent?: string
    }
  | {
      /** `request`: an answer is wanted. */
      readonly kind: 'send' | 'request'
      readonly to: string
      readonly message: OutgoingMessage
      readonly options: SendOptions
    }
  | {
      readonly kind: 'broadcast'
      readonly message: OutgoingMessage
      readonly options: SpreadOptions
    }
  | {
      readonly kind: 'publish'
      readonly topic: string
      readonly message: OutgoingMessage
      readonly options: SpreadOptions
    }
  | { readonly kind: 'refused'; readonly error: string }

/** How a name in `to` is written, for error texts. */
export const NODE_NAME_SYNTAX = `1 to ${NODE_NAME_CHARS_MAX} letters, digits, '.', '_' or '-', the first a letter or a digit`

const TO_ERROR = `"to" must be "*" for a broadcast, or the name of a node: ${NODE_NAME_SYNTAX}`
const DEADLINE_ERROR = `"deadlineMs" must be a whole number of milliseconds from 1 to ${CORE_DEFAULTS.deadlineMaxMs}`

const TOPIC_ERROR = `"topic" must be levels between slashes, at most ${LIMITS.topicBytesMax} bytes, without + and #`

const TRACE_ERROR = `"traceparent" must be one of W3C Trace Context, such as ${TRACEPARENT_EXAMPLE}`

const switchOf = (key: string) => v.nullish(v.boolean(`"${key}" must be true or false`))

// null counts as missing everywhere, as in the classroom contract's Flask nodes. Unknown keys are ignored.
const Body = v.object(
  {
    sender: v.nullish(
      v.pipe(
        v.string('"sender" must be a string'),
        v.maxLength(SENDER_CHARS_MAX, `"sender" must be at most ${SENDER_CHARS_MAX} characters long`),
      ),
    ),
    msg: v.nullish(v.custom<JsonValue>(() => true)),
    to: v.nullish(
      v.pipe(
        v.string(TO_ERROR),
        v.check((to) => to === '*' || parseNodeName(to) !== undefined, TO_ERROR),
      ),
    ),
    deadlineMs: v.nullish(
      v.pipe(
        v.number(DEADLINE_ERROR),
        v.integer(DEADLINE_ERROR),
        v.minValue(1, DEADLINE_ERROR),
        v.maxValue(CORE_DEFAULTS.deadlineMaxMs, DEADLINE_ERROR),
      ),
    ),
    topic: v.nullish(v.pipe(v.string(TOPIC_ERROR), v.check(isTopic, TOPIC_ERROR))),
    traceparent: v.nullish(v.pipe(v.string(TRACE_ERROR), v.check(isTraceparent, TRACE_ERROR))),
    receipts: switchOf('receipts'),
    request: switchOf('request'),
  },
  'The body must be a JSON object such as {"sender":"node12","msg":"Hello"}',
)

const refused = (error: string): MessageRequest => ({ kind: 'refused', error })

/**
 * Reads the body of `POST /message`. `sender` and `msg` are missing when they are absent, `null` or `""`; any other
 * JSON value is a `msg`. With `to` or `topic`, `sender` may be missing.
 */
export function readMessageRequest(body: JsonValue): MessageRequest {
  // A JSON array would pass for an object without keys.
  const parsed = v.safeParse(Body, Array.isArray(body) ? undefined : body, { abortEarly: true })
  if (!parsed.success) return refused(parsed.issues[0].message)
  const { msg, to, topic, traceparent } = parsed.output
  const sender = parsed.output.sender ?? ''
  const hasMessage = msg !== undefined && msg !== null && msg !== ''
  const isOverlay = isGiven(to) || isGiven(topic)
  if (!hasMessage || (sender === '' && !isOverlay)) {
    return refused(isOverlay ? 'Missing msg' : 'Missing sender or msg')
  }
  const flaw = flawOf(msg)
  if (flaw === 'too-deep') return refused(`"msg" is nested deeper than ${LIMITS.jsonDepthMax} levels`)
  if (flaw === 'not-finite') return refused('"msg" has a number that is too large to be passed on')
  return (
    overlayRequest(parsed.output, sender === '' ? { msg } : { sender, msg }) ?? {
      kind: 'deliver',
      sender,
      msg,
      ...(isGiven(traceparent) && { traceparent }),
    }
  )
}

/** What is for the overlay; `undefined` when it is for the node posted to. */
function overlayRequest(
  { to, topic, deadlineMs, traceparent, receipts, request }: v.InferOutput<typeof Body>,
  message: OutgoingMessage,
): MessageRequest | undefined {
  const toOne = isGiven(to) && to !== '*' ? to : undefined
  if (isGiven(topic) && toOne !== undefined) {
    return refused('"topic" goes to all who listen to it: leave "to" out, or make it "*"')
  }
  if (request && toOne === undefined) return refused('"request" goes with "to" and the name of one node')
  if (receipts && toOne === undefined && !isGiven(topic) && to !== '*') {
    return refused('"receipts" goes with "to":"*" or with "topic"')
  }
  if (receipts && toOne !== undefined) {
    return refused('"receipts" goes with "to":"*" or with "topic": one node always acknowledges')
  }
  const how = { ...(isGiven(deadlineMs) && { deadlineMs }), ...(isGiven(traceparent) && { traceparent }) }
  if (toOne !== undefined) {
    return { kind: request ? 'request' : 'send', to: toOne, message, options: how }
  }
  const options = { ...how, ...(receipts && { receipts }) }
  if (isGiven(topic)) return { kind: 'publish', topic, message, options }
  return to === '*' ? { kind: 'broadcast', message, options } : undefined
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null
}
