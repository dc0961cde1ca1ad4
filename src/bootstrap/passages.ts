// The passages of all who watch the overlay at a bootstrap: who has one, and whose a line is that is typed as JSON. It must
// not know how a passage finds its node.

import type { LinkId } from '../core/messages.ts'
import type { Logger } from '../logger.ts'
import { parseLine } from '../wire/lines.ts'
import { type Agreed, Passage } from './passage.ts'
import type { WatchedPeer } from './registry-events.ts'
import type { Watcher } from './watcher.ts'

/** See the head of the file. */
export class Passages {
  readonly #peers: () => readonly WatchedPeer[]
  readonly #logger: Logger
  readonly #open = new Map<LinkId, Passage>()
  readonly #agreed: Agreed = { node: undefined }

  /** @param peers all that are registered now */
  constructor(peers: () => readonly WatchedPeer[], logger: Logger) {
    this.#peers = peers
    this.#logger = logger
  }

  /** A watcher has typed JSON: it is for the node that is watched, but for the word to watch. */
  typed(id: LinkId, watcher: Watcher, line: string): void {
    const command = parseLine(line)
    const tag = command.tag === undefined ? {} : { tag: command.tag }
    if (command.type === 'watch') {
      if (!command.on) {
        this.end(id)
        watcher.show(JSON.stringify({ event: 'watch', ...tag, on: false }))
      } else if (!this.#open.has(id)) this.#start(id, watcher)
      return
    }
    // What is wrong with a line, the node says.
    if (this.#open.get(id)?.pass(line) === true) return
    const text = 'A bootstrap carries no messages. {"cmd":"watch","on":true} leads to a node that does'
    watcher.show(JSON.stringify({ event: 'error', ...tag, text }))
  }

  /** A watcher is gone, or watches no more. */
  end(id: LinkId): void {
    this.#open.get(id)?.close()
    this.#open.delete(id)
    if (this.#open.size === 0) this.#agreed.node = undefined
  }

  /** The bootstrap stops. */
  endAll(): void {
    for (const id of [...this.#open.keys()]) this.end(id)
  }

  #start(id: LinkId, watcher: Watcher): void {
    const passage = new Passage({
      nodes: () =>
        this.#peers().flatMap(({ kind, name, url }) =>
          kind === 'node' && url !== undefined ? [{ name, url }] : [],
        ),
      agreed: this.#agreed,
      show: (line) => watcher.show(line),
      unreadBytes: () => watcher.unreadBytes,
      logger: this.#logger,
    })
    this.#open.set(id, passage)
    passage.start()
  }
}
