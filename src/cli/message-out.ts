// Puts received messages on standard output: one line each, in one write, so that lines of several writers never mix.

import { messageLine } from '../http/message-line.ts'
import type { NodeMessage } from '../node/events.ts'
import type { Output } from './context.ts'

/** How to print. */
export interface MessageStyle {
  readonly json: boolean
  /** The receiver, where several share one output: shown in front as `docker compose` does. */
  readonly receiver?: string
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
