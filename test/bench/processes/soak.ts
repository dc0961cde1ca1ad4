// Nodes in one process under steady traffic, of which one is replaced when the run says so; and what the process holds, and
// how its messages fared. Needs `--expose-gc`.
// It must not decide what is flat.

import {
  type Bootstrap,
  type CoreConfig,
  createBootstrap,
  createNode,
  type Node,
} from '../../../src/index.ts'
import { memoryAfterGc, serve } from './serving.ts'

/** What the run wants. */
export interface SoakLoad {
  readonly nodes: number
  readonly sendsPerSecond: number
  readonly broadcastsPerSecond: number
  /** Of each node. */
  readonly config: Partial<CoreConfig>
}

/** What is seen at one moment, and since the last. */
export interface SoakSample {
  readonly heapBytes: number
  readonly rssBytes: number
  /** What keeps the event loop busy: sockets, servers, timers. By kind. */
  readonly resources: Readonly<Record<string, number>>
  /** Listeners of the process's own events, and warnings of leaking ones so far. */
  readonly listeners: number
  readonly warnings: number
  /** Of the sends that were delivered since the last sample, in ms. */
  readonly latenciesMs: Float64Array
  /** Since the start: sends that failed, by reason, and those of them between two nodes that had been there and stayed. */
  readonly failed: Readonly<Record<string, number>>
  readonly failedBetweenLiving: Readonly<Record<string, number>>
  /** Since the start: broadcasts that came, and what should have come had no node been replaced. */
  readonly broadcastsGot: number
  readonly broadcastsDue: number
}

const TICK_MS = 10
/** A node that has started is known to all by then, in ms. */
const KNOWN_MS = 3_000

let load: SoakLoad | undefined
let bootstrap: Bootstrap | undefined
const nodes: Node[] = []
let replacements = 0
let latenciesMs: number[] = []
const failed: Record<string, number> = {}
const failedBetweenLiving: Record<string, number> = {}
/** When each node had started, in ms. */
const startedMs = new WeakMap<Node, number>()
let broadcastsGot = 0
let broadcastsDue = 0
let warnings = 0
process.on('warning', () => warnings++)

async function startNode(name: string): Promise<Node> {
  const node = await createNode({
    name,
    host: '127.0.0.1',
    bootstrap: [bootstrap?.url ?? ''],
    config: load?.config ?? {},
  })
  node.on('message', ({ broadcast }) => {
    if (broadcast) broadcastsGot++
  })
  startedMs.set(node, performance.now())
  return node
}

/** Starts the nodes; the traffic begins when all have settled. */
async function start(wanted: SoakLoad): Promise<void> {
  load = wanted
  bootstrap = await createBootstrap({ host: '127.0.0.1', listen: 0 })
  const names = Array.from({ length: wanted.nodes }, (_, index) => `node${index + 1}`)
  nodes.push(...(await Promise.all(names.map(startNode))))
  await Promise.all(nodes.map((node) => node.settled()))
  const beganMs = performance.now()
  let [sent, cast] = [0, 0]
  setInterval(() => {
    const seconds = (performance.now() - beganMs) / 1_000
    for (; sent < seconds * wanted.sendsPerSecond; sent++) void send(sent)
    for (; cast < seconds * wanted.broadcastsPerSecond; cast++) broadcast(cast)
  }, TICK_MS)
}

async function send(number: number): Promise<void> {
  const from = nodes[number % nodes.length] as Node
  const to = nodes[(number * 7 + 11) % nodes.length] as Node
  if (from === to) return
  const sentMs = performance.now()
  const answer = await from.send(to.name, { number, text: 'a message of a usual size, for a soak' })
  if (answer.status === 'delivered') latenciesMs.push(performance.now() - sentMs)
  else {
    const stayed = [from, to].every(
      (node) => nodes.includes(node) && sentMs - (startedMs.get(node) ?? sentMs) > KNOWN_MS,
    )
    count(failed, answer.reason)
    if (stayed) count(failedBetweenLiving, answer.reason)
  }
}

function count(counts: Record<string, number>, reason: string): void {
  counts[reason] = (counts[reason] ?? 0) + 1
}

function broadcast(number: number): void {
  broadcastsDue += nodes.length - 1
  void nodes[number % nodes.length]?.broadcast({ number, text: 'a message to all, for a soak' })
}

/** One node leaves, and another one comes: by turns under its name, and under a name that was not there before. */
async function replace(): Promise<void> {
  const index = replacements++ % nodes.length
  const [gone] = nodes.splice(index, 1)
  if (gone === undefined) return
  await gone.close()
  const name = replacements % 2 === 0 ? gone.name : `later${replacements}`
  nodes.splice(index, 0, await startNode(name))
}

/** What there is now. */
function sample(): SoakSample {
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  const listeners = process
    .eventNames()
    .reduce((sum, event) => sum + process.listenerCount(event as NodeJS.Signals), 0)
  const since = Float64Array.from(latenciesMs)
  latenciesMs = []
  return {
    ...memoryAfterGc(),
    resources,
    listeners,
    warnings,
    latenciesMs: since,
    failed: { ...failed },
    failedBetweenLiving: { ...failedBetweenLiving },
    broadcastsGot,
    broadcastsDue,
  }
}

const commands = { start, replace, sample }

/** What this process can be asked. */
export type SoakCommands = typeof commands

serve(commands)
