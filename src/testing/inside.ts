// What a test network is made of, for the simulator that runs on it. Not part of what programs see.
// It must not do anything.

import type { EventQueue } from '../sim/event-queue.ts'
import type { Medium } from '../sim/medium.ts'
import type { Flow } from './flow.ts'
import type { Roster } from './roster.ts'

/** The parts of a test network. */
export interface NetworkInside {
  readonly queue: EventQueue
  readonly medium: Medium
  readonly flow: Flow
  readonly roster: Roster
}

const insides = new WeakMap<object, NetworkInside>()

/** A network shows what is inside of it. */
export function showNetwork(network: object, inside: NetworkInside): void {
  insides.set(network, inside)
}

/** What is inside of a network. @throws TypeError for what is none */
export function insideOfNetwork(network: object): NetworkInside {
  const inside = insides.get(network)
  if (inside === undefined) throw new TypeError('this is no test network')
  return inside
}
