// How sends and broadcasts end, as programs, HTTP clients and guests are told. Types only; they belong to no room,
// because every room that people or programs talk to uses them.

import type { SendFailure } from './core/reasons.ts'

/** How a send through the overlay ended. */
export type SendAnswer =
  | {
      readonly status: 'delivered'
      /** Names the message in logs: `origin/incarnation/sequence`. */
      readonly id: string
      /** Links travelled. */
      readonly hops: number
      /** From when it first went out to the acknowledgement, in ms; over HTTP in tenths. */
      readonly rttMs: number
    }
  | SendFailed

/** A send that did not get through. */
export interface SendFailed {
  readonly status: 'failed'
  readonly reason: SendFailure
  /** The node that said so. */
  readonly at: string
}

/** How a broadcast ended. */
export type BroadcastAnswer =
  | {
      readonly status: 'sent'
      /** Names the broadcast in logs: `origin/incarnation/sequence`. */
      readonly id: string
      /** Links that it went out on. */
      readonly neighbors: number
      /** With receipts: how many of the known peers have it. */
      readonly reached?: number
      /** With receipts: how many peers were known. */
      readonly of?: number
      /** With receipts: the names of those that have not. */
      readonly missing?: readonly string[]
    }
  | SendFailed
