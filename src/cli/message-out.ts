// Puts received messages on standard output: one line each, in one write, so that lines of several writers never mix.
// When its reader is too slow the node takes no more, and senders learn of it.

import { messageLine } from '../http/message-line.ts'
import type { NodeMessage } from '../node/events.ts'
import { insideOf } from '../node/inside.ts'
import type { Node } from '../node/node.ts'
import type { Output } from './context.ts'

/** How to print. */
export interface MessageStyle {
  readonly json: boolean
  /** The receiver, where several share one output: shown in front as `docker compose` does. */
  readonly receiver?: string
}

/** With this much waiting for the reader of the output a node takes nothing more. */
const WAITING_BYTES_MAX = 4_194_304

/**
 * Writes each message that `node` receives, at once. While more than 4 MiB wait for the reader, what is sent or posted to the node
 * fails with `queue-full`, and broadcasts are dropped and counted. @param isShown which messages; all by default
 */
export function writeMessages(
  node: Node,
  stdout: Output,
  style: MessageStyle,
  isShown: (message: NodeMessage) => boolean = () => true,
): void {
  insideOf(node).streams.pour({
    get hasRoom() {
      return (stdout.writableLength ?? 0) < WAITING_BYTES_MAX
    },
    take: (message) => {
      if (isShown(message)) writeMessage(message, stdout, style)
    },
  })
}

/** Writes one message to `stdout`. */
export function writeMessage(message: NodeMessage, stdout: Output, style: MessageStyle): void {
  stdout.write(`${style.json ? jsonLine(message, style) : textLine(message, style)}\n`)
}

function textLine(message: NodeMessage, { receiver }: MessageStyle): string {
  const line = messageLine(message.sender ?? message.from, message.value)
  return receiver === undefined ? line : `${receiver} | ${line}`
}

function jsonLine(message: NodeMessage, { receiver }: MessageStyle): string {
  const { value } = message
  return JSON.stringify({
    event: 'message',
    ...(receiver !== undefined && { receiver }),
    from: message.from,
    ...(message.sender !== undefined && { sender: message.sender }),
    ...(value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : { msg: value }),
    hops: message.hops,
    broadcast: message.broadcast,
    via: message.via,
  })
}
