// What is sent and broadcast while faults still strike, and has to arrive all the same: sends that have time until long
// after the last fault, and broadcasts for everybody who was there all through.
// It must not wait: the liveness phase does.

import { CORE_DEFAULTS } from '../core/config.ts'
import type { NodeName } from '../core/messages.ts'
import type { Rng } from '../core/rng.ts'
import type { BroadcastEntry, SendEntry } from './ledger.ts'
import { restWithinMs } from './swarm-liveness.ts'
import type { SwarmNet, SwarmNode } from './swarm-net.ts'
import type { SwarmPlan } from './swarm-plan.ts'

const SENDS = 30
const BROADCASTS = 10
/** How long after the network has come to rest they may take. */
export const EARLY_DEADLINE_MS = 10_000

/** See the head of the file. */
export class EarlyTraffic {
  readonly #net: SwarmNet
  readonly #sends: { readonly entry: SendEntry; readonly by: SwarmNode; readonly to: SwarmNode }[] = []
  readonly #broadcasts: { readonly entry: BroadcastEntry; readonly by: SwarmNode }[] = []
  /** Who runs at that moment. */
  readonly #nodes: readonly SwarmNode[]

  /** Sends and broadcasts, from whoever does not stand still. */
  constructor(net: SwarmNet, rng: Rng) {
    this.#net = net
    this.#nodes = net.nodes
    const deadlineMs = restWithinMs(net.plan) + EARLY_DEADLINE_MS
    for (let count = 0; count < SENDS; count++) {
      const by = rng.pick(net.awake)
      const to = rng.pick(net.nodes)
      if (by === undefined || to === undefined || !knowsRun(by, to)) continue
      this.#sends.push({ entry: net.send(by, to.name, { bytes: 8, deadlineMs }), by, to })
    }
    for (let count = 0; count < BROADCASTS; count++) {
      const by = rng.pick(net.awake)
      if (by !== undefined) this.#broadcasts.push({ entry: net.broadcast(by, 8), by })
    }
  }

  /** What has not arrived and should have, whatever struck meanwhile; `undefined` when nothing. */
  problem(): string | undefined {
    const alive = new Set(this.#net.nodes)
    const isThere = (node: SwarmNode): boolean => alive.has(node) && this.#net.isUndisputed(node)
    for (const { entry, by, to } of this.#sends) {
      const { id, outcome } = entry
      if (!isThere(by) || !isThere(to) || isToldEarly(entry) || outcome?.status === 'delivered') continue
      return `send ${id} of ${by.label} to ${to.label} is ${outcome?.reason ?? 'without an outcome'}`
    }
    // As far as the memory of nodes reaches: what a small one has let go of is lost to who was away.
    if (hasSmallMemory(this.#net.plan)) return undefined
    for (const { entry, by } of this.#broadcasts) {
      if (!isThere(by) || entry.state !== 'sent') continue
      const has = (node: SwarmNode): boolean => node === by || entry.handedOverBy.has(node)
      const lacks = this.#nodes.find(
        (node) => isThere(node) && !has(node) && this.#oldNeighbors(node, alive).some(has),
      )
      if (lacks !== undefined) return `broadcast ${entry.id} of ${by.label} has not come to ${lacks.label}`
    }
    return undefined
  }

  /**
   * The neighbors of a node that ran at that moment as well. Where newcomers have taken the places of all of them nobody
   * may be left who has a broadcast: they ask for nothing from before their time. Links lead from any node to all others,
   * so that these tell the same of everybody where nobody is new.
   */
  #oldNeighbors(node: SwarmNode, alive: ReadonlySet<SwarmNode>): SwarmNode[] {
    const { neighbors } = node.process.overlay
    return this.#nodes.filter((other) => alive.has(other) && neighbors.has(other.name as NodeName))
  }
}

/** Whether the plan has made what nodes remember of broadcasts so small that it is reached. */
function hasSmallMemory({ config }: SwarmPlan): boolean {
  const { cacheBytesMax, missingMax, seenSequencesMax } = CORE_DEFAULTS
  return (
    config.cacheBytesMax < cacheBytesMax ||
    config.missingMax < missingMax ||
    config.seenSequencesMax < seenSequencesMax
  )
}

/** Whether a node knows the present run of another one: what it sends to one that is gone may fail at once. */
function knowsRun(node: SwarmNode, other: SwarmNode): boolean {
  const known = node.process.overlay.directory.get(other.name as NodeName)?.record
  return node.name !== other.name && known?.instance === other.process.overlay.self.instance
}

/** What fails early says nothing about the network: there was no room, or the name was not known yet. */
function isToldEarly({ outcome }: SendEntry): boolean {
  return (
    outcome?.status === 'failed' && (outcome.reason === 'queue-full' || outcome.reason === 'unknown-peer')
  )
}
