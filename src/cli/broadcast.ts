// `hearsay broadcast`: one message to all nodes.

import { ask } from './ask.ts'
import { command } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { ANSWER_SLACK_MS, reportOutcome } from './send.ts'

/** The command. */
export const broadcast = command({
  name: 'broadcast',
  summary: 'Send a message to all nodes',
  details:
    'Asks a running node to send a message to all others. With --receipts it waits until all of them have it. ' +
    `The exit code is ${EXIT.ok} when it is under way (with --receipts: there) and else ${EXIT.notDelivered}.`,
  positionals: [{ name: 'message', description: 'The text', rest: true }],
  options: ['at', 'sender', 'receipts', 'deadlineMs', 'json'],
  examples: [
    ['broadcast Hello everybody', 'from the node on port 5001'],
    ['broadcast --receipts Fire drill', 'and how many have it'],
  ],
  async run(values, { message }, context) {
    const { at, sender, receipts, deadlineMs } = values
    const body = {
      to: '*',
      msg: message,
      ...(receipts && { receipts, deadlineMs }),
      ...(sender !== undefined && { sender }),
    }
    const timeoutMs = deadlineMs + ANSWER_SLACK_MS
    const answer = await ask({ at, path: '/message', body, timeoutMs }, context)
    if (values.json) context.stdout.write(`${JSON.stringify(answer.body)}\n`)
    return reportOutcome(answer, { at, to: 'all', silent: values.json }, context)
  },
})
