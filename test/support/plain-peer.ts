// A plain HTTP peer, as tests of several rooms need one: a server that is registered with a bootstrap and is no member.

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A program that takes messages by `POST /message`, as a Flask node does. */
export class PlainPeer {
  readonly server: Server
  readonly bodies: unknown[] = []
  /** What it answers. */
  status = 200
  /** Whether it answers at all. */
  answers = true

  constructor() {
    this.server = createServer((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      request.on('end', () => {
        if (request.method === 'POST') this.bodies.push(JSON.parse(text))
        if (this.answers) response.writeHead(this.status).end('{"status":"received"}')
      })
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  kill(): void {
    this.server.close()
    this.server.closeAllConnections()
  }

  /** Listens, and registers as `name`. */
  static async join(t: TestContext, bootstrapUrl: string, name: string): Promise<PlainPeer> {
    const peer = new PlainPeer()
    t.after(() => peer.kill())
    await new Promise<void>((resolve) => peer.server.listen(0, '127.0.0.1', resolve))
    const answer = await fetch(`${bootstrapUrl.replace(/^ws/, 'http')}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ peer: peer.url, name }),
    })
    assert.equal(answer.status, 200)
    return peer
  }
}
