// `hearsay swarm`: a bootstrap and many nodes in one process, laid out on ports as the Docker walk-through does:
// the bootstrap on one port, node1 on the next, and so on. Either all of them run, or none is left running.

import { nanoid } from 'nanoid'
import { type Logger, withFields } from '../logger.ts'
import type { Node } from '../node/node.ts'
import { command } from './command.ts'
import { type CliContext, painter, stopRequested, usageError } from './context.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { startError } from './listening.ts'
import { createLogger } from './logger.ts'
import { writeMessages } from './message-out.ts'
import { onTimeSince } from './on-time.ts'
import { openFilesMax, openFilesProblem } from './open-files.ts'
import type { OptionValues } from './options.ts'
import { Progress } from './progress.ts'
import { type SwarmBootstrap, startBootstrap } from './swarm-bootstrap.ts'
import { swarmSnapshot } from './swarm-snapshot.ts'

const PORT_MAX = 65_535
/** More nodes than this one process does not run well. */
const NODES_MAX = 1_000
/** After this long, and this for each pair, the table is shown even when some nodes do not know all others yet. */
const ACQUAINTED_WAIT_MS = 30_000
const ACQUAINTED_WAIT_PAIR_MS = 1

type SwarmValues = OptionValues<
  'nodes' | 'port' | 'host' | 'allowOrigins' | 'tags' | 'history' | 'json' | 'logLevel' | 'logFormat'
>

/** What runs. */
interface Swarm {
  readonly bootstrap: SwarmBootstrap
  readonly nodes: readonly Node[]
  /** The text of the broadcast that tries the swarm out: no message for a person. */
  readonly trial: string
}

/** The command. */
export const swarm = command({
  name: 'swarm',
  summary: 'Run a bootstrap and many nodes in this terminal: the quickest way to try it',
  details:
    'Runs a bootstrap on the given port and nodes on the ports behind it, all in this process, until Ctrl-C. ' +
    'Each message that a node receives is one line: node8 | [MSG] From node12: Hello node8.',
  positionals: [],
  options: ['nodes', 'port', 'host', 'allowOrigins', 'tags', 'history', 'json', 'logLevel', 'logFormat'],
  examples: [
    ['swarm', '30 nodes: the bootstrap on port 5000, nodes on 5001 to 5030'],
    ['swarm --nodes 5 --port 8000', 'five nodes on 8001 to 8005'],
  ],
  async run(values, _words, context) {
    if (values.nodes > NODES_MAX) {
      throw usageError(`--nodes ${values.nodes} is too many for one process; give at most ${NODES_MAX}.`)
    }
    if (values.port !== 0 && values.port + values.nodes > PORT_MAX) {
      throw usageError(
        `--port ${values.port} leaves no room for ${values.nodes} nodes behind it: ports end at ${PORT_MAX}.`,
      )
    }
    const problem = openFilesProblem(values.nodes, openFilesMax())
    if (problem !== undefined) throw usageError(problem)
    const logger = await createLogger(values, context)
    const progress = new Progress(context.stderr)
    const closers: Closer[] = []
    try {
      const running = await start(values, { logger, progress, closers, context })
      context.onSnapshot(async () => {
        logger.snapshot(swarmSnapshot(await running.bootstrap.stats(), running.nodes))
      })
      const known = await acquainted(running, progress, context)
      progress.clear()
      if (context.signal.aborted) return EXIT.ok
      announce(running, { ...known, tookMs: performance.now() - context.startedAtMs }, values, context)
      if (known.pairs === known.pairsMax)
        await Promise.race([tryOut(running, values, { progress, context }), stopRequested(context.signal)])
      return await ending(running, context)
    } finally {
      progress.clear()
      await closeAll(closers)
    }
  },
})

/** How often it is looked at how far the nodes are, in ms. */
const LOOK_MS = 100
/** What takes longer to come to rest says so, in ms. */
const SHOWN_AFTER_MS = 5_000

type Closer = () => Promise<void>

interface Launch {
  readonly logger: Logger
  readonly progress: Progress
  /** Gets one for everything that was started, the bootstrap first. */
  readonly closers: Closer[]
  readonly context: CliContext
}

async function start(values: SwarmValues, launch: Launch): Promise<Swarm> {
  const { logger, progress, closers, context } = launch
  const { createNode } = await import('../node/create-node.ts')
  const { host, allowOrigins } = values
  const place = { ...(host !== undefined && { host }), allowOrigins }
  const portOf = (index: number) => (values.port === 0 ? 0 : values.port + index)
  progress.show(`Starting a bootstrap and ${values.nodes} nodes …`)
  const bootstrap = await startBootstrap(
    { ...place, listen: portOf(0) },
    withFields(logger, { node: 'bootstrap' }),
  )
  closers.push(() => bootstrap.close())
  const trial = `hearsay swarm tries itself out: ${nanoid()}`
  const starting = Array.from({ length: values.nodes }, async (_, i) => {
    const name = `node${i + 1}`
    const port = portOf(i + 1)
    const node = await createNode({
      ...place,
      name,
      listen: port,
      bootstrap: [`http://${urlHost(values.host)}:${bootstrap.port}`],
      tags: values.tags,
      history: values.history,
      logger: withFields(logger, { node: name }),
      ...(port !== 0 && { url: `http://${urlHost(values.host)}:${port}` }),
    })
    closers.push(() => node.close())
    const style = { json: values.json, receiver: name }
    writeMessages(node, context.stdout, style, ({ value }) => value !== trial)
    return node
  })
  // All of them have to settle: one that starts after another has failed must be closed as well.
  const settled = await Promise.allSettled(starting)
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed) throw startError(failed.reason)
  return { bootstrap, nodes: await Promise.all(starting), trial }
}

