// `hearsay node`: runs one node until it is told to stop. Standard output gets the messages and nothing else.

import { REASONS } from '../core/reasons.ts'
import { type Logger, withFields } from '../logger.ts'
import type { Node } from '../node/node.ts'
import { command } from './command.ts'
import { type CliContext, CliError, stopRequested, usageError } from './context.ts'
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts'
import { startError } from './listening.ts'
import { createLogger, type ProcessLogger } from './logger.ts'
import { writeMessages } from './message-out.ts'
import { nodeNameOf } from './node-name.ts'
import type { OptionValues } from './options.ts'
import { PeerLog } from './peer-log.ts'

type NodeValues = OptionValues<
  | 'port'
  | 'host'
  | 'allowOrigins'
  | 'noListen'
  | 'name'
  | 'url'
  | 'bootstrap'
  | 'peers'
  | 'tags'
  | 'history'
  | 'record'
  | 'recordBytes'
  | 'json'
  | 'logLevel'
  | 'logFormat'
>

/** The command. */
export const node = command({
  name: 'node',
  summary: 'Run one node: it joins the network, and prints the messages that it receives',
  details:
    'Runs a node until Ctrl-C. Each message that it receives is one line on standard output:\n' +
    '[MSG] From node12: Hello node8. The log is on standard error.',
  positionals: [],
  options: [
    'name',
    'port',
    'url',
    'bootstrap',
    'peers',
    'host',
    'allowOrigins',
    'noListen',
    'tags',
    'history',
    'record',
    'recordBytes',
    'json',
    'logLevel',
    'logFormat',
  ],
  examples: [
    ['node --name anna --port 5001 --bootstrap http://localhost:5000', 'join the network of a bootstrap'],
    ['node --name ben --no-listen --peers http://localhost:5001', 'join over another node, without a port'],
  ],
  async run(values, _words, context) {
    const name = nodeNameOf(values, context.hostname)
    if (values.noListen && values.url !== undefined) {
      throw usageError(
        '--url (NODE_URL) says where others reach this node, --no-listen that nobody can. Leave one out.',
      )
    }
    const logger = await createLogger(values, context, { node: name })
    return runNode(name, values, logger, context)
  },
})

async function runNode(
  name: string,
  values: NodeValues,
  logger: ProcessLogger,
  context: CliContext,
): Promise<ExitCode> {
  const { createNode } = await import('../node/create-node.ts')
  const running = await createNode({
    name,
    listen: values.noListen ? false : values.port,
    ...(values.host !== undefined && { host: values.host }),
    ...(values.url !== undefined && { url: values.url }),
    allowOrigins: values.allowOrigins,
    bootstrap: values.bootstrap,
    peers: values.peers,
    tags: values.tags,
    history: values.history,
    logger,
    ...(values.record !== undefined && { record: { file: values.record, bytesMax: values.recordBytes } }),
  }).catch((error: unknown) => {
    throw startError(error)
  })
  writeMessages(running, context.stdout, { json: values.json })
  const log = withFields(logger, { room: 'cli' })
  const peerLog = logPeers(running, log)
  context.onSnapshot(() => {
    logger.snapshot({ ...running.health(), neighbors: running.neighbors(), ...running.stats() })
  })
  log.info({ port: running.port, url: running.url }, 'node-running')
  if (values.bootstrap.length === 0 && values.peers.length === 0) {
    const advice = 'no --bootstrap (BOOTSTRAP_URL) and no --peers: waiting for others to dial this node'
    log.warn({ advice }, 'no-contacts')
  }
  try {
    return await ending(running, log, context)
  } finally {
    peerLog.close()
    await running.close()
  }
}

function logPeers(running: Node, logger: Logger): PeerLog {
  const log = new PeerLog(logger, () => running.peers().map((peer) => peer.name))
  running.on('peer-join', ({ name }) => log.changed(name, 'joined'))
  running.on('peer-leave', ({ name, reason }) => log.changed(name, reason))
  return log
}

async function ending(running: Node, logger: Logger, context: CliContext): Promise<ExitCode> {
  const stopped = new Promise<string>((resolve) => {
    running.on('stopped', ({ detail }) => resolve(detail))
  })
  const detail = await Promise.race([stopRequested(context.signal), stopped])
  if (detail === undefined) {
    logger.info({}, 'stopping')
    return EXIT.ok
  }
  throw new CliError(
    exitCodeOf('name-taken'),
    `The name ${running.name} is in use by another live node: ${detail}\n${REASONS['name-taken'].advice}.`,
  )
}
