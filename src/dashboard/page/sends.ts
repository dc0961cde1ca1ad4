// The messages that this page has sent, and how they ended. It must not send: it makes the lines and takes the outcomes in.

import type { OutcomeLine } from './lines.ts'

/** One of them. */
export interface Sent {
  readonly tag: number
  /** The watched node, which sends it for the page. */
  readonly from: string
  /** A name, or `*` for everyone. */
  readonly to: string
  readonly text: string
  readonly traceparent: string
  readonly atMs: number
  /** Absent: under way. */
  outcome?: OutcomeLine
}

/** The line for the node. */
export interface SendLine {
  readonly to: string
  readonly msg: string
  readonly tag: number
  readonly traceparent: string
  readonly receipts?: true
}

const KEPT = 50
/** The name of a node, or of a guest of it (README). */
const ADDRESS = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,63})?$/

/** Why this cannot be sent, for people; `undefined`: nothing is against it. The node would answer with a line for programs. */
export function problemOf(to: string, text: string): string | undefined {
  if (to === '') return 'Say to whom: a node, or everyone.'
  if (to !== '*' && !ADDRESS.test(to)) {
    return 'This is not the name of a node: those are letters, digits, dots, hyphens and underscores, at most 64.'
  }
  return text === '' ? 'Say what: the message is empty.' : undefined
}

/** The last ones, newest first. */
export class Sends {
  #sent: Sent[] = []
  #tag = 0

  /** Newest first. */
  get list(): readonly Sent[] {
    return this.#sent
  }

  /** Something was sent. */
  get areSome(): boolean {
    return this.#sent.length > 0
  }

  /** A new message, and the line that sends it. */
  begin({ from, to, text, atMs }: Pick<Sent, 'from' | 'to' | 'text' | 'atMs'>): SendLine {
    const tag = ++this.#tag
    const traceparent = newTraceparent()
    this.#sent = [{ tag, from, to, text, traceparent, atMs }, ...this.#sent].slice(0, KEPT)
    return { to, msg: text, tag, traceparent, ...(to === '*' ? { receipts: true } : {}) }
  }

  /** Takes an outcome in. @returns the message; `undefined` for one that is not from this page, or has ended */
  end(outcome: OutcomeLine): Sent | undefined {
    const open = this.#sent.filter((each) => each.outcome === undefined)
    const sent = open.find((each) =>
      // A broadcast's outcome may come without its tag.
      outcome.tag === undefined ? each.to === '*' && outcome.to === '*' : each.tag === outcome.tag,
    )
    if (sent !== undefined) sent.outcome = outcome
    return sent
  }

  /** The node did not take a message. @returns whether it was one of this page */
  fail(tag: number, text: string): boolean {
    return this.end({ event: 'outcome', tag, status: 'failed', reason: text }) !== undefined
  }

  /** The node that had them is not there any more: how those under way end will not be heard. @returns whether any was */
  lose(): boolean {
    let areSome = false
    for (const sent of this.#sent) {
      if (sent.outcome !== undefined) continue
      areSome = true
      const reason = `the connection to ${sent.from === '' ? 'the node' : sent.from} was lost before the outcome came`
      sent.outcome = { event: 'outcome', tag: sent.tag, status: 'unknown', reason }
    }
    return areSome
  }
}

/** A trace of its own for each message, so that its steps can be told from all others. */
function newTraceparent(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24))
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-00`
}
