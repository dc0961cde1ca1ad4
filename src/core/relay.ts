// The way of a routed message: which link it takes from here, and passing on what is for somebody else.
// It must not keep state, look into a payload, nor decide what a failure means to the origin.
//
// Y1  a message never goes back over the link that it came from
// Y2  a message travels at most `hopsMax` links: each relay lowers `hopsLeft`, and at 0 it goes no further

import type { Directory, Entry } from './directory.ts'
import type { Lane } from './events.ts'
import type { Links } from './links.ts'
import type { LinkId, NodeName, RoutedMessage } from './messages.ts'
import type { RoutesOnDemand } from './routes-on-demand.ts'
import type { Neighbor } from './routing.ts'
import type { Turn } from './turn.ts'

/** Links that a message may have travelled in all, at its destination, that goes around a neighbor. */
const AROUND_HOPS_MAX = 8

/** See the head of the file. */
export class Relay {
  readonly #directory: Directory
  readonly #links: Pick<Links, 'neighbors' | 'lags'>
  readonly #routes: RoutesOnDemand
  readonly #turn: Turn
  /** Messages passed on since the start. */
  passedOn = 0

  constructor(
    directory: Directory,
    links: Pick<Links, 'neighbors' | 'lags'>,
    routes: RoutesOnDemand,
    turn: Turn,
  ) {
    this.#directory = directory
    this.#links = links
    this.#routes = routes
    this.#turn = turn
  }

  /**
   * The link towards a destination, or `undefined` when no path is known: then a timer tells when newer routes may have one.
   * @param except a link that must not be taken: where the message came from, or where it failed before.
   * @param hops links that it has travelled.
   */
  way(origin: NodeName, destination: NodeName, except?: LinkId, hops = 0): LinkId | undefined {
    const link = this.find(origin, destination, except, hops)
    if (link === undefined && this.#directory.get(destination) !== undefined) this.#routes.want()
    return link
  }

  /** As {@link way}, for whoever looks from outside of a turn: nothing is to be done when there is none. */
  find(origin: NodeName, destination: NodeName, except?: LinkId, hops = 0): LinkId | undefined {
    const neighbor = this.#links.neighbors.get(destination)
    if (neighbor !== undefined && neighbor.id !== except) return neighbor.id
    const entry = this.#directory.get(destination)
    if (entry === undefined) return undefined
    const { neighbors } = this.#links
    const isUp = ({ name, link }: Neighbor): boolean => link !== except && neighbors.get(name)?.id === link
    const isBrisk = ({ name, link }: Neighbor): boolean => {
      const state = neighbors.get(name)
      return link !== except && state?.id === link && !this.#links.lags(state)
    }
    const routes = this.#routes.current
    const brisk = routes.nextHop(origin, entry, isBrisk)
    if (brisk !== undefined) return brisk.link
    const best = routes.nextHop(origin, entry, isUp)
    return best && (this.#around(origin, entry, { hops, isBrisk }) ?? best).link
  }

  /**
   * A way around the neighbors that lag, for what all ways that are known lead to one of. Each node sees its own neighbors
   * lag only: where two lead around to each other, the message ends with one that lags after {@link AROUND_HOPS_MAX}.
   */
  #around(
    origin: NodeName,
    destination: Entry,
    { hops, isBrisk }: { hops: number; isBrisk: (neighbor: Neighbor) => boolean },
  ): Neighbor | undefined {
    if (hops >= AROUND_HOPS_MAX) return undefined
    const { around } = this.#routes
    const isFar = hops + around.distance(destination.slot) > AROUND_HOPS_MAX
    return isFar ? undefined : around.nextHop(origin, destination, isBrisk)
  }

  /** Passes a message on; says why when it cannot. The bytes are the same but for the two hop counters. */
  forward(message: RoutedMessage, cameFrom: LinkId): 'hops-exceeded' | 'no-route' | undefined {
    if (message.hopsLeft === 0) return 'hops-exceeded'
    const link = this.way(message.origin, message.destination, cameFrom, message.hops)
    if (link === undefined) return 'no-route'
    const hops = Math.min(message.hops + 1, 255)
    const forwarded = { ...message, hopsLeft: message.hopsLeft - 1, hops }
    this.#turn.send([link], forwarded, laneOf(message))
    this.passedOn++
    return undefined
  }
}

/** Acknowledgements and bounces must not wait behind the data that they are about. */
export function laneOf(message: RoutedMessage): Lane {
  return message.type === 'direct' ? 'direct' : 'control'
}
