// What the steps of the liveness phase have in common. It must not know any of them.

/** Within so long all arrives in a network in which nothing goes wrong. */
export const LIVE_MS = 10_000

/** The first problem that there is. */
export function firstOf<T>(all: readonly T[], problemOf: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const problem = problemOf(one)
    if (problem !== undefined) return problem
  }
  return undefined
}
