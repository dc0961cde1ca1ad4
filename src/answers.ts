// How sends and broadcasts end, as programs, HTTP clients and guests are told. Types, and what of them is told with
// fewer digits; they belong to no room, because every room that people or programs talk to uses them.

import type { RequestFailure, SendFailure } from './core/reasons.ts'
import type { JsonValue } from './wire/payload.ts'

/** How a send through the overlay ended. */
export type SendAnswer =
  | {
      readonly status: 'delivered'
      /**
       * Names the message, here, in logs and wherever it is told of: `origin/incarnation/sequence/destination`. Of what was
       * posted to a plain HTTP peer the sequence is `http-` and a number.
       */
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

/** Whether there was room for a message, at once; how it ended comes later. */
export type TrySendAnswer =
  | { readonly status: 'accepted'; readonly outcome: Promise<SendAnswer> }
  | SendFailed

/** How a request ended. */
export type RequestAnswer =
  | {
      readonly status: 'answered'
      /** The node that answered. */
      readonly from: string
      /** A JSON value, or the bytes. */
      readonly value: JsonValue | Uint8Array
      /** Links that the answer has travelled. */
      readonly hops: number
      /** From the request to its answer, in ms. */
      readonly rttMs: number
    }
  | RequestFailed

/** A request without an answer. */
export interface RequestFailed {
  readonly status: 'failed'
  readonly reason: RequestFailure
  /** The node that said so. */
  readonly at: string
  /** What the other node says about it, for people. */
  readonly error?: string
}

/** How a broadcast ended. */
export type BroadcastAnswer =
  | {
      readonly status: 'sent'
      /**
       * Names the broadcast, here, in logs and wherever it is told of: `origin/incarnation/sequence`. Of one that there were
       * only plain HTTP peers for the sequence is `http-` and a number.
       */
      readonly id: string
      /** Links that it went out on; 0: no other node is there, and it was posted to the plain HTTP peers. */
      readonly neighbors: number
      /** With receipts: how many of the known peers have it, plain HTTP peers included. */
      readonly reached?: number
      /** With receipts: how many peers were known. */
      readonly of?: number
      /** With receipts: the names of those that have not. */
      readonly missing?: readonly string[]
      /** With receipts: how each of the others has got it, in the order in which they said so. */
      readonly receipts?: readonly Receipt[]
      /** Of a topic: how many other nodes listen to it, as far as it is known. */
      readonly listeners?: number
    }
  | SendFailed

/** How one peer has got a broadcast. */
export interface Receipt {
  readonly name: string
  /** Links travelled. */
  readonly hops: number
  /** The neighbor that it came from; of a plain HTTP peer the node that posted it. */
  readonly via: string
  /** From when the broadcast was made to its receipt, or the answer to the post, in ms. */
  readonly tookMs: number
}

/** One node on a way, and its link to the next one. */
export interface TraceHop {
  readonly node: string
  /** Where it passes a message on to; absent: nowhere. */
  readonly next?: string
  /** Smoothed round trip on that link, in ms; absent: not measured yet. */
  readonly rttMs?: number
  /** Bytes that wait there to be sent on that link. */
  readonly queuedBytes?: number
}

/** The way to a node. */
export type TraceAnswer =
  | {
      readonly status: 'traced'
      /** All nodes on the way, this one first and the destination last. */
      readonly path: readonly string[]
      /** The same, with their links. */
      readonly hops: readonly TraceHop[]
    }
  | (SendFailed & {
      /** The way as far as it is known. */
      readonly hops: readonly TraceHop[]
    })

/**
 * An answer with its times as HTTP clients and guests are told them, to a tenth of a ms: clocks have more digits than a round
 * trip means. Programs that want them ask the library.
 */
export function told<A extends object>(answer: A): A {
  const { rttMs, receipts } = answer as { readonly rttMs?: number; readonly receipts?: readonly Receipt[] }
  return {
    ...answer,
    ...(rttMs !== undefined && { rttMs: rounded(rttMs) }),
    ...(receipts !== undefined && {
      receipts: receipts.map((receipt) => ({ ...receipt, tookMs: rounded(receipt.tookMs) })),
    }),
  }
}

function rounded(ms: number): number {
  return Math.round(10 * ms) / 10
}
