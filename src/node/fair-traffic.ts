// Steps of messages from all nodes, put together for those who watch at this one: as many as can be told, of each node some.
// It must not know who watches, nor ask anybody for anything.
//
// 1. Of each line the steps without a trace times its `oneIn`, those with one, and `leftOut` times `oneIn` are together what the
//    nodes have told of, whatever they were asked for meanwhile.
// 2. Where there is too much, each node has the same share: one that tells a lot takes no place from one that tells little.
// 3. Where a node tells more than its share, it is told of the same messages as at the others.
// 4. What waits is bounded by `WAITING_MAX` for each node, and gone with the next `take`.

import type { MessageStep, TrafficLine } from '../guests/overlay-lines.ts'
import type { NodeLoads } from './node-loads.ts'
import { isStepChosen, ONE_IN_MAX, type Seen } from './sightings.ts'

/** What a traffic line says. */
export type TrafficPart = Omit<TrafficLine, 'event' | 'atMs'>

/** Steps that wait, of one node. */
const WAITING_MAX = 512

interface Waiting {
  readonly step: MessageStep
  /** It stands for so many. */
  readonly oneIn: number
}

/** Steps that may be told: so many a second, and after a quiet time as many at once. */
class Allowance {
  readonly perS: number
  #room: number
  #atMs = Number.NEGATIVE_INFINITY
  readonly waiting = new Map<string, Waiting[]>()

  constructor(perS: number) {
    this.perS = perS
    this.#room = perS
  }

  /** False: too many of this node wait. */
  add(node: string, one: Waiting): boolean {
    const waiting = this.waiting.get(node) ?? []
    this.waiting.set(node, waiting)
    return waiting.length < WAITING_MAX && waiting.push(one) > 0
  }

  /** What is told of what waits, and what is not. */
  take(nowMs: number): { readonly told: Waiting[]; readonly leftOut: Waiting[] } {
    this.#room = Math.min(this.perS, this.#room + (this.perS * (nowMs - this.#atMs)) / 1_000)
    this.#atMs = nowMs
    const lists = [...this.waiting.values()].sort((a, b) => a.length - b.length)
    this.waiting.clear()
    const told: Waiting[] = []
    const leftOut: Waiting[] = []
    lists.forEach((list, index) => {
      const share = Math.max(1, Math.floor(this.#room / (lists.length - index)))
      const kept = this.#room < 1 ? [] : shareOf(list, share)
      this.#room -= kept.length
      told.push(...kept)
      if (kept.length === list.length) return
      const isKept = new Set(kept)
      leftOut.push(...list.filter((one) => !isKept.has(one)))
    })
    return { told, leftOut }
  }
}

/** See the head of the file. */
export class FairTraffic {
  readonly #nowMs: () => number
  readonly #loads: NodeLoads
  readonly #plain: Allowance
  readonly #traced: Allowance
  /**
   * Steps that no step that is told stands for, or waits to be told. Less than 0 when by chance those that are chosen stand for
   * more than there were.
   */
  #leftOut = 0

  /** @param perS steps that are told in a second, without a trace and with one */
  constructor(
    nowMs: () => number,
    loads: NodeLoads,
    perS: { readonly plain: number; readonly traced: number },
  ) {
    this.#nowMs = nowMs
    this.#loads = loads
    this.#plain = new Allowance(perS.plain)
    this.#traced = new Allowance(perS.traced)
  }

  /** A node tells of what it has seen. @param wanted one message in so many is told of */
  add(node: string, { steps, leftOut, oneIn: chosenBy }: Seen, wanted: number): void {
    // It has not heard yet that fewer are wanted, or others want more: what is chosen of them is as if it had.
    const oneIn = wanted % chosenBy === 0 ? wanted : chosenBy
    const plain = steps.filter(({ traceparent }) => traceparent === undefined)
    const all = leftOut + plain.length * chosenBy
    const seen = this.#loads.add(node, all)
    this.#leftOut += seen
    if (seen < all) return
    for (const step of steps) {
      if (step.traceparent !== undefined) {
        if (!this.#traced.add(node, { step, oneIn: 1 })) this.#leftOut++
      } else if (isStepChosen(step, oneIn) && this.#plain.add(node, { step, oneIn })) this.#leftOut -= oneIn
    }
  }

  /** What there is to be told, the part with `wanted` last; it is there when something was left out, too. */
  take(wanted: number): TrafficPart[] {
    const nowMs = this.#nowMs()
    const [traced, plain] = [this.#traced.take(nowMs), this.#plain.take(nowMs)]
    for (const { oneIn } of [...traced.leftOut, ...plain.leftOut]) this.#leftOut += oneIn
    const byOneIn = Map.groupBy(plain.told, ({ oneIn }) => oneIn)
    const wantedOnes = [...traced.told, ...(byOneIn.get(wanted) ?? [])]
    byOneIn.delete(wanted)
    const parts = [...byOneIn].map(([oneIn, ones]) => ({ oneIn, leftOut: 0, steps: stepsOf(ones) }))
    const leftOut = Math.max(0, Math.floor(this.#leftOut / wanted))
    this.#leftOut -= leftOut * wanted
    if (wantedOnes.length > 0 || leftOut > 0)
      parts.push({ oneIn: wanted, leftOut, steps: stepsOf(wantedOnes) })
    return parts
  }

  /** Nobody watches any more. */
  clear(): void {
    this.#plain.waiting.clear()
    this.#traced.waiting.clear()
    this.#leftOut = 0
  }
}

/** Of what one node tells, what has room: of those messages first that other nodes keep as well. */
function shareOf(list: readonly Waiting[], share: number): readonly Waiting[] {
  let [before, kept] = [list, list]
  for (let fewer = 2; kept.length > share && fewer <= ONE_IN_MAX; fewer *= 2) {
    before = kept
    kept = kept.filter(({ step, oneIn }) => isStepChosen(step, oneIn * fewer))
  }
  const isKept = new Set(kept)
  return [...kept, ...before.filter((one) => !isKept.has(one))].slice(0, share)
}

function stepsOf(ones: readonly Waiting[]): MessageStep[] {
  return ones.map(({ step }) => step)
}
