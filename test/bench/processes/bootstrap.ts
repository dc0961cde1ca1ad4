// A bootstrap in a process of its own, and what the processor does for it.
// It must not decide what is a good figure.

import { type Bootstrap, createBootstrap } from '../../../src/index.ts'
import { cpuMs, serve } from './serving.ts'

/** Nodes that only register send no heartbeats: what those cost is not what a join costs. In ms. */
const HEARTBEAT_MS = 600_000

let bootstrap: Bootstrap | undefined

/** Starts it. Resolves with its URL. */
async function start(): Promise<string> {
  bootstrap = await createBootstrap({
    host: '127.0.0.1',
    listen: 0,
    registry: { heartbeatMs: HEARTBEAT_MS },
  })
  return bootstrap.url
}

/** How many nodes are registered. */
function registered(): number {
  return bootstrap?.stats().nodes ?? 0
}

const commands = { start, registered, cpuMs }

/** What this process can be asked. */
export type BootstrapCommands = typeof commands

serve(commands)
