// What a caller did wrong, as an error with a code to branch on. Peers' misbehaviour never becomes one of these.

/** What went wrong. */
export type HearsayErrorCode =
  | 'invalid-name'
  | 'invalid-url'
  | 'invalid-option'
  | 'invalid-payload'
  | 'invalid-topic'
  | 'name-taken'
  | 'closed'

/** Thrown at once for misuse, or rejected by `ready()` when the node cannot become ready any more. */
export class HearsayError extends Error {
  override readonly name = 'HearsayError'
  readonly code: HearsayErrorCode

  constructor(code: HearsayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
