// Many nodes in one process, on real sockets, as `hearsay swarm` runs them: how long until all know all, what the processor
// did for that, and what they take when they are idle. Their bootstrap runs elsewhere. Needs `--expose-gc`.
// It must not decide what is a good figure.

import { setTimeout as delay } from 'node:timers/promises'
import { onTimeSince } from '../../../src/cli/on-time.ts'
import type { Input } from '../../../src/core/events.ts'
import { Overlay } from '../../../src/core/overlay.ts'
import { createNode, type Node } from '../../../src/index.ts'
import { cpuMs, memoryAfterGc, serve } from './serving.ts'

const nodes: Node[] = []
let receptions = 0
const bare = memoryAfterGc()

/** Counts the records that the nodes' cores are handed, whatever brought them. The only look inside. */
function countReceptions(): void {
  const handle = Overlay.prototype.handle
  Overlay.prototype.handle = function (this: Overlay, input: Input, nowMs: number) {
    if (input.type === 'received') {
      for (const message of input.messages) {
        if (message.type === 'gossip') receptions += message.kind === 'record' ? 1 : 0
        else if (message.type === 'records') receptions += message.records.length
      }
    }
    return handle.call(this, input, nowMs)
  }
}

/** Starts all at once. Resolves when all know all. */
async function start(
  count: number,
  bootstrapUrl: string,
): Promise<{ wallMs: number; cpuMs: number; receptions: number }> {
  countReceptions()
  const startedMs = performance.now()
  const startedCpuMs = cpuMs()
  const all = Promise.withResolvers<void>()
  let pairs = 0
  const known = (change: number) => () => {
    pairs += change
    if (pairs === count * (count - 1)) all.resolve()
  }
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const node = await createNode({
        name: `node${index + 1}`,
        host: '127.0.0.1',
        bootstrap: [bootstrapUrl],
      })
      nodes.push(node)
      pairs += node.peers().length
      node.on('peer-join', known(1))
      node.on('peer-leave', known(-1))
    }),
  )
  await all.promise
  return { wallMs: performance.now() - startedMs, cpuMs: cpuMs() - startedCpuMs, receptions }
}

/** Waits until all have settled, and nothing is left to be worked off: timers come on time. How many ends of connections there are in this process. */
async function settled(): Promise<number> {
  await Promise.all(nodes.map((node) => node.settled()))
  await onTimeSince()
  return nodes.reduce((sum, node) => sum + node.neighbors().length + 1, 0)
}

/** What the nodes take more than the process without them, in bytes. */
function memory(): { heapBytes: number; rssBytes: number } {
  const { heapBytes, rssBytes } = memoryAfterGc()
  return { heapBytes: heapBytes - bare.heapBytes, rssBytes: rssBytes - bare.rssBytes }
}

/** How much of a core the process takes while nothing happens, from 0 to 1 and above. */
async function idle(seconds: number): Promise<number> {
  const [startedMs, startedCpuMs] = [performance.now(), cpuMs()]
  await delay(seconds * 1_000)
  return (cpuMs() - startedCpuMs) / (performance.now() - startedMs)
}

const commands = { start, settled, memory, idle }

/** What this process can be asked. */
export type SwarmCommands = typeof commands

serve(commands)
