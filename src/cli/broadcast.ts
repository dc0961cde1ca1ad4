// `hearsay broadcast`: one message to all nodes.

import { ASK_TIMEOUT_MS, ask } from './ask.ts'
import { command } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { reportOutcome } from './send.ts'

/** The command. */
export const broadcast = command({
  name: 'broadcast',
  summary: 'Send a message to all nodes',
  details:
    'Asks a running node to send a message to all others.\n' +
    `The exit code is ${EXIT.ok} when it is under way and ${EXIT.notDelivered} when the node could not send it.`,
  positionals: [{ name: 'message', description: 'The text', rest: true }],
  options: ['at', 'sender', 'json'],
  examples: [['broadcast Hello everybody', 'from the node on port 5001']],
  async run(values, { message }, context) {
    const body = { to: '*', msg: message, ...(values.sender !== undefined && { sender: values.sender }) }
    const answer = await ask({ at: values.at, path: '/message', body, timeoutMs: ASK_TIMEOUT_MS }, context)
    if (values.json) context.stdout.write(`${JSON.stringify(answer.body)}\n`)
    return reportOutcome(answer, { at: values.at, to: 'all', silent: values.json }, context)
  },
})
