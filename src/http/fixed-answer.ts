// Answers that are made before they are sent, and sent without a handler.
// It must not load any package: it is there before the first request, and most processes never get one.

import type { ServerResponse } from 'node:http'

/** An answer that never changes, encoded once. */
export interface FixedAnswer {
  readonly status: number
  readonly body: string | Uint8Array
  /** Names and values in turn, as node:http writes them fastest. */
  readonly headers: readonly string[]
}

/**
 * An answer with this value as JSON. A line break ends it, so that a shell's prompt does not stand behind it. More
 * `headers` by name.
 */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): FixedAnswer {
  const text = `${JSON.stringify(value)}\n`
  return {
    status,
    body: text,
    headers: [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(Buffer.byteLength(text)),
      ...Object.entries(headers).flat(),
    ],
  }
}

/** An answer with this text. */
export function textAnswer(status: number, text: string, contentType: string): FixedAnswer {
  const length = String(Buffer.byteLength(text))
  return { status, body: text, headers: ['Content-Type', contentType, 'Content-Length', length] }
}

/** The answer that what the client has is still right: no body, and no size of one (RFC 9110 section 15.4.5). */
export function unchangedAnswer(headers: Readonly<Record<string, string>>): FixedAnswer {
  return { status: 304, body: '', headers: Object.entries(headers).flat() }
}

/** An answer with these bytes. More `headers` by name. */
export function bytesAnswer(bytes: Uint8Array, headers: Readonly<Record<string, string>>): FixedAnswer {
  return {
    status: 200,
    body: bytes,
    headers: ['Content-Length', String(bytes.length), ...Object.entries(headers).flat()],
  }
}

/** What a request is answered with when something is wrong. */
export interface ErrorBody {
  /** What happened, for people. */
  readonly error: string
  /** A code of core/reasons, or another word that programs can compare. */
  readonly reason?: string
  /** The node that said so. */
  readonly at?: string
}

/** Something went wrong that is a bug, or that this process has no means for at the moment. */
export const INTERNAL = jsonAnswer(500, {
  error: 'Internal error; the log has the details',
} satisfies ErrorBody)

/** Sends the answer where no handler was reached. Does nothing once an answer has begun. */
export function sendRaw(outgoing: ServerResponse, answer: FixedAnswer): void {
  if (outgoing.headersSent) return
  outgoing.writeHead(answer.status, answer.headers as string[])
  outgoing.end(answer.body)
}
