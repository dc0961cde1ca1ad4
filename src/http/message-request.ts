// What a client may ask for with `POST /message`: from the JSON of its body to one of three requests, or to the
// sentence that tells what is wrong with it. It must not carry the request out.

import * as v from 'valibot'
import { CORE_DEFAULTS } from '../core/config.ts'
import { NODE_NAME_CHARS_MAX, parseNodeName } from '../core/messages.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { flawOf } from './json.ts'
import type { OutgoingMessage, SendOptions } from './node-host.ts'

/** Longest `sender`, in UTF-16 code units. It is a label for people, so it should stay one. */
export const SENDER_CHARS_MAX = 256

/** What to do with a message. */
export type MessageRequest =
  /** Without `to`: the node posted to is the receiver. */
  | { readonly kind: 'deliver'; readonly sender: string; readonly msg: JsonValue }
  | {
      readonly kind: 'send'
      readonly to: string
      readonly message: OutgoingMessage
      readonly options: SendOptions
    }
  | { readonly kind: 'broadcast'; readonly message: OutgoingMessage }
  | { readonly kind: 'refused'; readonly error: string }

/** How a name in `to` is written, for error texts. */
export const NODE_NAME_SYNTAX = `1 to ${NODE_NAME_CHARS_MAX} letters, digits, '.', '_' or '-', the first a letter or a digit`

const TO_ERROR = `"to" must be "*" for a broadcast, or the name of a node: ${NODE_NAME_SYNTAX}`
const DEADLINE_ERROR = `"deadlineMs" must be a whole number of milliseconds from 1 to ${CORE_DEFAULTS.deadlineMaxMs}`

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
  },
  'The body must be a JSON object such as {"sender":"node12","msg":"Hello"}',
)

const refused = (error: string): MessageRequest => ({ kind: 'refused', error })

/**
 * Reads the body of `POST /message`. `sender` and `msg` are missing when they are absent, `null` or `""`; any other
 * JSON value is a `msg`. With `to`, `sender` may be missing.
 */
export function readMessageRequest(body: JsonValue): MessageRequest {
  // A JSON array would pass for an object without keys.
  const parsed = v.safeParse(Body, Array.isArray(body) ? undefined : body, { abortEarly: true })
  if (!parsed.success) return refused(parsed.issues[0].message)
  const { msg, to, deadlineMs } = parsed.output
  const sender = parsed.output.sender ?? ''
  const hasMessage = msg !== undefined && msg !== null && msg !== ''
  const isOverlay = to !== undefined && to !== null
  if (!hasMessage || (sender === '' && !isOverlay)) {
    return refused(isOverlay ? 'Missing msg' : 'Missing sender or msg')
  }
  const flaw = flawOf(msg)
  if (flaw === 'too-deep') return refused(`"msg" is nested deeper than ${LIMITS.jsonDepthMax} levels`)
  if (flaw === 'not-finite') return refused('"msg" has a number that is too large to be passed on')
  if (!isOverlay) return { kind: 'deliver', sender, msg }
  const message: OutgoingMessage = sender === '' ? { msg } : { sender, msg }
  if (to === '*') return { kind: 'broadcast', message }
  return { kind: 'send', to, message, options: typeof deadlineMs === 'number' ? { deadlineMs } : {} }
}
