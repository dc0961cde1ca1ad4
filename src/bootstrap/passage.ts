// Lets somebody at the bootstrap watch the overlay, which the bootstrap is no member of: a connection in line mode to one of
// the registered nodes, whose lines are passed on as they are, both ways. Takes another node when that one is gone.
// It must not read what it passes on, nor keep it: who does not read has the node wait, which leaves lines out.

import type { Logger } from '../logger.ts'
import { dialLines, type LineConnection } from '../net/line-client.ts'

/** A registered node that can be dialled. */
export interface PassageNode {
  readonly name: string
  readonly url: string
}

/** What a passage needs. */
export interface PassageParts {
  /** The nodes that are registered now, in any order. */
  readonly nodes: () => readonly PassageNode[]
  readonly show: (line: string) => void
  /** What has been shown and not been read, in bytes. */
  readonly unreadBytes: () => number
  readonly logger: Logger
  /** From 0 inclusive to 1 exclusive. Default `Math.random`. */
  readonly random?: () => number
}

/** What a guest types to watch. */
const WATCH = '{"cmd":"watch","on":true}'
const DIAL_TIMEOUT_MS = 3_000
/** How long to wait when no node could be reached. */
const RETRY_MS = 1_000
const UNREAD_BYTES_MAX = 262_144
/** How often it is looked whether somebody who was behind has read on. */
const LOOK_MS = 100

/** See the head of the file. */
export class Passage {
  readonly #parts: PassageParts
  readonly #end = new AbortController()
  #connection: LineConnection | undefined
  #timer: NodeJS.Timeout | undefined
  #told = ''

  constructor(parts: PassageParts) {
    this.#parts = parts
  }

  /** Looks for a node, and goes on until {@link close}. Once. */
  start(): void {
    void this.#find()
  }

  /** Passes a line on. False: no node is watched at the moment. */
  pass(line: string): boolean {
    this.#connection?.send(line)
    return this.#connection !== undefined
  }

  /** Nothing is shown any more. */
  close(): void {
    this.#end.abort()
    clearTimeout(this.#timer)
    this.#connection?.close()
    this.#connection = undefined
  }

  async #find(): Promise<void> {
    const { nodes, random = Math.random } = this.#parts
    // Not always the same node, which would carry all of it.
    const order = nodes()
      .map((node) => ({ node, rank: random() }))
      .sort((a, b) => a.rank - b.rank)
    let detail = 'No node is registered that can be dialled'
    for (const { node } of order) {
      const dialled = await this.#dial(node)
      if (this.#end.signal.aborted) return
      if (dialled === undefined) return
      detail = `No registered node can be dialled from here: ${dialled}`
    }
    this.#wait(detail)
    this.#timer = setTimeout(() => void this.#find(), RETRY_MS)
  }

  /** `undefined`: it is connected. Otherwise why it is not. */
  async #dial({ name, url }: PassageNode): Promise<string | undefined> {
    const dialled = await dialLines(
      url,
      { onLine: (line) => this.#show(line), onClosed: (detail) => this.#lost(name, detail) },
      { timeoutMs: DIAL_TIMEOUT_MS, signal: this.#end.signal },
    )
    if (!dialled.ok) return dialled.detail
    if (this.#end.signal.aborted) {
      dialled.connection.close()
      return undefined
    }
    this.#connection = dialled.connection
    this.#told = ''
    this.#parts.logger.debug({ node: name }, 'passage-open')
    dialled.connection.send(WATCH)
    return undefined
  }

  #lost(name: string, detail: string): void {
    this.#parts.logger.debug({ node: name, detail }, 'passage-closed')
    this.#connection = undefined
    clearTimeout(this.#timer)
    this.#wait(`The connection to ${name} is gone: ${detail}`)
    void this.#find()
  }

  #wait(waiting: string): void {
    if (waiting === this.#told) return
    this.#told = waiting
    this.#parts.show(JSON.stringify({ event: 'watch', on: true, waiting }))
  }

  #show(line: string): void {
    const { show, unreadBytes } = this.#parts
    show(line)
    const connection = this.#connection
    if (connection === undefined || unreadBytes() <= UNREAD_BYTES_MAX) return
    connection.pause()
    const look = (): void => {
      if (this.#connection !== connection) return
      if (unreadBytes() === 0) connection.resume()
      else this.#timer = setTimeout(look, LOOK_MS)
    }
    this.#timer = setTimeout(look, LOOK_MS)
  }
}
