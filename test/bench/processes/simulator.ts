// The simulator of this checkout, or of another one: what its nodes' cores handle, for each second of processor time.
// It must not use anything of the other checkout but its `SimNetwork`, which is asked for less than it can do now.

import { pathToFileURL } from 'node:url'
import { cpuMs, serve } from './serving.ts'

/** As much of `SimNetwork` as older versions of it have, too. */
interface Network {
  readonly names: readonly string[]
  start(name: string): unknown
  run(ms: number): void
  send(from: string, to: string, payload: Uint8Array): unknown
}

type NetworkClass = new (options: {
  readonly seed: number
  readonly codec: boolean
  readonly keepNotices: boolean
  readonly observer: { readonly onHandled: () => void }
}) => Network

/** What a run came to. */
export interface SimulatorRun {
  readonly events: number
  readonly eventsPerSecond: number
}

/**
 * A network that starts, is idle for a minute, and carries traffic.
 * @param checkout its directory
 */
async function run(checkout: string, nodes: number, sends: number): Promise<SimulatorRun> {
  const { SimNetwork } = (await import(pathToFileURL(`${checkout}/src/sim/network.ts`).href)) as {
    SimNetwork: NetworkClass
  }
  let events = 0
  const onHandled = (): void => {
    events++
  }
  const startedMs = cpuMs()
  const net = new SimNetwork({ seed: 1, codec: true, keepNotices: false, observer: { onHandled } })
  for (let index = 1; index <= nodes; index++) {
    net.start(`node${index}`)
    net.run(5)
  }
  net.run(60_000)
  const { names } = net
  for (let index = 0; index < sends; index++) {
    const [from, to] = [names[index % names.length], names[(index * 7 + 3) % names.length]]
    if (from !== undefined && to !== undefined) net.send(from, to, new Uint8Array(64))
    net.run(1)
  }
  return { events, eventsPerSecond: (events * 1_000) / (cpuMs() - startedMs) }
}

const commands = { run }

/** What this process can be asked. */
export type SimulatorCommands = typeof commands

serve(commands)
