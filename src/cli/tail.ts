// `hearsay tail`: what a running node receives, and who comes and goes, as it happens.

import { withoutQuery } from '../net/url.ts'
import { command } from './command.ts'
import { type CliContext, painter, stopRequested } from './context.ts'
import { EXIT } from './exit-codes.ts'
import { messageText, peerText } from './received-lines.ts'
import { endedError, type LineEvent, mistakeOf, Visit } from './visit.ts'

/** The command. */
export const tail = command({
  name: 'tail',
  summary: 'Watch what a node receives, and nodes come and go',
  details:
    'Prints each message that a running node receives and each node that joins or leaves, until Ctrl-C. ' +
    'At a bootstrap there are no messages, only the nodes.',
  positionals: [],
  options: ['at', 'json'],
  examples: [
    ['tail', 'of the node on port 5001'],
    ['tail --at http://localhost:5000 --json', 'nodes that come and go at the bootstrap, as JSON lines'],
  ],
  async run(values, _words, context) {
    const { at } = values
    const visit = await Visit.open(at, context)
    try {
      visit.onEvent = (event, line) => {
        const text = values.json ? line : textOf(event, context)
        if (text === undefined || !isNews(event)) return
        context.stdout.write(`${text}\n`)
        visit.yieldTo(context.stdout)
      }
      if (visit.role === 'node') {
        const answer = await Promise.race([visit.ask({ cmd: 'events', on: true }), visit.ended])
        if (typeof answer === 'string') throw endedError(at, answer)
        const mistake = mistakeOf(at, answer)
        if (mistake !== undefined) throw mistake
      }
      const what = visit.role === 'node' ? visit.name : 'the bootstrap'
      context.stderr.write(`Watching ${what} at ${withoutQuery(at)}. Ctrl-C ends it.\n`)
      const why = await Promise.race([visit.ended, stopRequested(context.signal)])
      if (why !== undefined) throw endedError(at, why)
      return EXIT.ok
    } finally {
      visit.close()
    }
  },
})

function isNews({ event }: LineEvent): boolean {
  return event === 'message' || event === 'peer-join' || event === 'peer-leave'
}

function textOf(event: LineEvent, { stdout, env }: CliContext): string | undefined {
  const paint = painter(stdout, env)
  return event.event === 'message' ? messageText(event, paint) : peerText(event, paint)
}
