// Logs the peers of a node: when it has joined, and again when they have changed, with the changes that come close
// together told in one line. It must not know where peers come from.

import type { LeaveReason } from '../core/messages.ts'
import { compareNaturally } from '../http/peer-urls.ts'
import type { Logger } from '../logger.ts'

/** How long changes are collected before they are logged, in ms. */
export const PEER_LOG_WAIT_MS = 500

/** Names in one list of a line; the rest is counted. A line that nobody can read helps nobody. */
export const PEER_LOG_NAMES_MAX = 100

/** Collects changes and logs them with the list that they lead to. */
export class PeerLog {
  readonly #logger: Logger
  readonly #names: () => readonly string[]
  readonly #changes = new Map<string, 'joined' | LeaveReason>()
  #timer: NodeJS.Timeout | undefined

  /** `names`: the peers' names at the moment, in any order. */
  constructor(logger: Logger, names: () => readonly string[]) {
    this.#logger = logger
    this.#names = names
  }

  /** A peer has come or gone: told within {@link PEER_LOG_WAIT_MS}. Of several changes of one peer the last counts. */
  changed(name: string, change: 'joined' | LeaveReason): void {
    this.#changes.set(name, change)
    this.#timer ??= setTimeout(() => this.#write(), PEER_LOG_WAIT_MS)
  }

  /** Logs nothing any more. */
  close(): void {
    clearTimeout(this.#timer)
  }

  #write(): void {
    this.#timer = undefined
    const names = this.#names()
    this.#logger.info(
      {
        count: names.length,
        ...this.#namesOf('joined'),
        ...this.#namesOf('left'),
        ...this.#namesOf('unreachable'),
        peers: readable(names),
      },
      'peers',
    )
    this.#changes.clear()
  }

  #namesOf(change: 'joined' | LeaveReason): Record<string, readonly string[]> {
    const names = [...this.#changes].filter(([, what]) => what === change).map(([name]) => name)
    return names.length === 0 ? {} : { [change]: readable(names) }
  }
}

function readable(names: readonly string[]): string[] {
  const sorted = [...names].sort(compareNaturally)
  const more = sorted.length - PEER_LOG_NAMES_MAX
  return more > 0 ? [...sorted.slice(0, PEER_LOG_NAMES_MAX), `and ${more} more`] : sorted
}
