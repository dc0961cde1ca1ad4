// All guests of one node: lets them in, gives each an address, and shows them what the node receives. It must not know
// the overlay, nor where sockets come from: the engine room hands both over.

import { customAlphabet } from 'nanoid'
import type { WebSocket } from 'ws'
import { REASONS } from '../core/reasons.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { received, receivedExcerpt } from './answers.ts'
import { Audience } from './audience.ts'
import type { GuestHost, GuestMessage, ReceivedMessage } from './guest-host.ts'
import { Onlookers } from './onlookers.ts'
import { closeSocket, type Room, Session, type SessionCounter, type SessionOptions } from './session.ts'
import { SharedLine } from './shared-line.ts'

/** What can be turned. */
export interface GuestsOptions extends Partial<SessionOptions> {
  /** Guests at one time; a further one is closed with `full`. Default 256. */
  readonly guestsMax?: number
  /** What may wait unread for one guest, in bytes; more, and it is closed with `stalled`. Default 1 MiB. */
  readonly bufferedBytesMax?: number
  /** Sends and pings of one guest without an outcome; more get a line that says so. Default 64. */
  readonly outstandingMax?: number
  /** Guests who are shown what was broadcast before, at the same time; more get a line that says so. Default 16. */
  readonly historiesMax?: number
  /** How long a guest may take to answer a close frame, in ms. Default 1 s. */
  readonly closeGraceMs?: number
  /** How long a guest may take to read one line of many, in ms; then it is closed with `stalled`. Default 10 s. */
  readonly stallMs?: number
}

/** Counters since the start, except `count`. */
export interface GuestsStats extends Readonly<Record<SessionCounter, number>> {
  /** Guests now. */
  readonly count: number
  /** Guests let in. */
  readonly opened: number
  /** Guests sent away because there were `guestsMax`, or because the node was closing. */
  readonly refused: number
  /** Guests that broke the WebSocket protocol or sent a frame over the listener's limit. */
  readonly broken: number
  /** Guests cut off because they did not read. */
  readonly stalled: number
  /** Lines that came in, mistakes and binary frames included. */
  readonly lines: number
  readonly mistakes: number
  /** Messages, pings and traces that guests started. */
  readonly sends: number
  /** Messages shown, once for each guest that saw one. */
  readonly shown: number
  /** Messages for a guest that is not here. */
  readonly unknownGuests: number
}

/** Without vowels no word comes out, and without look-alikes an address can be read aloud. */
const newId = customAlphabet('23456789bcdfghjkmnpqrstvwxyz', 4)

