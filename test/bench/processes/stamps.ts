// Payloads that are checked where they arrive: round and number at both ends of each, so that what is lost, comes twice,
// out of order, in part or from another round is found, and does not count.
// It must not know how payloads travel.

/** The least size of a payload in bytes: two stamps. */
export const PAYLOAD_BYTES_MIN = 16

/** A new payload, as each message of a program has its own. @param bytes at least 16 */
export function stampedPayload(bytes: number, round: number, index: number): Buffer {
  const payload = Buffer.allocUnsafe(bytes)
  payload.writeUInt32LE(round, 0)
  payload.writeUInt32LE(index, 4)
  payload.writeUInt32LE(round, bytes - 8)
  payload.writeUInt32LE(index, bytes - 4)
  return payload
}

/** What a receiver waits for. */
export interface Expected {
  readonly round: number
  readonly messages: number
  readonly bytes: number
  /** Whether they have to come in the order of their numbers. */
  readonly isOrdered: boolean
  /** Whether to keep when each arrived. Default false. */
  readonly keepsTimes?: boolean
}

/** Counts what one receiver gets in a round. Anything that is not as expected throws. */
export class Tally {
  readonly #nowMs: () => number
  #expected: Expected | undefined
  #seen = new Uint8Array(0)
  #timesMs = new Float64Array(0)
  #count = 0
  #completedMs = 0
  #completion = Promise.withResolvers<void>()

  /** @param nowMs told with each arrival that counts */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** A round begins: nothing has come yet. */
  expect(expected: Expected): void {
    this.#expected = expected
    this.#seen = new Uint8Array(expected.isOrdered ? 0 : expected.messages)
    this.#timesMs = new Float64Array(expected.keepsTimes === true ? expected.messages : 0)
    this.#count = 0
    this.#completion = Promise.withResolvers<void>()
  }

  /** What has come in this round. */
  get count(): number {
    return this.#count
  }

  /** Whether all of it is there. */
  get isComplete(): boolean {
    return this.#count === this.#expected?.messages
  }

  /** Resolves with when the last one came. */
  async completed(): Promise<number> {
    await this.#completion.promise
    return this.#completedMs
  }

  /** When each arrived, by number. */
  get timesMs(): Float64Array {
    return this.#timesMs
  }

  /** Something has arrived. @throws Error when it is not what is expected */
  take(payload: Uint8Array): void {
    const expected = this.#expected
    if (expected === undefined) throw new Error('a payload came before the round')
    const { bytes, round, isOrdered, messages } = expected
    if (payload.length !== bytes) throw new Error(`expected ${bytes} bytes, got ${payload.length}`)
    const index = wordAt(payload, 4)
    const isWhole =
      wordAt(payload, 0) === round &&
      wordAt(payload, bytes - 8) === round &&
      wordAt(payload, bytes - 4) === index
    if (!isWhole || index >= messages) {
      throw new Error(`expected round ${round}, got ${wordAt(payload, 0)}, message ${index} of ${messages}`)
    }
    if (isOrdered) {
      if (index !== this.#count) throw new Error(`expected message ${this.#count}, got ${index}`)
    } else {
      if (this.#seen[index] === 1) throw new Error(`message ${index} came twice`)
      this.#seen[index] = 1
    }
    if (this.#timesMs.length > 0) this.#timesMs[index] = this.#nowMs()
    if (++this.#count < messages) return
    this.#completedMs = this.#nowMs()
    this.#completion.resolve()
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [
    number,
    number,
    number,
    number,
  ]
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
}
