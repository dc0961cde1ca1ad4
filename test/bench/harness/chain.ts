// A sender, a receiver and so many relays between them in a line, each in a process of its own: of hearsay nodes, and of raw
// `ws` with forwarders. That hearsay's messages really take that line is checked, before and after.
// It must not measure anything.

import type { NodeSpec, NodesCommands } from '../processes/nodes.ts'
import type { RawSocketsCommands } from '../processes/raw-sockets.ts'
import type { Bench } from './bench.ts'
import type { Child } from './children.ts'

/** Names of the two ends; relays are `relay1` (next to the sender) and so on. */
export const SENDER = 'sender'
/** See {@link SENDER}. */
export const RECEIVER = 'receiver'

/** So few links that nobody looks for more: a line stays a line. Its ends cannot be dialled. */
const IN_LINE = { meshNodesMax: 0, linksMin: 1, linksAim: 1, linksMax: 2, linksHardMax: 2 }

/** A line of hearsay nodes. */
export interface NodeChain {
  readonly sender: Child<NodesCommands>
  readonly receiver: Child<NodesCommands>
  /** Where one of the nodes can be dialled: the first relay, or else the receiver. */
  readonly url: string
  /** @throws Error when messages do not take all relays, in their order */
  readonly check: () => Promise<void>
}

/** Starts one. Resolves when sender and receiver know each other and the way is as it must be. */
export async function startNodeChain(bench: Bench, relays: number): Promise<NodeChain> {
  const startOne = async (spec: NodeSpec) => {
    const child = bench.children.start<NodesCommands>('nodes', { label: spec.name })
    const [started] = await child.ask('start', [spec])
    return { child, url: started?.url }
  }
  const names = Array.from({ length: relays }, (_, index) => `relay${index + 1}`)
  let peers: string[] = []
  let firstUrl: string | undefined
  for (const name of names) {
    const { url } = await startOne({ name, peers, config: IN_LINE })
    if (url === undefined) throw new Error(`${name} cannot be dialled`)
    firstUrl ??= url
    peers = [url]
  }
  const isDirect = firstUrl === undefined
  const receiver = await startOne({ name: RECEIVER, peers, listen: isDirect ? 0 : false, config: IN_LINE })
  const dialled = firstUrl ?? receiver.url
  if (dialled === undefined) throw new Error('nobody can be dialled')
  const sender = await startOne({ name: SENDER, peers: [dialled], listen: false, config: IN_LINE })
  await Promise.all([sender, receiver].map(({ child }) => child.ask('knows', relays + 1)))
  const check = async (): Promise<void> => {
    const wanted = [SENDER, ...names, RECEIVER].join()
    const path = (await sender.child.ask('trace', SENDER, RECEIVER)).join()
    if (path !== wanted) throw new Error(`messages must take ${wanted}, and take ${path}`)
  }
  await check()
  return { sender: sender.child, receiver: receiver.child, url: dialled, check }
}

/** A line of raw `ws`. */
export interface RawChain {
  readonly sender: Child<RawSocketsCommands>
  readonly receiver: Child<RawSocketsCommands>
}

/** Starts one. @param end what the receiver does: count, or send back */
export async function startRawChain(
  bench: Bench,
  relays: number,
  end: 'receive' | 'echo',
): Promise<RawChain> {
  const startOne = (label: string) => bench.children.start<RawSocketsCommands>('raw-sockets', { label })
  const receiver = startOne('raw receiver')
  let url = await receiver.ask(end)
  for (let index = relays; index > 0; index--) url = await startOne(`raw relay${index}`).ask('forward', url)
  const sender = startOne('raw sender')
  await sender.ask('connect', url)
  return { sender, receiver }
}
