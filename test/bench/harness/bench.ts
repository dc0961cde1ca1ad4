// One run of the benchmarks, as the figures see it: how long to measure, their child processes, and what they share.
// It must not know any figure.

import { Children } from './children.ts'

/** How to measure. */
export interface BenchOptions {
  /** Rounds of each figure, each with hearsay and then its reference. */
  readonly rounds: number
  /** Small and short, for trying out a change of the benchmarks: no figure to be quoted. */
  readonly isQuick: boolean
  /** Another checkout, whose simulator is the reference. */
  readonly base?: string | undefined
  /** Where child processes leave CPU profiles. */
  readonly profiles?: string | undefined
  /** The names of the figures that are measured in this run. */
  readonly selected: readonly string[]
  /** Says how far it is. */
  readonly onProgress: (text: string) => void
}

/** See the head of the file. */
export class Bench {
  readonly rounds: number
  readonly isQuick: boolean
  readonly base: string | undefined
  readonly children: Children
  readonly #options: BenchOptions
  readonly #shared = new Map<string, Promise<unknown>>()

  constructor(options: BenchOptions) {
    this.#options = options
    this.rounds = options.rounds
    this.isQuick = options.isQuick
    this.base = options.base
    this.children = new Children(options.profiles)
  }

  /** How long one measurement of something that goes on by itself takes, in seconds. */
  get measureSeconds(): number {
    return this.isQuick ? 0.25 : 1.5
  }

  /** Whether any figure of this group is measured in this run. */
  isSelected(group: string): boolean {
    return this.#options.selected.some((name) => name === group || name.startsWith(`${group}-`))
  }

  /** Says how far it is, on standard error. */
  progress(text: string): void {
    this.#options.onProgress(text)
  }

  /** What several figures are taken from is measured once: the first who asks has it made. */
  shared<T>(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#shared.get(key) as Promise<T> | undefined
    if (known !== undefined) return known
    const made = make()
    this.#shared.set(key, made)
    return made
  }

  /** What one side of a round measured, in each round: hearsay, reference, hearsay, reference, …, not warmed up. */
  async alternate<T>(sides: {
    readonly hearsay: () => Promise<T>
    readonly reference: () => Promise<T>
  }): Promise<{ readonly hearsay: T; readonly reference: T }[]> {
    const results: { hearsay: T; reference: T }[] = []
    for (let round = 1; round <= this.rounds; round++) {
      this.progress(`round ${round} of ${this.rounds}`)
      const hearsay = await sides.hearsay()
      results.push({ hearsay, reference: await sides.reference() })
    }
    return results
  }
}
