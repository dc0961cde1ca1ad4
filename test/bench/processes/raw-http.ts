// The yardstick of `POST /message`: a bare `node:http` server that collects the body, parses it, looks at nothing, and gives
// an answer as long as hearsay's.
// It must not use anything of hearsay.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from './serving.ts'

/** Listens. Resolves with the port. */
async function listen(): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString())
      const text = '{"status":"received"}\n'
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
      })
      response.end(text)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const commands = { listen }

/** What this process can be asked. */
export type RawHttpCommands = typeof commands

serve(commands)
