// `hearsay peers`: whom a node, or a bootstrap, knows.

import { withoutQuery } from '../net/url.ts'
import { printable } from '../wire/printable.ts'
import { ASK_TIMEOUT_MS, ask, refusal } from './ask.ts'
import { command } from './command.ts'
import { EXIT } from './exit-codes.ts'

/** The command. */
export const peers = command({
  name: 'peers',
  summary: 'List the peers that a node or a bootstrap knows',
  details: 'Prints one line for each peer: its name, and where it can be reached.',
  positionals: [],
  options: ['at', 'json'],
  examples: [
    ['peers', 'of the node on port 5001'],
    ['peers --at http://localhost:5000', 'of the bootstrap'],
  ],
  async run(values, _words, context) {
    const answer = await ask({ at: values.at, path: '/peers', timeoutMs: ASK_TIMEOUT_MS }, context)
    const { nodes } = answer.body
    if (answer.status !== 200 || !Array.isArray(nodes)) throw refusal(answer, values.at, context)
    if (values.json) {
      context.stdout.write(`${JSON.stringify(answer.body)}\n`)
      return EXIT.ok
    }
    const rows = nodes.map(rowOf)
    const width = Math.max(0, ...rows.map(([name]) => name.length))
    for (const [name, where] of rows) context.stdout.write(`${name.padEnd(width)}  ${where}\n`)
    if (rows.length === 0) context.stderr.write(`${withoutQuery(values.at)} knows no peers.\n`)
    return EXIT.ok
  },
})

function rowOf(entry: Readonly<Record<string, unknown>>): readonly [name: string, where: string] {
  const where = typeof entry.url === 'string' ? entry.url : '(dials only)'
  return [printable(String(entry.name)), printable(entry.kind === 'http' ? `${where} (plain HTTP)` : where)]
}
