// `hearsay send`: one message through the overlay, and how it ended.

import { isReason, REASONS } from '../core/reasons.ts'
import type { JsonValue } from '../wire/payload.ts'
import { printable, printableValue } from '../wire/printable.ts'
import { type Answer, ask, refusal } from './ask.ts'
import { command } from './command.ts'
import { type CliContext, painter } from './context.ts'
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts'

/** How much longer than the deadline the answer of the node asked may take, in ms. */
export const ANSWER_SLACK_MS = 5_000

/** The command. */
export const send = command({
  name: 'send',
  summary: 'Send a message to a node by name, and say whether it arrived',
  details:
    'Asks a running node to send a message through the network, waits for the outcome and prints it. With --request the ' +
    'program of the other node is asked, and its answer is printed. ' +
    `The exit code is ${EXIT.ok} when it arrived and ${EXIT.notDelivered} when it did not.`,
  positionals: [
    { name: 'to', isNode: true, description: 'Name of the node that is to get it' },
    { name: 'message', description: 'The text', rest: true },
  ],
  options: ['at', 'sender', 'request', 'deadlineMs', 'json'],
  examples: [
    ['send node8 Hello node8', 'from the node on port 5001'],
    ['send node8 "What time is it?" --request', 'and the answer of its program'],
    ['send node8 Hello --at http://localhost:5012 --sender anna', 'from the node on port 5012, signed anna'],
  ],
  async run(values, { to, message }, context) {
    const body = {
      to,
      msg: message,
      deadlineMs: values.deadlineMs,
      ...(values.request && { request: true }),
      ...(values.sender !== undefined && { sender: values.sender }),
    }
    const timeoutMs = values.deadlineMs + ANSWER_SLACK_MS
    const answer = await ask({ at: values.at, path: '/message', body, timeoutMs }, context)
    if (values.json) context.stdout.write(`${JSON.stringify(answer.body)}\n`)
    return reportOutcome(answer, { at: values.at, to, silent: values.json }, context)
  },
})

/** Says how a send or a broadcast ended, and answers the exit code for it. */
export function reportOutcome(
  answer: Answer,
  told: { readonly at: string; readonly to: string; readonly silent: boolean },
  context: CliContext,
): ExitCode {
  const { status, reason } = answer.body
  const arrived = status === 'delivered' || status === 'sent' || status === 'answered'
  const { missing } = answer.body
  const isMissed = Array.isArray(missing) && missing.length > 0
  if (!arrived && typeof reason !== 'string') throw refusal(answer, told.at, context)
  if (!told.silent) {
    if (arrived) context.stdout.write(`${arrivedText(answer.body, told.to, context)}\n`)
    else context.stderr.write(`${failedText(answer.body, told.to, context)}\n`)
    if (isMissed) context.stderr.write(`not reached: ${printable(missing.join(' '))}\n`)
  }
  if (arrived) return isMissed ? EXIT.notDelivered : EXIT.ok
  // A node of a later version may know more reasons.
  return isReason(reason) ? exitCodeOf(reason) : EXIT.notDelivered
}

function arrivedText(body: Answer['body'], to: string, context: CliContext): string {
  const paint = painter(context.stdout, context.env)
  if (body.status === 'sent') {
    const { neighbors, reached, of, listeners } = body
    if (listeners !== undefined) {
      const how =
        reached === undefined
          ? `${count(listeners, 'other node')} known to listen`
          : `reached ${reached} of ${of}`
      return `${paint('green', 'published')} on ${printable(to)}: ${how}`
    }
    const how =
      reached !== undefined
        ? `reached ${reached} of ${of}`
        : neighbors === 0
          ? 'posted to the plain HTTP servers, as no other node is there'
          : `handed to ${count(neighbors, 'neighbor')}, who pass it on`
    return `${paint('green', 'sent')} to all: ${how}`
  }
  const { hops, rttMs } = body
  const time = typeof rttMs === 'number' ? `, ${rttMs.toFixed(1)} ms there and back` : ''
  if (body.status === 'answered') {
    const value =
      typeof body.base64 === 'string'
        ? printable(`base64:${body.base64}`)
        : printableValue(body.value as JsonValue)
    return `${paint('green', 'answered')} by ${printable(String(body.from))}${time}: ${value}`
  }
  return `${paint('green', 'delivered')} to ${printable(to)} in ${count(hops, 'hop')}${time}`
}

function failedText(body: Answer['body'], to: string, context: CliContext): string {
  const paint = painter(context.stderr, context.env)
  const { error, reason, at } = body
  const where = typeof at === 'string' ? `, says ${printable(at)}` : ''
  const what = `${paint('red', 'not delivered')} to ${printable(to)}: ${printable(String(error))} (${printable(String(reason))}${where})`
  return isReason(reason) ? `${what}\n${REASONS[reason].advice}.` : what
}

function count(number: unknown, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