/** The guests of one node. */
export class Guests {
  readonly #host: GuestHost
  readonly #logger: Logger
  readonly #guestsMax: number
  readonly #options: SessionOptions
  readonly #sessions = new Map<string, Session>()
  /** Those of them that come by a bootstrap. */
  readonly #passages = new Set<string>()
  /** Every socket that is not closed yet, those of refused guests too. */
  readonly #sockets = new Set<WebSocket>()
  readonly #counters = {
    opened: 0,
    refused: 0,
    broken: 0,
    stalled: 0,
    lines: 0,
    mistakes: 0,
    sends: 0,
    shown: 0,
    unknownGuests: 0,
  }
  readonly #room: Room
  #closed: Promise<void> | undefined

  constructor(host: GuestHost, logger: Logger = silentLogger, options: GuestsOptions = {}) {
    this.#host = host
    this.#logger = logger
    this.#guestsMax = options.guestsMax ?? 256
    this.#options = {
      bufferedBytesMax: options.bufferedBytesMax ?? 1_048_576,
      outstandingMax: options.outstandingMax ?? 64,
      historiesMax: options.historiesMax ?? 16,
      closeGraceMs: options.closeGraceMs ?? 1_000,
      stallMs: options.stallMs ?? 10_000,
    }
    const audience = new Audience(host, (guests) => {
      this.#counters.shown += guests
    })
    const onlookers = new Onlookers(host)
    this.#room = {
      host,
      logger,
      audience,
      onlookers,
      histories: new Set(),
      ids: () => [...this.#sessions.keys()],
      overheard: (id, message) => this.#overheard(id, message),
      whisper: (to, message) => this.deliver(this.#fromHere(message, { broadcast: false, to })),
      count: (what) => {
        this.#counters[what]++
      },
      closed: (session) => {
        this.#sessions.delete(session.id)
        this.#passages.delete(session.id)
        audience.leave(session)
        onlookers.watch(session, false)
        logger.debug({ guest: session.id, guests: this.#sessions.size }, 'guest-closed')
      },
    }
  }

  /** Guests now. */
  get count(): number {
    return this.#sessions.size
  }

  /** See {@link GuestsStats}. */
  stats(): GuestsStats {
    return { count: this.count, ...this.#counters }
  }

  /**
   * Takes over an open socket: greets the guest with one line, or closes it with `full` or `shutting-down`.
   * `from`: where it comes from, for the log. `isPassage`: for somebody at a bootstrap. Those have half of the room, so that
   * all who watch there do not keep everybody else out here: a bootstrap takes them to another node.
   */
  accept(socket: WebSocket, from: string, isPassage = false): void {
    // Its 'close' has been and would never come.
    if (socket.readyState === socket.CLOSED) return
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#closed !== undefined) {
      this.#refuse(socket, from, 'shutting-down')
    } else if (!this.#hasRoom(isPassage)) {
      this.#refuse(socket, from, 'full')
    } else {
      let id: string
      do id = `guest-${newId()}`
      while (this.#sessions.has(id))
      if (isPassage) this.#passages.add(id)
      this.#sessions.set(id, new Session(socket, id, this.#room, this.#options))
      this.#counters.opened++
      this.#logger.debug({ guest: id, from, guests: this.#sessions.size }, 'guest-open')
    }
  }

  /**
   * Shows a message that the node received: to the guest that it is for, or to all of them.
   * @returns whether a guest was shown it
   */
  deliver(message: ReceivedMessage): boolean {
    if (message.to === undefined) return this.#showAll(message, undefined) > 0
    const session = this.#sessions.get(message.to)
    if (session === undefined) {
      this.#counters.unknownGuests++
      return false
    }
    if (!session.show(new SharedLine(received(message, session.address)))) return false
    this.#counters.shown++
    return true
  }

  /** Tells all guests `shutting-down`. Resolves when their connections are gone, at the latest after the close grace. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const gone = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    for (const session of this.#sessions.values()) session.close('shutting-down')
    await Promise.all(gone)
  }

  #hasRoom(isPassage: boolean): boolean {
    if (this.#sessions.size >= this.#guestsMax) return false
    return !isPassage || this.#passages.size < Math.ceil(this.#guestsMax / 2)
  }

  #refuse(socket: WebSocket, from: string, reason: 'full' | 'shutting-down'): void {
    this.#counters.refused++
    this.#logger.debug({ from, reason }, 'guest-refused')
    socket.on('error', () => {})
    const text =
      reason === 'full'
        ? `this node has as many guests as it takes (${this.#guestsMax}); connect to another node`
        : REASONS[reason].text
    closeSocket(socket, reason, text, this.#options.closeGraceMs)
  }

  #overheard(id: string, message: GuestMessage): void {
    this.#showAll(this.#fromHere(message, { broadcast: true }), id)
  }

  #fromHere({ sender, msg }: GuestMessage, how: { broadcast: boolean; to?: string }): ReceivedMessage {
    return { from: this.#host.name, sender, value: msg, ...how }
  }

  #showAll(message: ReceivedMessage, butId: string | undefined): number {
    // On the way of every message, and mostly there is no guest.
    if (this.#sessions.size === 0) return 0
    const { onlookers } = this.#room
    const line = new SharedLine(received(message))
    let shown = onlookers.showMessage(() => new SharedLine(receivedExcerpt(message)), butId)
    for (const session of this.#sessions.values()) {
      if (session.id !== butId && !onlookers.has(session) && session.show(line)) shown++
    }
    this.#counters.shown += shown
    return shown
  }
}
