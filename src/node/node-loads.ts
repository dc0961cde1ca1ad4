// How many steps of messages there are at each node, as the nodes say themselves, and how many that makes for choosing fewer of
// them. It must not trust: a node that says too much of itself must not have the others' messages left out.
//
// 1. What a node cannot have seen does not count.
// 2. A node whose load is far above that of most others counts for a part of what can be told, however much it says.

/** More than a node sees of messages in a second. */
const SEEN_PER_S_MAX = 50_000
/** For so long at most it may have seen as many and not told of them yet. */
const UNTOLD_MS_MAX = 60_000
/** What counts at most of one node is so many times what half of the nodes do not exceed. */
const ABOVE_MEDIAN_MAX = 8
/** Between two reports at least, for the rate. */
const EVERY_MIN_MS = 500
/** Until it has reported twice. */
const FIRST_MS = 1_000
/** A node of which so many reports are missing has no load; one that has said nothing at all for so many times is forgotten. */
const MISSED_MAX = 3

interface Load {
  /** Steps that it may still tell of. */
  room: number
  roomMs: number
  /** Told of since {@link sinceMs}. */
  seen: number
  sinceMs: number
  /** Between its last two reports. */
  perS: number
  tookMs: number
}

/** See the head of the file. */
export class NodeLoads {
  readonly #nowMs: () => number
  readonly #partMax: number
  readonly #loads = new Map<string, Load>()

  /** @param partMax what counts at most of one node while most of the others have nothing to tell, in steps a second */
  constructor(nowMs: () => number, partMax: number) {
    this.#nowMs = nowMs
    this.#partMax = partMax
  }

  /** A node tells of so many steps. Returns how many of them it can have seen. */
  add(node: string, steps: number): number {
    const load = this.#of(node)
    const nowMs = this.#nowMs()
    const sinceMs = nowMs - load.roomMs
    const roomMax = (SEEN_PER_S_MAX * UNTOLD_MS_MAX) / 1_000
    load.room = Math.min(roomMax, load.room + (SEEN_PER_S_MAX * sinceMs) / 1_000)
    load.roomMs = nowMs
    const taken = Math.min(steps, Math.floor(load.room))
    load.room -= taken
    load.seen += taken
    return taken
  }

  /** That was all since the node's report before. */
  reported(node: string): void {
    const load = this.#of(node)
    const nowMs = this.#nowMs()
    load.tookMs = Math.max(EVERY_MIN_MS, nowMs - load.sinceMs)
    load.perS = (load.seen * 1_000) / load.tookMs
    load.sinceMs = nowMs
    load.seen = 0
  }

  /** Steps a second at all nodes together, as far as they count. */
  get perS(): number {
    const nowMs = this.#nowMs()
    for (const [node, { roomMs }] of this.#loads)
      if (nowMs - roomMs > MISSED_MAX * UNTOLD_MS_MAX) this.#loads.delete(node)
    const rates = [...this.#loads.values()]
      .filter(({ sinceMs, tookMs }) => nowMs - sinceMs <= MISSED_MAX * Math.max(tookMs, FIRST_MS))
      .map(({ perS }) => perS)
      .sort((a, b) => a - b)
    const median = rates[(rates.length - 1) >> 1] ?? 0
    const max = Math.max(this.#partMax, ABOVE_MEDIAN_MAX * median)
    return rates.reduce((sum, perS) => sum + Math.min(perS, max), 0)
  }

  /** Nobody watches any more. */
  clear(): void {
    this.#loads.clear()
  }

  #of(node: string): Load {
    const known = this.#loads.get(node)
    if (known !== undefined) return known
    const nowMs = this.#nowMs()
    const [room, sinceMs] = [SEEN_PER_S_MAX, nowMs - FIRST_MS]
    const load = { room, roomMs: nowMs, seen: 0, sinceMs, perS: 0, tookMs: 0 }
    this.#loads.set(node, load)
    return load
  }
}