/** The host by which the swarm's own members reach each other. */
function urlHost(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

interface Acquaintance {
  /** How many ordered pairs of nodes know each other. */
  readonly pairs: number
  readonly pairsMax: number
}

/** Waits until every node knows all others, the wait is over, or the process is to stop. */
async function acquainted(running: Swarm, progress: Progress, context: CliContext): Promise<Acquaintance> {
  const { nodes } = running
  const pairsMax = nodes.length * (nodes.length - 1)
  let pairs = nodes.reduce((sum, node) => sum + node.peers().length, 0)
  const stopListening: (() => void)[] = []
  const all = new Promise<void>((resolve) => {
    if (pairs >= pairsMax) resolve()
    // Counted by the events: a list of peers for each of them takes as long as all else among a thousand nodes.
    const count = (change: 1 | -1) => () => {
      pairs += change
      progress.update(`${nodes.length} nodes are up; they know ${percent(pairs, pairsMax)} of each other …`)
      if (pairs >= pairsMax) resolve()
    }
    for (const node of nodes) {
      stopListening.push(node.on('peer-join', count(1)), node.on('peer-leave', count(-1)))
    }
  })
  const patience = new AbortController()
  await Promise.race([all, stopRequested(context.signal), delay(patienceMs(nodes.length), patience.signal)])
  patience.abort()
  for (const stop of stopListening) stop()
  return { pairs, pairsMax }
}

/** How long so many nodes may take to know each other, and then to come to rest. */
function patienceMs(nodes: number): number {
  return ACQUAINTED_WAIT_MS + nodes * (nodes - 1) * ACQUAINTED_WAIT_PAIR_MS
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 100 : Math.floor((100 * part) / whole)} %`
}

function delay(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms)
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
}

function announce(
  running: Swarm,
  told: Acquaintance & { readonly tookMs: number },
  values: SwarmValues,
  context: CliContext,
): void {
  const { bootstrap, nodes } = running
  const complete = told.pairs >= told.pairsMax
  if (values.json) {
    const line = {
      event: 'up',
      bootstrap: localUrl(bootstrap.port, values),
      nodes: nodes.map((node) => ({ name: node.name, url: localUrl(node.port, values) })),
      complete,
      tookMs: Math.round(told.tookMs),
    }
    context.stdout.write(`${JSON.stringify(line)}\n`)
    return
  }
  const paint = painter(context.stdout, context.env)
  const seconds = (told.tookMs / 1000).toFixed(2)
  const [headline, colour] = complete
    ? ([
        `A bootstrap and ${nodes.length} nodes are running. Every node knew all others after ${seconds} s.`,
        'green',
      ] as const)
    : ([
        `A bootstrap and ${nodes.length} nodes are running, but after ${seconds} s they know only ${percent(told.pairs, told.pairsMax)} of each other.`,
        'yellow',
      ] as const)
  const page = `${localUrl(bootstrap.port, values)}/ui`
  const lines = [paint(colour, headline), '', ...table(running, values), '']
  lines.push(`${paint('bold', 'See it live:')} ${page}`, '')
  lines.push(paint('bold', 'Try this in another terminal:'))
  for (const [does, typed] of thingsToTry(running, values, context)) {
    lines.push(`  ${paint('dim', `# ${does}`)}`, `  ${typed}`)
  }
  lines.push('', 'Messages appear here as they arrive. Ctrl-C ends everything.', '')
  context.stdout.write(`${lines.join('\n')}\n`)
}

/**
 * When nothing changes any more: how long a broadcast takes to the last node, and whom it reaches. Not where broadcasts are
 * kept for whoever asks later: this one is for nobody.
 */
async function tryOut(
  running: Swarm,
  values: SwarmValues,
  { progress, context }: Pick<Launch, 'progress' | 'context'>,
): Promise<void> {
  const { nodes, trial } = running
  const [origin, ...receivers] = nodes
  if (origin === undefined || receivers.length === 0 || values.history > 0) return
  const restMs = await atRestSince(nodes, progress)
  if (restMs === undefined) {
    context.stderr.write('The nodes do not come to rest: this machine may be too small for so many.\n')
    return
  }
  const settledMs = restMs - context.startedAtMs
  let lastMs = 0
  const stopListening = receivers.map((node) =>
    node.on('message', ({ value }) => {
      if (value === trial) lastMs = performance.now()
    }),
  )
  const sentMs = performance.now()
  const outcome = await origin.broadcast(trial, { receipts: true })
  for (const stop of stopListening) stop()
  if (outcome.status !== 'sent') {
    context.stderr.write(`A broadcast to all did not go out: ${outcome.reason}.\n`)
    return
  }
  const { reached, of } = outcome
  const lastAfterMs = Math.max(0, lastMs - sentMs)
  if (values.json) {
    const broadcast = { reached, of, tookMs: Number(lastAfterMs.toFixed(1)) }
    const line = { event: 'settled', tookMs: Math.round(settledMs), broadcast }
    context.stdout.write(`${JSON.stringify(line)}\n`)
    return
  }
  const seconds = (settledMs / 1000).toFixed(2)
  const colour = reached === of ? 'green' : 'yellow'
  const text = `Settled after ${seconds} s: a broadcast reached ${reached} of ${of} nodes, the last one after ${lastAfterMs.toFixed(1)} ms.`
  context.stdout.write(`${painter(context.stdout, context.env)(colour, text)}\n`)
}

/** Waits until nothing changes any more, and says since when; `undefined`: it did not come to that. */
async function atRestSince(nodes: readonly Node[], progress: Progress): Promise<number | undefined> {
  let unsettled = nodes.length
  const settling = nodes.map(async (node) => {
    await node.settled()
    unsettled--
  })
  const patience = new AbortController()
  const startedMs = performance.now()
  const showing = setInterval(() => {
    // Small swarms are at rest before anybody wonders.
    if (performance.now() - startedMs < SHOWN_AFTER_MS || unsettled === 0) return
    progress.update(
      `Waiting until nothing changes any more: ${unsettled} of ${nodes.length} nodes still do …`,
    )
  }, LOOK_MS)
  try {
    // What many nodes still have to work off would count as the broadcast's, or outlast its receipts.
    const atRest = Promise.all(settling).then(() => onTimeSince(patience.signal))
    return await Promise.race([atRest, delay(patienceMs(nodes.length), patience.signal)])
  } finally {
    // Also when the nodes are closed meanwhile: nothing of this keeps the process.
    clearInterval(showing)
    patience.abort()
    progress.clear()
  }
}

function table(running: Swarm, values: SwarmValues): string[] {
  const { bootstrap, nodes } = running
  const rows: (readonly [what: string, where: string])[] = [['bootstrap', localUrl(bootstrap.port, values)]]
  const shown = nodes.length > 4 ? [nodes[0], nodes[1], undefined, nodes.at(-1)] : nodes
  for (const node of shown) rows.push(node ? [node.name, localUrl(node.port, values)] : ['…', '…'])
  return rows.map(([name, url]) => `  ${name.padEnd(10)} ${url}`)
}

function thingsToTry(
  running: Swarm,
  values: SwarmValues,
  context: CliContext,
): (readonly [string, string])[] {
  const { bootstrap, nodes } = running
  const from = nodes.at(-1)
  const to = nodes[Math.max(0, Math.min(7, nodes.length - 2))]
  const fromUrl = localUrl(from?.port, values)
  const body = `{"to":"${to?.name}","sender":"${from?.name}","msg":"Hello ${to?.name}"}`
  // Windows' shells take no single quotes.
  const [curl, data] =
    process.platform === 'win32' ? ['curl.exe', `"${body.replaceAll('"', '\\"')}"`] : ['curl', `'${body}'`]
  const wscat = `npx wscat -c ${localUrl(bootstrap.port, values).replace('http', 'ws')}`
  const at = nodes[0]?.port === 5001 ? '' : ` --at ${localUrl(nodes[0]?.port, values)}`
  return [
    [
      `a message from ${from?.name} to ${to?.name}, with its outcome`,
      `${curl} -s ${fromUrl}/message -H "Content-Type: application/json" -d ${data}`,
    ],
    ['watch nodes come and go at the bootstrap', wscat],
    ['who is linked to whom', `${context.self} topology${at}`],
  ]
}

/** A URL for the person at this machine. */
function localUrl(port: number | undefined, values: SwarmValues): string {
  const host = urlHost(values.host)
  return `http://${host === '127.0.0.1' ? 'localhost' : host}:${port}`
}

async function ending(running: Swarm, context: CliContext): Promise<ExitCode> {
  await stopRequested(context.signal)
  if (context.stderr.isTTY) {
    context.stderr.write(`Stopping ${running.nodes.length} nodes and the bootstrap …\n`)
  }
  return EXIT.ok
}

// Nodes before the bootstrap: they tell it that they leave.
async function closeAll(closers: readonly Closer[]): Promise<void> {
  const [bootstrap, ...nodes] = closers
  await Promise.allSettled(nodes.map((close) => close()))
  await bootstrap?.()
}
