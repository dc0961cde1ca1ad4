// One guest (design section 8): a person or a small program on a WebSocket without sub-protocol. Carries out the lines
// that are typed and shows what there is to see. It must not know the other guests, only the room that they are in.
// What is typed never closes the socket; not reading does.
//
// A guest's form is that of its last line: JSON lines after one that began with `{`, text otherwise, and at first.
// Messages come in this form; the answer to a line comes in the form of that line. Outcomes come as sends end, in any
// order: a text one repeats the message where a second send to the same address is under way, a JSON one the tag.

import type { RawData, WebSocket } from 'ws'
import { REASONS, type Reason } from '../core/reasons.ts'
import type { Logger } from '../logger.ts'
import { addressText, type LineCommand, type LineForm, quoted } from '../wire/line-requests.ts'
import { parseLine } from '../wire/lines.ts'
import * as answers from './answers.ts'
import type { Audience } from './audience.ts'
import type { GuestHost, GuestMessage, Patience, SpreadOptions } from './guest-host.ts'
import type { Onlookers } from './onlookers.ts'
import type { SharedLine } from './shared-line.ts'
import * as topicAnswers from './topic-answers.ts'

/** What a session counts, for all guests together. */
export type SessionCounter = 'broken' | 'lines' | 'mistakes' | 'sends' | 'stalled'

/** What a session sees of the room that it is in. */
export interface Room {
  readonly host: GuestHost
  readonly logger: Logger
  readonly audience: Audience
  readonly onlookers: Onlookers
  /** Those who are being shown what was broadcast before, each once: all of it waits in memory. */
  readonly histories: Set<Session>
  /** The ids of all guests here, in the order in which they came. */
  ids(): readonly string[]
  /** Shows the guests here, but for the one with this id, what that one sends to all. */
  overheard(id: string, message: GuestMessage): void
  /** Shows the guest of this id a message from a guest here. False: there is no such guest. */
  whisper(to: string, message: GuestMessage): boolean
  count(what: SessionCounter): void
  /** The connection is gone. Exactly once. */
  closed(session: Session): void
}

/** What can be turned. */
export interface SessionOptions {
  /** What may wait unread, in bytes; more, and the guest is cut off. */
  readonly bufferedBytesMax: number
  /** Sends and pings of one guest without an outcome yet. */
  readonly outstandingMax: number
  /** Guests who are shown what was broadcast before, at the same time. */
  readonly historiesMax: number
  /** How long the other end may take to close, too, in ms. */
  readonly closeGraceMs: number
  /** How long one of many lines may take to go out, in ms. */
  readonly stallMs: number
}

/**
 * Closes with the reason's code and a text of at most 123 bytes (RFC 6455 section 5.5), and cuts the connection when
 * the other end does not answer within the grace.
 */
export function closeSocket(socket: WebSocket, reason: Reason, text: string, graceMs: number): void {
  socket.close(REASONS[reason].closeCode, text)
  const cut = setTimeout(() => socket.terminate(), graceMs)
  socket.once('close', () => clearTimeout(cut))
}

/** A send or ping that has not ended. */
interface Outstanding {
  readonly to: string
  /** Whether another one to the same address was under way at the same time. */
  isOneOfSeveral: boolean
}

/** How the answer to a line is written. */
type Asked = Pick<LineCommand, 'form' | 'tag'>

type CommandOf<T extends LineCommand['type']> = LineCommand & { readonly type: T }

/** One guest on an open socket, whose listeners belong to the session from now on. */
export class Session {
  readonly id: string
  /** What others write to: `node8/guest-3f`. */
  readonly address: string
  readonly #socket: WebSocket
  readonly #room: Room
  readonly #options: SessionOptions
  readonly #outstanding = new Set<Outstanding>()
  #form: LineForm = 'text'

  constructor(socket: WebSocket, id: string, room: Room, options: SessionOptions) {
    this.#socket = socket
    this.id = id
    this.address = `${room.host.name}/${id}`
    this.#room = room
    this.#options = options
    socket.on('message', (data, isBinary) => this.#typed(data, isBinary))
    socket.on('error', (error) => {
      // A frame that breaks the WebSocket protocol or is over the listener's `maxPayload`: `ws` closes, 'close' follows.
      room.count('broken')
      room.logger.debug({ guest: id, error: error.message }, 'guest-broken')
    })
    socket.once('close', () => room.closed(this))
    this.#tell(answers.greeting(room.host.name, this.address, this.#example()), { form: 'text' })
  }

  /** Shows a line, as one of possibly many who see it. False: the guest is on its way out. */
  show(line: SharedLine): boolean {
    return this.#put(line.bytes(this.#form))
  }

  /** What has not been read, in bytes. */
  get unreadBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** Says good-bye with the reason's close code and text. */
  close(reason: Reason): void {
    closeSocket(this.#socket, reason, REASONS[reason].text, this.#options.closeGraceMs)
  }

  #put(line: string | Buffer): boolean {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return false
    if (socket.bufferedAmount > this.#options.bufferedBytesMax) {
      this.#stalled()
      return false
    }
    socket.send(line, { binary: false })
    return true
  }

  #stalled(): void {
    this.#room.count('stalled')
    this.#room.logger.warn({ guest: this.id, unreadBytes: this.#socket.bufferedAmount }, 'guest-stalled')
    // Who reads on within the grace gets all that waits, and then learns why it ended.
    this.close('stalled')
  }

