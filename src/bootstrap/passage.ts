// Lets somebody at the bootstrap watch the overlay, which the bootstrap is no member of: a connection in line mode to one of
// the registered nodes, whose JSON lines are passed on as they are, both ways. Takes another node when that one is gone, or
// says nothing. It must not keep what it passes on: who does not read has the node wait, which leaves lines out.
//
// 1. All who watch at one bootstrap watch the same node, as long as it is there and has room: each watched node has all others
//    report to it. Whoever looks for one goes through them in the same order.
// 2. Whatever the nodes do, each is dialled at most once every `RETRY_MS`, unless the one before has shown the overlay.
// 3. A passage never leads to a bootstrap.
// 4. Nothing but JSON lines is shown: a node speaks text until it has read the first one, and greets in text.

import type { Logger } from '../logger.ts'
import { dialLines, type LineConnection, type LineDial } from '../net/line-client.ts'
import { PASSAGE_HEADER } from '../net/sub-protocol.ts'
import type { LineTag } from '../wire/line-requests.ts'
import { firstReached } from './first-reached.ts'

/** A registered node that can be dialled. */
export interface PassageNode {
  readonly name: string
  readonly url: string
}

/** What those who watch at one bootstrap agree on. */
export interface Agreed {
  /** The node that is watched; `undefined`: none is. */
  node: string | undefined
  /** The order in which nodes are tried: the smallest first. The same for all, and another one for each bootstrap. */
  readonly rank: (name: string) => number
}

/** What a passage needs. */
export interface PassageParts {
  /** The nodes that are registered now, in any order. */
  readonly nodes: () => readonly PassageNode[]
  readonly agreed: Agreed
  readonly show: (line: string) => void
  /** What has been shown and not been read, in bytes. */
  readonly unreadBytes: () => number
  readonly logger: Logger
  /** How long a node may say nothing, in ms: it says something every 5 s. Default 15 s. */
  readonly silentMs?: number
}

/** What a guest types to watch. */
const WATCH = '{"cmd":"watch","on":true}'
/** What is said before a node has been found, or has not. */
const LOOKING = 'Looking for a node that can be watched'
const DIAL_TIMEOUT_MS = 3_000
/** How long to wait when no node could be reached, or showed anything. */
const RETRY_MS = 1_000
const SILENT_MS = 15_000
/** A line has all nodes of an overlay: 10,000 take 3 MB. */
const LINE_BYTES_MAX = 16 * 1_048_576
/** With more unread, the node waits. */
const UNREAD_BYTES_MAX = 65_536
/** What takes longer is told. */
const LOOKING_AFTER_MS = 1_000
/** A node that has not read more than this is sent nothing. */
const UNSENT_BYTES_MAX = 262_144
/** How often it is looked whether somebody who was behind has read on. */
const LOOK_MS = 100

interface Open {
  readonly name: string
  readonly connection: LineConnection
  /** It has sent a JSON line: it reads what it is sent. */
  hasAnswered: boolean
  /** It has shown the overlay. */
  hasShown: boolean
}

/** See the head of the file. */
export class Passage {
  readonly #parts: PassageParts
  readonly #end = new AbortController()
  #open: Open | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #silenceTimer: NodeJS.Timeout | undefined
  #lookTimer: NodeJS.Timeout | undefined
  #told = ''

  constructor(parts: PassageParts) {
    this.#parts = parts
  }

  /** Looks for a node, and goes on until {@link close}. Once. */
  start(): void {
    void this.#find()
  }

