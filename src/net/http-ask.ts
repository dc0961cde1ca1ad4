// One HTTP request to a plain HTTP peer, of which only the status counts. Not fetch: that refuses ports which browsers
// block (6000 and 5060 among them), and peers may listen on any port.

import { request as httpsRequest } from 'node:https'
import { request as httpRequest } from './node-http.ts'

/** What is asked. */
export interface HttpQuestion {
  readonly method: 'GET' | 'POST'
  /** Sent as JSON. */
  readonly body?: string
  /** More headers. */
  readonly headers?: Readonly<Record<string, string>>
  /** Ends the request, with the signal's reason. */
  readonly signal: AbortSignal
}

/**
 * Asks once, on a connection of its own, and resolves with the status of the answer. Redirects are not followed: they
 * would let a peer send this process anywhere. Rejects with the error of the connection, or with the signal's reason.
 */
export function askHttp(
  url: string | URL,
  { method, body, headers: more, signal }: HttpQuestion,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest
    const headers =
      body === undefined
        ? { ...more }
        : { ...more, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
    const asked = request(url, { method, headers, agent: false, signal }, (answer) => {
      resolve(answer.statusCode ?? 0)
      // Nobody reads the body, and it must not keep the connection.
      answer.destroy()
    })
    asked.on('error', (error) => reject(signal.aborted ? signal.reason : error))
    asked.end(body)
  })
}
