// The search that everything about paths is compared with: as plain as can be.

/** Links to travel from `start`, for everything that a path leads to. */
export function distancesFrom<T>(start: T, next: (at: T) => Iterable<T>): Map<T, number> {
  const found = new Map([[start, 0]])
  for (const [at, distance] of found) {
    for (const other of next(at)) if (!found.has(other)) found.set(other, distance + 1)
  }
  return found
}
