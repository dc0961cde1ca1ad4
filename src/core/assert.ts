// Assertions for our own bugs: fail fast and say what was broken. Never for anything that came from the wire or from
// a caller; those are values and typed errors.

/** A broken invariant: a bug in hearsay itself, never the fault of a peer or a caller. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** Throws an {@link InvariantError} unless `condition` holds. */
export function assert(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new InvariantError(broken)
}
