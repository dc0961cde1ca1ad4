// What comes in, given to whom it is for: the program, guests, listeners of a topic, whoever waits for an answer or a
// receipt, the history. It must not send but what is owed for a message: a receipt.

import type { Notification } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'
import type { ReceivedMessage } from '../guests/guest-host.ts'
import { isWritten, type Logger } from '../logger.ts'
import type { Answering } from './answering.ts'
import type { Asking } from './asking.ts'
import type { OwnCast } from './casting.ts'
import { type Opened, open, seal } from './envelope.ts'
import type { NodeMessage } from './events.ts'
import type { History } from './history.ts'
import type { ReceiptBook } from './receipts.ts'
import type { Reporting } from './reporting.ts'
import type { Sending } from './sending.ts'
import type { Sightings } from './sightings.ts'
import type { Subscriptions } from './subscriptions.ts'
import type { Tally } from './tally.ts'
import type { Watching } from './watching.ts'

/** Who gets something. */
export interface InboxParts {
  readonly sending: Pick<Sending, 'sendUncounted'>
  readonly asking: Asking
  readonly answering: Answering
  readonly receipts: ReceiptBook
  readonly subscriptions: Subscriptions
  readonly history: History
  readonly reporting: Pick<Reporting, 'asked'>
  readonly watching: Pick<Watching, 'reported'>
  readonly sightings: Pick<Sightings, 'notified'>
  readonly tally: Tally
  readonly logger: Logger
  /** For the program, and for all guests; false: the program had no room for it. */
  readonly onMessage: (message: NodeMessage) => boolean
  /** False: the guest whom it is for is not here. */
  readonly toGuests: (message: ReceivedMessage) => boolean
  readonly drop: (reason: Reason, detail: string) => void
}

type Received = Extract<Notification, { type: 'message' }>

/**
 * What somebody has sent to this node; not what follows from that by itself, nor that nobody waits any more, nor the watching,
 * which is not part of what is watched.
 */
function isCounted(opened: Opened): boolean {
  switch (opened.kind) {
    case 'message':
    case 'for-guest':
    case 'broken':
      return true
    case 'question':
      return opened.note.headers.about === undefined
    default:
      return false
  }
}

/** See the head of the file. */
export class Inbox {
  readonly #parts: InboxParts
  readonly #isLogged: boolean

  constructor(parts: InboxParts) {
    this.#parts = parts
    this.#isLogged = isWritten(parts.logger, 'debug')
  }

  /** A message of the overlay has come. */
  take(notification: Received): void {
    const { answering, asking, receipts, tally, toGuests, drop } = this.#parts
    if (this.#isLogged) this.#log(notification)
    this.#parts.sightings.notified(notification)
    const opened = open(notification)
    if (isCounted(opened)) tally.came(notification.broadcast ? 'broadcast' : 'direct')
    switch (opened.kind) {
      case 'message':
        this.#message(opened, notification)
        break
      case 'for-guest': {
        const { message, guest } = opened
        if (!toGuests({ ...message, to: guest }))
          drop('unknown-peer', `${guest} is no guest here, message of ${message.from}`)
        break
      }
      case 'question':
        answering.asked(opened.note)
        break
      case 'cancel':
        // What was answered meanwhile is not here any more.
        answering.cancelled(opened.note)
        break
      case 'answer':
        if (!asking.answered(opened.note))
          drop('expired', `answer of ${opened.note.from}: nobody waits for it`)
        break
      case 'part':
        if (!asking.partCame(opened.note)) drop('expired', `part of an answer of ${opened.note.from}`)
        break
      case 'got':
        if (!receipts.got(opened.note)) drop('expired', `receipt of ${opened.note.from}: nobody waits for it`)
        break
      case 'broken':
        drop('malformed', opened.detail)
        break
      case 'watch':
        if (!this.#parts.reporting.asked(opened.from, opened.value))
          drop('full', `${opened.from} wants reports, and too many others do`)
        break
      case 'report':
        // Some come after the last guest has stopped watching: that is nobody's loss.
        this.#parts.watching.reported(opened.from, opened.value)
        break
      case 'ping':
        this.#confirm(opened.receipt, notification)
    }
  }

  /**
   * A broadcast of this node has gone out, or waits for that and has no number yet: its own listeners get it as well, once.
   * What has gone out is kept.
   */
  own(from: NodeName, cast: OwnCast | Pick<OwnCast, 'payload'>, isTold: boolean): void {
    const { payload } = cast
    const note = { type: 'message', from, payload, hops: 0, broadcast: true } as const
    const hasGone = 'sequence' in cast
    const opened = open(hasGone ? { ...note, spread: { ...cast, via: from } } : note)
    if (opened.kind !== 'message') return
    const { subscriptions } = this.#parts
    const { message } = opened
    if (hasGone) this.#keep(message, payload)
    if (message.topic !== undefined && !isTold) subscriptions.tell(message.topic, message)
  }

  #message(
    { message, receipt }: Extract<ReturnType<typeof open>, { kind: 'message' }>,
    notification: Received,
  ): void {
    const { onMessage, subscriptions } = this.#parts
    const { topic } = message
    if (message.broadcast) this.#keep(message, notification.payload)
    const isTaken = topic === undefined ? onMessage(message) : subscriptions.tell(topic, message)
    if (!isTaken) return
    this.#confirm(receipt, notification)
  }

  #keep(message: NodeMessage, payload: Uint8Array): void {
    const { drop, history } = this.#parts
    if (!history.add(message, payload)) drop('too-large', `broadcast of ${message.from}: not kept`)
  }

  #log({ from, hops, broadcast, payload }: Received): void {
    this.#parts.logger.debug({ from, hops, broadcast, bytes: payload.length }, 'received')
  }

  /** Tells the origin of a broadcast that it is here, if it wants to know. */
  #confirm(receipt: string | undefined, { from, hops, spread }: Received): void {
    const { sending, drop } = this.#parts
    if (receipt === undefined || spread === undefined) return
    const got = seal({ hops, via: spread.via }, { got: receipt })
    void sending.sendUncounted(from, got).then((sent) => {
      if (sent.status === 'failed') drop(sent.reason, `receipt for ${from}`)
    })
  }
}
