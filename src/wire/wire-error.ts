// The one error that this room throws: at the caller who wants something written that cannot be written.
// What comes from a peer never ends here; it becomes a value that says what is wrong.

/** `too-large`: over a limit of limits.ts. `invalid`: not a value that the format can carry. */
export type WireErrorCode = 'too-large' | 'invalid'

/** Caller misuse: the value cannot be encoded. Nothing was written, no state has changed. */
export class WireError extends Error {
  override readonly name = 'WireError'
  /** What kind of misuse. */
  readonly code: WireErrorCode
  /** The field at fault, as in `direct.payload`. */
  readonly field: string

  constructor(code: WireErrorCode, field: string, expected: string) {
    super(`${field}: ${expected}`)
    this.code = code
    this.field = field
  }
}
