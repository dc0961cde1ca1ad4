// What a caller did wrong, as an error with a code to branch on. Peers' misbehaviour never becomes one of these. Belongs
// to no room, because nodes and bootstraps throw it.

/** What went wrong, by code, and what to do about it. docs/ERRORS.md lists it for people. */
export const HEARSAY_ERRORS = {
  'invalid-name': {
    text: 'what was given is not a node name',
    advice: 'Use 1 to 64 letters, digits, dots, underscores or hyphens, the first a letter or digit',
  },
  'invalid-url': {
    text: 'what was given is not a URL that can be dialled',
    advice: 'Give a host with ws, wss, http or https before it, and no user name or password',
  },
  'invalid-option': {
    text: 'there is no such option, or its value makes no sense',
    advice: 'Correct the option that the message names; it says what it may be',
  },
  'invalid-payload': {
    text: 'the value is neither bytes nor JSON',
    advice: 'Send a Uint8Array, or what JSON can say: no functions, no cycles, at most 100 levels',
  },
  'invalid-topic': {
    text: 'what was given is not a topic, or not a filter of topics',
    advice: 'Use up to 128 bytes; only filters have wildcards: + as a whole level, # as the last one',
  },
  unsupported: {
    text: 'this cannot be done where the node runs',
    advice: 'Ask it of a node in Node.js: a page in a browser can do less',
  },
  'name-taken': {
    text: "another live process has the node's name, so the node has stopped",
    advice: 'Give one of the two another name, or stop the other process',
  },
  closed: {
    text: 'the node was closed, so what is waited for does not come any more',
    advice: 'Wait for it before you close the node; a closed node stays closed, make a new one',
  },
} as const satisfies Record<string, { readonly text: string; readonly advice: string }>

/** What went wrong. */
export type HearsayErrorCode = keyof typeof HEARSAY_ERRORS

/**
 * Thrown at once for misuse, rejected by `createNode` and `createBootstrap` for options that are wrong, and by `ready()`
 * and `settled()` when the node cannot get there any more.
 */
export class HearsayError extends Error {
  override readonly name = 'HearsayError'
  readonly code: HearsayErrorCode

  constructor(code: HearsayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