  #tell(answer: answers.Answer, { form, tag }: Asked): void {
    this.#put(answers.lineOf(answer, form, tag))
  }

  #mistake(text: string, asked: Asked): void {
    this.#room.count('mistakes')
    this.#tell(answers.mistake(text), asked)
  }

  /** A name that the guest can really type, where there is one. */
  #example(): string {
    const { host } = this.#room
    return host.neighbors()[0]?.name ?? (host.name === 'node12' ? 'node8' : 'node12')
  }

  // What is typed

  #typed(data: RawData, isBinary: boolean): void {
    // `ws` goes on reading while the socket closes.
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#room.count('lines')
    if (isBinary) {
      this.#mistake('That was a binary frame. Send text, such as @node12 hello or /help', {
        form: this.#form,
      })
      return
    }
    const command = parseLine(data.toString())
    if (command.type === 'nothing') return
    this.#form = command.form
    this.#carryOut(command)
  }

  #carryOut(command: LineCommand): void {
    const { host, audience } = this.#room
    switch (command.type) {
      case 'mistake':
        this.#mistake(command.text, command)
        break
      case 'direct':
        this.#send(command)
        break
      case 'broadcast':
        this.#broadcast(command)
        break
      case 'request':
      case 'publish':
      case 'ping':
      case 'trace':
        this.#ask(command)
        break
      case 'history':
        this.#history(command)
        break
      case 'subscribe':
        this.#subscribe(command.filter, command)
        break
      case 'unsubscribe':
        this.#unsubscribe(command.filter, command)
        break
      case 'events':
        audience.watch(this, command.on)
        this.#tell(topicAnswers.eventsSet(command.on), command)
        break
      case 'watch':
        // Before the lines that come of it.
        this.#tell(answers.watchedLine({ event: 'watch', on: command.on, node: host.name }), command)
        this.#room.onlookers.watch(this, command.on)
        break
      case 'seen':
        this.#room.onlookers.seen(this, command.atMs)
        break
      case 'peers':
        this.#tell(answers.peerList(host.peers()), command)
        break
      case 'who':
        this.#tell(answers.whoList(host.name, this.id, host.neighbors(), this.#room.ids()), command)
        break
      case 'help':
        this.#tell(answers.help(host.name, this.address, this.#example()), command)
    }
  }

  #send(command: CommandOf<'direct'>): void {
    const { host } = this.#room
    const { to, msg } = command
    const address = addressText(to)
    const message: GuestMessage = { sender: this.address, msg }
    if (to.node === host.name && to.guest !== undefined) {
      this.#room.count('sends')
      const isThere = this.#room.whisper(to.guest, message)
      this.#tell(answers.localOutcome(address, host.name, isThere), command)
      return
    }
    const forGuest = to.guest === undefined ? message : { ...message, guest: to.guest }
    void this.#follow(command, address, async () => {
      const answer = await host.send(to.node, forGuest, patienceOf(command))
      return (several) => answers.outcome({ address, ...to, ...(several && { excerptOf: msg }) }, answer)
    })
  }

  #broadcast(command: CommandOf<'broadcast'>): void {
    const { msg } = command
    const message: GuestMessage = { sender: this.address, msg }
    void this.#follow(command, '*', async () => {
      // Its own broadcasts do not come back to a node, so its other guests would be the only ones to miss it.
      this.#room.overheard(this.id, message)
      const answer = await this.#room.host.broadcast(message, spreadOf(command))
      return (several) => answers.broadcastOutcome(answer, several ? msg : undefined)
    })
  }

  /** Asks the host something that has one answer. */
  #ask(command: CommandOf<'request' | 'publish' | 'ping' | 'trace'>): void {
    const { host } = this.#room
    const sender = this.address
    const about = command.type === 'publish' ? command.topic : command.to
    void this.#follow(command, `${command.type} ${about}`, async () => {
      const answer = await answerTo(command, host, sender)
      return () => answer
    })
  }

  #subscribe(filter: string, asked: Asked): void {
    const subscribed = this.#room.audience.subscribe(this, filter)
    if ('error' in subscribed) this.#mistake(subscribed.error, asked)
    else this.#tell(topicAnswers.subscribed(filter, subscribed.isNew), asked)
  }

  #unsubscribe(filter: string, asked: Asked): void {
    const { audience } = this.#room
    if (audience.unsubscribe(this, filter)) {
      this.#tell(topicAnswers.unsubscribed(filter), asked)
      return
    }
    const filters = audience.filtersOf(this).map(quoted)
    const others =
      filters.length === 0 ? 'any topics; /sub news/# begins it' : `that, but to ${filters.join(', ')}`
    this.#mistake(`You do not listen to ${others}`, asked)
  }

  #history(command: CommandOf<'history'>): void {
    const { host, histories } = this.#room
    const { historiesMax } = this.#options
    const { filter } = command
    if (histories.has(this)) {
      this.#mistake('You are being shown what was broadcast before. Wait for the end of that', command)
      return
    }
    if (histories.size >= historiesMax) {
      const many = `${historiesMax} guests are being shown what was broadcast before, and more do not go`
      this.#mistake(`${many}. Try again in a moment`, command)
      return
    }
    void this.#follow(command, 'history', async () => {
      // Only now: it may have been refused before it began, and would have no end.
      histories.add(this)
      try {
        const answer = await host.history(filter, patienceOf(command))
        for (const message of answer.messages) {
          if (!(await this.#pour(answers.lineOf(answers.received(message), command.form)))) break
        }
        return () => topicAnswers.historyOutcome(filter, answer)
      } finally {
        histories.delete(this)
      }
    })
  }

  /** Shows one of many lines and waits until it is on its way, so that they do not pile up. False: the guest leaves. */
  async #pour(line: string): Promise<boolean> {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return false
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.#stalled()
        resolve(false)
      }, this.#options.stallMs)
      socket.send(line, { binary: false }, (error) => {
        clearTimeout(late)
        resolve(error === undefined || error === null)
      })
    })
  }

  /**
   * Starts something and tells how it ended. `work` gives the answer's maker, which is told whether something else to
   * the same address was under way meanwhile.
   */
  async #follow(
    asked: Asked,
    to: string,
    work: () => Promise<(isOneOfSeveral: boolean) => answers.Answer>,
  ): Promise<void> {
    const { outstandingMax } = this.#options
    if (this.#outstanding.size >= outstandingMax) {
      this.#mistake(
        `${outstandingMax} of your messages are still under way, and this one was not sent. Wait for an outcome`,
        asked,
      )
      return
    }
    this.#room.count('sends')
    const outstanding = this.#begin(to)
    let answer: answers.Answer
    try {
      answer = (await work())(outstanding.isOneOfSeveral)
    } catch (error) {
      // The host's promises do not reject: a bug of this process, which must not take its guests' node down.
      this.#room.logger.error({ guest: this.id, to, error: String(error) }, 'guest-send-failed')
      answer = answers.mistake(`${this.#room.host.name} failed at that; its log says why`)
    }
    this.#outstanding.delete(outstanding)
    this.#tell(answer, asked)
  }

  #begin(to: string): Outstanding {
    const outstanding: Outstanding = { to, isOneOfSeveral: false }
    for (const other of this.#outstanding) {
      if (other.to === to) other.isOneOfSeveral = outstanding.isOneOfSeveral = true
    }
    this.#outstanding.add(outstanding)
    return outstanding
  }
}

function patienceOf({ deadlineMs, traceparent }: Patience): Patience {
  return {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(traceparent !== undefined && { traceparent }),
  }
}

function spreadOf(command: CommandOf<'broadcast' | 'publish'>): SpreadOptions {
  return { ...patienceOf(command), ...(command.receipts && { receipts: true }) }
}

/** Has the host do what was typed, and says how that ended. */
async function answerTo(
  command: CommandOf<'request' | 'publish' | 'ping' | 'trace'>,
  host: GuestHost,
  sender: string,
): Promise<answers.Answer> {
  switch (command.type) {
    case 'request': {
      const { to, msg } = command
      return answers.requestOutcome(to, await host.request(to, { sender, msg }, patienceOf(command)))
    }
    case 'publish': {
      const { topic, msg } = command
      const answer = await host.publish(topic, { sender, msg }, spreadOf(command))
      return topicAnswers.publishOutcome(topic, answer)
    }
    case 'ping':
      return answers.pingOutcome(command.to, await host.ping(command.to, patienceOf(command)))
    case 'trace':
      return command.to === '*'
        ? answers.spreadOutcome(host.name, await host.traceAll(patienceOf(command)))
        : answers.traceOutcome(command.to, await host.trace(command.to, patienceOf(command)))
  }
}