  /** Answers who has asked to watch: which node is watched now, or why there is none yet. */
  answer(tag: LineTag | undefined): void {
    const watched = this.#watched
    // What comes next is the answer, too, but it repeats no tag.
    if (watched === undefined && this.#told === '' && tag === undefined) return
    const what = watched === undefined ? { waiting: this.#told || LOOKING } : { node: watched.name }
    this.#parts.show(
      JSON.stringify({ event: 'watch', ...(tag === undefined ? {} : { tag }), on: true, ...what }),
    )
  }

  /** Passes a line on. `nobody`: no node is watched at the moment; `full`: that node does not read what it was sent. */
  pass(line: string): 'passed' | 'nobody' | 'full' {
    const connection = this.#watched?.connection
    if (connection === undefined) return 'nobody'
    if (connection.unsentBytes > UNSENT_BYTES_MAX) return 'full'
    connection.send(line)
    return 'passed'
  }

  /** Nothing is shown any more. */
  close(): void {
    this.#end.abort()
    clearTimeout(this.#retryTimer)
    this.#drop()
  }

  /** What is sent to one that has not answered yet, and may send everybody away, gets no answer. */
  get #watched(): Open | undefined {
    return this.#open?.hasAnswered === true ? this.#open : undefined
  }

  #drop(): void {
    clearTimeout(this.#silenceTimer)
    clearTimeout(this.#lookTimer)
    this.#open?.connection.close()
    this.#open = undefined
  }

  /** @param except one that has just been lost */
  async #find(except?: string): Promise<void> {
    const { agreed, nodes } = this.#parts
    const { signal } = this.#end
    const order = nodes()
      .filter(({ name }) => name !== except)
      .map((node) => ({ node, rank: node.name === agreed.node ? -1 : agreed.rank(node.name) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ node }) => node)
    if (order.length === 0) {
      // Where there is none but the one that was lost, that is what there is to say.
      if (except === undefined) this.#wait('No node is registered that can be dialled')
      this.#retry()
      return
    }
    const isSlow = setTimeout(() => this.#wait(LOOKING), LOOKING_AFTER_MS)
    const reached = await firstReached(order, (node, given) => this.#dial(node, given), signal)
    clearTimeout(isSlow)
    if (reached.node !== undefined) this.#opened(reached.node.name, reached.connection)
    else if (!signal.aborted) {
      this.#wait(`No registered node can be dialled from here: ${reached.detail}`)
      this.#retry()
    }
  }

  #retry(except?: string): void {
    clearTimeout(this.#retryTimer)
    this.#retryTimer = setTimeout(() => void this.#find(except), RETRY_MS)
  }

  /** Connects. Until it is the one that is watched, what it says is a greeting, and its end a failed dial. */
  async #dial({ url }: PassageNode, signal: AbortSignal): Promise<LineDial> {
    let ended: string | undefined
    let connection: LineConnection | undefined
    const isWatched = (): boolean => connection !== undefined && this.#open?.connection === connection
    const dialled = await dialLines(
      url,
      {
        onLine: (line) => {
          if (isWatched()) this.#show(line)
        },
        onClosed: (detail) => {
          if (isWatched()) this.#lost(detail)
          else ended = detail
        },
      },
      {
        timeoutMs: DIAL_TIMEOUT_MS,
        signal,
        lineBytesMax: LINE_BYTES_MAX,
        headers: { [PASSAGE_HEADER]: '1' },
      },
    )
    if (dialled.ok) connection = dialled.connection
    return ended === undefined ? dialled : { ok: false, detail: ended }
  }

  #opened(name: string, connection: LineConnection): void {
    const { agreed, logger } = this.#parts
    if (this.#end.signal.aborted) {
      connection.close()
      return
    }
    this.#open = { name, connection, hasAnswered: false, hasShown: false }
    agreed.node = name
    this.#told = ''
    logger.debug({ node: name }, 'passage-open')
    this.#heard()
    connection.send(WATCH)
  }

  #lost(detail: string): void {
    const { agreed, logger } = this.#parts
    const open = this.#open
    if (open === undefined) return
    const { name, hasShown } = open
    logger.debug({ node: name, detail }, 'passage-closed')
    this.#drop()
    if (agreed.node === name) agreed.node = undefined
    this.#wait(`The connection to ${name} is gone: ${detail}`)
    // A node that sends everybody away at once is not dialled again at once.
    if (hasShown) void this.#find(name)
    else this.#retry(name)
  }

  #wait(waiting: string): void {
    if (waiting === this.#told) return
    this.#told = waiting
    this.#parts.show(JSON.stringify({ event: 'watch', on: true, waiting }))
  }

  /** A node that stands still, or whose network is gone, closes no connection. */
  #heard(): void {
    const { silentMs = SILENT_MS } = this.#parts
    clearTimeout(this.#silenceTimer)
    this.#silenceTimer = setTimeout(() => this.#lost(`it has said nothing for ${silentMs} ms`), silentMs)
  }

  #show(line: string): void {
    const { show, unreadBytes } = this.#parts
    this.#heard()
    if (!line.startsWith('{')) return
    show(line)
    const open = this.#open
    if (open === undefined) return
    open.hasAnswered = true
    open.hasShown ||= line.startsWith('{"event":"overlay"')
    if (unreadBytes() <= UNREAD_BYTES_MAX) return
    open.connection.pause()
    // Nothing is heard meanwhile, and that is not the node's fault.
    clearTimeout(this.#silenceTimer)
    this.#lookTimer = setTimeout(() => this.#look(open), LOOK_MS)
  }

  /** Whether somebody who was behind has read on. */
  #look(open: Open): void {
    if (this.#open !== open) return
    if (this.#parts.unreadBytes() > 0) {
      this.#lookTimer = setTimeout(() => this.#look(open), LOOK_MS)
      return
    }
    this.#heard()
    open.connection.resume()
  }
}
