// The passages of all who watch the overlay at a bootstrap: who has one, and whose a line is that is typed as JSON. It must
// not know how a passage finds its node.

import { hashPair } from '../core/hash.ts'
import type { LinkId } from '../core/messages.ts'
import type { Logger } from '../logger.ts'
import type { LineTag } from '../wire/line-requests.ts'
import { parseLine } from '../wire/lines.ts'
import { type Agreed, Passage } from './passage.ts'
import type { WatchedPeer } from './registry-events.ts'
import type { Watcher } from './watcher.ts'

/** Why a line was not passed on. */
const NOT_PASSED = {
  unasked: 'A bootstrap carries no messages. {"cmd":"watch","on":true} leads to a node that does',
  nobody: 'A bootstrap carries no messages, and has no node yet that does',
  full: 'The node that is watched does not read what it is sent; this line was dropped. Send fewer, or again later',
} as const

/** See the head of the file. */
export class Passages {
  readonly #peers: () => readonly WatchedPeer[]
  readonly #logger: Logger
  readonly #open = new Map<LinkId, Passage>()
  readonly #agreed: Agreed

  /** @param peers all that are registered now. @param salt another one for each bootstrap: not all lead to the same node */
  constructor(peers: () => readonly WatchedPeer[], salt: string, logger: Logger) {
    this.#peers = peers
    this.#logger = logger
    this.#agreed = { node: undefined, rank: (name) => hashPair(salt, name) }
  }

  /** A watcher has typed JSON: it is for the node that is watched, but for the word to watch. */
  typed(id: LinkId, watcher: Watcher, line: string): void {
    const command = parseLine(line)
    const tag = command.tag === undefined ? {} : { tag: command.tag }
    if (command.type === 'watch') {
      if (!command.on) {
        this.end(id)
        watcher.show(JSON.stringify({ event: 'watch', ...tag, on: false }))
      } else this.#watch(id, watcher, command.tag)
      return
    }
    // What is wrong with a line, the node says.
    const passage = this.#open.get(id)
    const passed = passage === undefined ? 'unasked' : passage.pass(line)
    if (passed === 'passed') return
    watcher.show(JSON.stringify({ event: 'error', ...tag, text: NOT_PASSED[passed] }))
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

  #watch(id: LinkId, watcher: Watcher, tag: LineTag | undefined): void {
    const before = this.#open.get(id)
    const passage = before ?? this.#passageOf(watcher)
    this.#open.set(id, passage)
    // Before the lines that come of it.
    passage.answer(tag)
    if (before === undefined) passage.start()
  }

  #passageOf(watcher: Watcher): Passage {
    return new Passage({
      nodes: () =>
        this.#peers().flatMap(({ kind, name, url }) =>
          kind === 'node' && url !== undefined ? [{ name, url }] : [],
        ),
      agreed: this.#agreed,
      show: (line) => watcher.show(line),
      unreadBytes: () => watcher.unreadBytes,
      logger: this.#logger,
    })
  }
}
