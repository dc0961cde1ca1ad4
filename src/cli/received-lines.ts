// How the messages and events that a running node shows its guests look on standard output.
// It must not know where they come from. Everything in them that somebody else chose is made printable.

import type { JsonValue } from '../wire/payload.ts'
import { printable, printableValue } from '../wire/printable.ts'
import type { Painter } from './context.ts'
import type { LineEvent } from './visit.ts'

/** The content of a message, in one line. */
export function contentText({ msg, base64 }: LineEvent): string {
  return typeof base64 === 'string'
    ? printable(`base64:${base64}`)
    : printableValue((msg ?? null) as JsonValue)
}

/** `[MSG] From node12: Hello`, as the node itself prints it, and for whom or about what it is. */
export function messageText(event: LineEvent, paint: Painter): string {
  const { from, sender, to, topic } = event
  const who = printable(String(sender ?? from))
  const about = [
    ...(to === undefined ? [] : [` to ${printable(String(to))}`]),
    ...(topic === undefined ? [] : [` on ${printable(String(topic))}`]),
  ].join('')
  return `${paint('dim', '[MSG]')} From ${paint('cyan', who)}${about}: ${contentText(event)}`
}

/** A node that has come or gone; `undefined` for any other event. */
export function peerText(event: LineEvent, paint: Painter): string | undefined {
  const name = printable(String(event.name))
  if (event.event === 'peer-join') {
    const where = typeof event.url === 'string' ? ` at ${printable(event.url)}` : ''
    return paint('green', `+ ${name} has joined${where}`)
  }
  if (event.event !== 'peer-leave') return undefined
  return event.reason === 'left'
    ? paint('yellow', `- ${name} has left`)
    : paint('red', `- ${name} is ${printable(String(event.reason))}`)
}
