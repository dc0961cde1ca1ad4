// Receipts of broadcasts: the origin waits until all peers that it knows of have said that they have got one.
// It must not send broadcasts, nor know what is in them.
//
// 1. A broadcast with receipts is settled when all have answered, or those who have not are gone, or at its deadline.

import type { Receipt } from '../answers.ts'
import type { Rng } from '../core/rng.ts'
import { fieldsOf, type Note } from './envelope.ts'
import { type PendingAnswer, PendingAnswers } from './pending-answers.ts'
import type { NodeTimers, NodeWorld } from './world.ts'

/** What came of waiting for receipts. */
export interface Receipts {
  /** In the order in which they came. */
  readonly receipts: readonly Receipt[]
  /** Peers from which none has come. */
  readonly missing: readonly string[]
}

interface Awaited extends PendingAnswer {
  readonly missing: Set<string>
  readonly receipts: Receipt[]
  readonly gone: Set<string>
  readonly sentMs: number
  /** Whether the broadcast has gone out. */
  isOut: boolean
  readonly settle: (receipts: Receipts) => void
}

/** See the head of the file. */
export class ReceiptBook {
  readonly #nowMs: NodeWorld['nowMs']
  readonly #awaited: PendingAnswers<Awaited>

  constructor(nowMs: NodeWorld['nowMs'], timers: Pick<NodeTimers, 'hasEnded' | 'wait'>, rng: Rng) {
    this.#nowMs = nowMs
    this.#awaited = new PendingAnswers(nowMs, timers, rng)
  }

  /** Broadcasts whose receipts are waited for. */
  get size(): number {
    return this.#awaited.size
  }

  /** Waits for receipts of these peers from now on; not before {@link sent} is it known that there are no others. */
  expect(peers: readonly string[], deadlineMs: number): { number: number; receipts: Promise<Receipts> } {
    const { promise, resolve } = Promise.withResolvers<Receipts>()
    const sentMs = this.#nowMs()
    const awaited: Awaited = {
      missing: new Set(peers),
      receipts: [],
      gone: new Set(),
      sentMs,
      isOut: false,
      deadlineMs: sentMs + deadlineMs,
      settle: resolve,
      expire: () => resolve(resultOf(awaited)),
    }
    return { number: this.#awaited.add(awaited), receipts: promise }
  }

  /** The broadcast has gone out, to these peers as well: those that were not known when it was made. */
  sent(number: number, peers: Iterable<string>): void {
    const awaited = this.#awaited.get(number)
    if (awaited !== undefined) awaited.isOut = true
    for (const name of peers) {
      awaited?.missing.add(name)
      // It was gone while the broadcast waited for a link, and is back.
      awaited?.gone.delete(name)
    }
    this.#settleIfDone(number)
  }

  /** Nobody wants to wait any more: what has come is all. */
  settle(number: number): void {
    const awaited = this.#awaited.take(number)
    awaited?.settle(resultOf(awaited))
  }

  /** A receipt has come; false: nobody waits for it. */
  got({ from, number, value }: Note): boolean {
    const awaited = this.#awaited.get(number)
    if (awaited === undefined || !(awaited.missing.delete(from) || awaited.gone.delete(from))) return false
    awaited.receipts.push({ name: from, ...wayOf(value), tookMs: this.#nowMs() - awaited.sentMs })
    this.#settleIfDone(number)
    return true
  }

  /** A peer is gone: nothing more is waited for from there, though a receipt may be on its way. */
  peerLeft(name: string): void {
    for (const [number, { missing, gone }] of this.#awaited) {
      if (missing.delete(name)) gone.add(name)
      this.#settleIfDone(number)
    }
  }

  /** The node says good-bye: receipts for the run that has broadcast do not come any more. */
  away(): void {
    for (const [number, { isOut }] of this.#awaited) if (isOut) this.settle(number)
  }

  /** A broadcast has failed: there will be no receipts. */
  giveUp(number: number): void {
    this.#awaited.take(number)
  }

  /** Nobody waits any more. */
  end(): void {
    for (const awaited of this.#awaited.drain()) awaited.settle(resultOf(awaited))
  }

  #settleIfDone(number: number): void {
    const awaited = this.#awaited.get(number)
    // What has not gone out may still come to whoever is gone now.
    if (!awaited?.isOut || awaited.missing.size > 0) return
    this.#awaited.take(number)
    awaited.settle(resultOf(awaited))
  }
}

function resultOf({ receipts, missing, gone }: Awaited): Receipts {
  return { receipts, missing: [...missing, ...gone] }
}

/** From another node, so it may be anything. */
function wayOf(value: Note['value']): { hops: number; via: string } {
  const { hops, via } = fieldsOf(value)
  return {
    hops: typeof hops === 'number' && Number.isInteger(hops) && hops >= 0 ? hops : 0,
    via: typeof via === 'string' ? via : '',
  }
}
