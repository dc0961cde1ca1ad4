// What came of pings: counts and round trips, as ping(8) tells them. Pure; it must not know who was pinged.

/** See the head of the file. All times in ms. */
export class PingStatistics {
  #sent = 0
  #answered = 0
  #late = 0
  #sum = 0
  #sumOfSquares = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  /** One more goes out; returns its number, from 1 on. */
  send(): number {
    return ++this.#sent
  }

  /** One has come back. */
  answer(rttMs: number): void {
    this.#answered++
    this.#sum += rttMs
    this.#sumOfSquares += rttMs * rttMs
    this.#min = Math.min(this.#min, rttMs)
    this.#max = Math.max(this.#max, rttMs)
  }

  /** One has come back after its deadline: it counts as lost. */
  answerLate(): void {
    this.#late++
  }

  get sent(): number {
    return this.#sent
  }

  get answered(): number {
    return this.#answered
  }

  /** Round trips; `undefined` when nothing has come back. `mdevMs` is the standard deviation, as in ping(8). */
  get roundTrip():
    | { readonly minMs: number; readonly avgMs: number; readonly maxMs: number; readonly mdevMs: number }
    | undefined {
    if (this.#answered === 0) return undefined
    const avgMs = this.#sum / this.#answered
    const variance = Math.max(0, this.#sumOfSquares / this.#answered - avgMs * avgMs)
    return { minMs: this.#min, avgMs, maxMs: this.#max, mdevMs: Math.sqrt(variance) }
  }

  /** The last lines. @param name printable @param tookMs from the first to now */
  text(name: string, tookMs: number): string {
    const lost = this.#sent === 0 ? 0 : Math.round((100 * (this.#sent - this.#answered)) / this.#sent)
    const late = this.#late === 0 ? '' : `, ${this.#late} too late`
    const lines = [
      `--- ${name} ping statistics ---`,
      `${this.#sent} sent, ${this.#answered} answered${late}, ${lost} % lost, ${(tookMs / 1_000).toFixed(1)} s`,
    ]
    const trip = this.roundTrip
    if (trip !== undefined) {
      const times = [trip.minMs, trip.avgMs, trip.maxMs, trip.mdevMs].map((ms) => ms.toFixed(1))
      lines.push(`round trip min/avg/max/mdev = ${times.join('/')} ms`)
    }
    return lines.join('\n')
  }

  /** The same for programs. */
  json(name: string): Readonly<Record<string, unknown>> {
    const { sent, answered } = this
    const late = this.#late === 0 ? {} : { late: this.#late }
    return { event: 'statistics', to: name, sent, answered, ...late, ...this.roundTrip }
  }
}
