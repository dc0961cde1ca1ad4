// The way of a routed message: which link it takes from here, and passing on what is for somebody else.
// It must not keep state, look into a payload, nor decide what a failure means to the origin.
//
// Y1  a message never goes back over the link that it came from
// Y2  a message travels at most `hopsMax` links: each relay lowers `hopsLeft`, and at 0 it goes no further

import type { Directory } from './directory.ts'
import type { Lane } from './events.ts'
import type { Links } from './links.ts'
import type { LinkId, NodeName, RoutedMessage } from './messages.ts'
import type { RoutesOnDemand } from './routes-on-demand.ts'
import type { Neighbor } from './routing.ts'
import type { Turn } from './turn.ts'

/** See the head of the file. */
export class Relay {
  readonly #directory: Directory
  readonly #links: Pick<Links, 'neighbors' | 'lags'>
  readonly #routes: RoutesOnDemand
  readonly #turn: Turn

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
   * The link towards a destination, or `undefined` when no path is known.
   * @param except a link that must not be taken: where the message came from, or where it failed before.
   */
  way(origin: NodeName, destination: NodeName, except?: LinkId): LinkId | undefined {
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
    const best = routes.nextHop(origin, entry, isUp)
    if (best === undefined) this.#routes.want()
    if (best === undefined || isBrisk(best)) return best?.link
    const around = this.#routes.around.nextHop(origin, entry, isBrisk)
    return (around ?? routes.nextHop(origin, entry, isBrisk) ?? best).link
  }

  /** Passes a message on; says why when it cannot. The bytes are the same but for the two hop counters. */
  forward(message: RoutedMessage, cameFrom: LinkId): 'hops-exceeded' | 'no-route' | undefined {
    if (message.hopsLeft === 0) return 'hops-exceeded'
    const link = this.way(message.origin, message.destination, cameFrom)
    if (link === undefined) return 'no-route'
    const hops = Math.min(message.hops + 1, 255)
    const forwarded = { ...message, hopsLeft: message.hopsLeft - 1, hops }
    this.#turn.send([link], forwarded, laneOf(message))
    return undefined
  }
}

/** Acknowledgements and bounces must not wait behind the data that they are about. */
export function laneOf(message: RoutedMessage): Lane {
  return message.type === 'direct' ? 'direct' : 'control'
}
