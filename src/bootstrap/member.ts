// A node as the registry holds it: its connection, and what it said of itself. A part of the registry: data, and the
// forms in which others see it. It must not decide anything.

import type { Heartbeat, Hello, LinkId } from '../core/messages.ts'
import { httpUrlOf } from '../http/peer-urls.ts'
import type { Listing } from './changes.ts'

/** A connection that has not said hello yet. */
export interface Stranger {
  readonly phase: 'stranger'
  readonly link: LinkId
  /** The other end's address, for people. */
  readonly from: string
}

/** A node: registered, or waiting until it is known whether the holder of its name is alive. */
export interface Member {
  phase: 'claiming' | 'registered'
  readonly link: LinkId
  readonly from: string
  /** Its URL is in the canonical form of net/url. */
  readonly hello: Hello
  /** When the last frame came. */
  heardMs: number
  /** Whether it was asked for a sign of life, and has not given one yet. */
  isAsked: boolean
}

/** A node that wants a name which another connection holds: that one has been asked for a sign of life. */
export interface Claim {
  claimant: Member
  /** Of the timer that ends the wait. */
  readonly token: number
}

/** How the node is listed. */
export function nodeListing({ hello }: Member): Listing {
  const { name, url, incarnation, instance } = hello
  const peer = { name, kind: 'node', ...(url === undefined ? {} : { url }) } as const
  return { peer, run: `${incarnation}/${instance}` }
}

/** Where the node is, for people: the URL that it gives (as `GET /peers` shows it), else where its connection comes from. */
export function addressOf({ hello, from }: Member): string {
  return hello.url === undefined ? from : httpUrlOf(hello.url)
}

/** The heartbeat of a bootstrap, which has no directory. `echo`: the clock that it answers; 0 asks for an answer. */
export function bootstrapHeartbeat(nowMs: number, echo: number): Heartbeat {
  const clock = Math.trunc(nowMs * 1_000) % 2 ** 32 || 1
  return { type: 'heartbeat', clock, echo, heldUs: 0, hash: { high: 0, low: 0 } }
}
