// Logs the peers of a node: once when it has joined, and again when they have changed, with changes that come close
// together told in one line. It must not know where peers come from.

import type { Logger } from '../logger.ts'

/** How long changes are collected before they are logged, in ms. */
export const PEER_LOG_WAIT_MS = 500

/** Names in one line; the rest is counted. A line that nobody can read helps nobody. */
export const PEER_LOG_NAMES_MAX = 100

/** Collects changes and logs the list. */
export class PeerLog {
  readonly #logger: Logger
  readonly #names: () => readonly string[]
  #timer: NodeJS.Timeout | undefined

  /** `names`: the peers' names at the moment, in the order in which they are to be logged. */
  constructor(logger: Logger, names: () => readonly string[]) {
    this.#logger = logger
    this.#names = names
  }

  /** Something has changed: the list is logged within {@link PEER_LOG_WAIT_MS}. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.#write(), PEER_LOG_WAIT_MS)
  }

  /** Logs nothing any more. */
  close(): void {
    clearTimeout(this.#timer)
  }

  #write(): void {
    this.#timer = undefined
    const names = this.#names()
    const more = names.length - PEER_LOG_NAMES_MAX
    this.#logger.info(
      { count: names.length, peers: names.slice(0, PEER_LOG_NAMES_MAX), ...(more > 0 && { more }) },
      'peers',
    )
  }
}
