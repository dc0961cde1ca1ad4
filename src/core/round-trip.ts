// How long an answer takes: a smoothed round trip, its variation, and the timeout that follows from them (RFC 6298).
// It must not decide what is measured.

/** The parts of the configuration that count here. */
export interface RoundTripConfig {
  readonly retransmitInitialMs: number
  readonly retransmitMinMs: number
  readonly retransmitMaxMs: number
}

/** See the head of the file. */
export class RoundTrip {
  readonly #config: RoundTripConfig
  #smoothedMs: number | undefined
  #variationMs = 0

  constructor(config: RoundTripConfig) {
    this.#config = config
  }

  /** The smoothed round trip; `undefined` before the first measurement. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs
  }

  /** How long to wait for an answer (RFC 6298 section 2, within the configured bounds). */
  get timeoutMs(): number {
    const { retransmitInitialMs, retransmitMinMs, retransmitMaxMs } = this.#config
    if (this.#smoothedMs === undefined) return retransmitInitialMs
    return Math.min(retransmitMaxMs, Math.max(retransmitMinMs, this.#smoothedMs + 4 * this.#variationMs))
  }

  /** The timeout after this many tries: it doubles with each (rule 5.5), up to the configured bound. */
  backoffMs(tries: number): number {
    return Math.min(this.#config.retransmitMaxMs, this.timeoutMs * 2 ** Math.min(Math.max(0, tries - 1), 6))
  }

  /** Takes in a measurement (rules 2.2 and 2.3). */
  measure(rttMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = rttMs
      this.#variationMs = rttMs / 2
      return
    }
    this.#variationMs += (Math.abs(this.#smoothedMs - rttMs) - this.#variationMs) / 4
    this.#smoothedMs += (rttMs - this.#smoothedMs) / 8
  }
}
