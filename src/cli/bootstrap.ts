// `hearsay bootstrap`: runs a bootstrap until it is told to stop.

import { withFields } from '../logger.ts'
import { command } from './command.ts'
import { stopRequested } from './context.ts'
import { EXIT } from './exit-codes.ts'
import { startError } from './listening.ts'
import { createLogger } from './logger.ts'

/** The command. */
export const bootstrap = command({
  name: 'bootstrap',
  summary: 'Run a bootstrap: the place where nodes find their first contacts',
  details:
    'Runs a bootstrap until Ctrl-C. It tells new nodes whom to dial. It carries no messages, and nodes that know ' +
    'each other run on without it.',
  positionals: [],
  options: ['port', 'host', 'allowOrigins', 'logLevel', 'logFormat'],
  examples: [
    ['bootstrap', 'on port 5000'],
    ['bootstrap --port 8000 --log-level debug', 'on port 8000, with everything that happens'],
  ],
  async run(values, _words, context) {
    const logger = await createLogger(values, context)
    const { createBootstrap } = await import('../bootstrap/server.ts')
    const server = await createBootstrap({
      listen: values.port,
      ...(values.host !== undefined && { host: values.host }),
      allowOrigins: values.allowOrigins,
      logger,
    }).catch((error: unknown) => {
      throw startError(error)
    })
    const log = withFields(logger, { room: 'cli' })
    log.info({ port: server.port }, 'bootstrap-running')
    context.onSnapshot(() => logger.snapshot({ ...server.stats() }))
    await stopRequested(context.signal)
    log.info({}, 'stopping')
    await server.close()
    return EXIT.ok
  },
})
