// An HTTP client for tests that is as wrong as a test wants it to be: it sends bytes and reads answers off the stream.
// It must not be clever: no redirects, no pools, no retries.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
}

/** One connection. */
export class RawClient {
  readonly socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #ended = false
  /** Woken whenever something came, or the connection closed. */
  #wake = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
    // A reset is one way to be closed; what came before it counts.
    socket.on('error', () => {})
  }

  /** Connects to a port of this machine. */
  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** Sends these bytes. */
  write(...parts: (string | Uint8Array)[]): void {
    for (const part of parts) this.socket.write(part)
  }

  /** Sends a `POST /message` with this body, and more header lines. */
  post(body: string | Uint8Array, headers: readonly string[] = ['Content-Type: application/json']): void {
    const lines = [
      'POST /message HTTP/1.1',
      'Host: node8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...headers,
    ]
    this.write(`${lines.join('\r\n')}\r\n\r\n`, body)
  }

  /** The next answer; `hasBody` is false for HEAD. Rejects when the connection closes before it is whole. */
  async answer(hasBody = true): Promise<RawAnswer> {
    for (;;) {
      const answer = this.#takeAnswer(hasBody)
      if (answer !== undefined) return answer
      if (this.#ended) throw new Error(`closed after ${JSON.stringify(this.#received.toString())}`)
      await this.#change()
    }
  }

  #takeAnswer(hasBody: boolean): RawAnswer | undefined {
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return undefined
    const [statusLine = '', ...lines] = this.#received.toString('latin1', 0, headEnd).split('\r\n')
    const headers = new Map(
      lines.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.replace(/^.*?: */, '')]),
    )
    const length = hasBody ? Number(headers.get('content-length')) : 0
    if (Number.isNaN(length)) throw new Error(`no Content-Length in ${JSON.stringify(lines)}`)
    const bodyStart = headEnd + 4
    if (this.#received.length < bodyStart + length) return undefined
    const text = this.#received.toString('utf8', bodyStart, bodyStart + length)
    this.#received = this.#received.subarray(bodyStart + length)
    return { status: Number(statusLine.split(' ')[1]), headers, text }
  }

  /** Waits until the other end has closed; returns what came and was not read. */
  async closed(): Promise<string> {
    while (!this.#ended) await this.#change()
    return this.#received.toString()
  }

  /** One waits at a time: a test reads one answer after the other. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
