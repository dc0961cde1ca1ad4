// One end of a connection, as a process sees it: dialled or accepted, open, closing, closed.
// It must not know time but for the closing handshake's, nor choose what is sent.
//
// 1. The process is told of an open end once and of a closed one once, in this order; of nothing after.
// 2. Nothing is read from an end that this process has closed.

import type { Input } from '../core/events.ts'
import type { LinkId } from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'
import type { Host } from './host.ts'
import { messagesOf } from './parcel.ts'
import type { Fabric, Load, Pipe, Reader, Sender } from './pipe.ts'

/** What happens on links: the inputs of the core that are about them. */
export type LinkEvent = Extract<
  Input,
  { type: 'link-open' | 'link-closed' | 'dial-failed' | 'received' | 'send-refused' }
>

/** Looks at what is delivered, before the process that gets it. @param bytes in the bundle, with its length prefix. */
export type FrameObserver = (from: string, to: string, message: DeliveredMessage, bytes: number) => void
export type DeliveredMessage = Extract<LinkEvent, { type: 'received' }>['messages'][number]

/** What an end is laid between. */
export interface EndPlace {
  readonly host: Host
  readonly other: Host
  readonly link: LinkId
  /** What the process learns of what happens. */
  readonly feed: (event: LinkEvent) => void
  readonly onFrame: FrameObserver | undefined
  /** The end is closed, whatever it was before. */
  readonly onEnded: (end: End) => void
}

/** See the head of the file. */
export class End implements Reader, Sender {
  readonly #place: EndPlace
  readonly #dialed: string | undefined
  #phase: 'dialling' | 'open' | 'closing' | 'closed'
  #reason: Reason = 'link-lost'
  #out: Pipe | undefined
  #in: Pipe | undefined

  /** @param dialed the URL, at the end that dialled: it is open when the other one says so. */
  constructor(place: EndPlace, dialed: string | undefined) {
    this.#place = place
    this.#dialed = dialed
    this.#phase = dialed === undefined ? 'open' : 'dialling'
  }

  get link(): LinkId {
    return this.#place.link
  }

  /** The host at the other end. */
  get other(): Host {
    return this.#place.other
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  /** Whether the other end's acceptance has not come yet. */
  get isDialling(): boolean {
    return this.#phase === 'dialling'
  }

  /** What this end sends into. */
  get out(): Pipe {
    return this.#out as Pipe
  }

  /** Puts the two pipes in place. */
  join(out: Pipe, into: Pipe): void {
    this.#out = out
    this.#in = into
  }

  /** Begins the closing handshake. @param fabric whose queue ends it when the other end does not answer. */
  close(reason: Reason, fabric: Fabric): void {
    if (this.#phase !== 'open') return
    this.#phase = 'closing'
    this.#reason = reason
    this.out.close(reason)
    fabric.queue.plan(fabric.closeTimeoutMs, () => {
      if (this.#phase === 'closing') this.terminate(reason)
    })
  }

  /**
   * Gives the connection up. The process is told at once, the other end behind what the operating system has taken:
   * that goes on sending it.
   */
  terminate(reason: Reason): void {
    if (this.#phase === 'closed') return
    this.out.breakOff(false)
    this.#end(reason)
  }

  stalled(): void {
    this.terminate('stalled')
  }

  /** The dial has taken too long. */
  giveUp(): void {
    if (this.#phase === 'dialling') this.terminate('link-lost')
  }

  /** The process is gone: it is told nothing. @param isTold whether its machine lets the other end know. */
  abandon(isTold: boolean, isLost: boolean): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#in?.stopReading()
    if (isTold) this.out.breakOff(isLost)
    else this.out.sever()
    if (!isTold && isLost) this.out.drain()
    this.#place.onEnded(this)
  }

  /** Takes what the process reads from the connection. */
  take(load: Load): void {
    if (this.#phase === 'closed') return
    switch (load.kind) {
      case 'bundle':
        if (this.#phase === 'open') this.#receive(load)
        break
      case 'open':
        if (this.#phase === 'dialling') this.#opened()
        break
      case 'close':
        if (this.#phase === 'open') {
          this.out.finish('closed')
          this.#end(load.reason)
        } else this.#end(this.#reason)
        break
      case 'closed':
        if (this.#phase === 'closing') this.#end(this.#reason)
        break
      case 'broken':
        this.#end(this.#reason)
    }
  }

  /** Tells the process that its dial has come through. */
  #opened(): void {
    this.#phase = 'open'
    const { link, feed } = this.#place
    feed({ type: 'link-open', link, dialed: this.#dialed as string })
  }

  #receive({ bundle, sizes }: Load): void {
    const { host, other, link, feed, onFrame } = this.#place
    const messages = messagesOf(bundle)
    if (onFrame !== undefined) {
      messages.forEach((message, i) => {
        onFrame(other.name, host.name, message, sizes[i] as number)
      })
    }
    feed({ type: 'received', link, messages })
  }

  #end(reason: Reason): void {
    const { link, feed } = this.#place
    const wasDialling = this.#phase === 'dialling'
    this.#phase = 'closed'
    this.#in?.stopReading()
    this.#place.onEnded(this)
    if (wasDialling) feed({ type: 'dial-failed', url: this.#dialed as string })
    else feed({ type: 'link-closed', link, reason })
  }
}
