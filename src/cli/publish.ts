// `hearsay publish`: one message to all who listen to a topic.

import { ask } from './ask.ts'
import { command } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { ANSWER_SLACK_MS, reportOutcome } from './send.ts'

/** The command. */
export const publish = command({
  name: 'publish',
  summary: 'Send a message to all who listen to a topic',
  details:
    'Asks a running node to publish a message. With --receipts it waits until all who listen have it. ' +
    `The exit code is ${EXIT.ok} when it is under way (with --receipts: there) and else ${EXIT.notDelivered}.`,
  positionals: [
    { name: 'topic', description: 'Levels between slashes, such as news/today' },
    { name: 'message', description: 'The text', rest: true },
  ],
  options: ['at', 'sender', 'receipts', 'deadlineMs', 'json'],
  examples: [['publish news/today "It rains"', 'from the node on port 5001']],
  async run(values, { topic, message }, context) {
    const { at, sender, receipts, deadlineMs, json } = values
    const body = { topic, msg: message, receipts, deadlineMs, ...(sender !== undefined && { sender }) }
    const timeoutMs = deadlineMs + ANSWER_SLACK_MS
    const answer = await ask({ at, path: '/message', body, timeoutMs }, context)
    if (json) context.stdout.write(`${JSON.stringify(answer.body)}\n`)
    return reportOutcome(answer, { at, to: topic, silent: json }, context)
  },
})
