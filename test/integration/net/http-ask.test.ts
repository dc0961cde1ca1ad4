// Plain HTTP peers are asked on whatever port they have, and nothing but their status counts.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { askHttp } from '../../../src/net/http-ask.ts'

async function serve(t: TestContext, listener: RequestListener, port = 0): Promise<string | undefined> {
  const server = createServer(listener).listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return undefined
  }
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const never = new AbortController().signal

test('a port that browsers block is a port like any other', async (t) => {
  // The ports of the fetch standard's list that an ordinary user may listen on; one of them will be free.
  for (const port of [6000, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10_080]) {
    const url = await serve(t, (_, response) => response.writeHead(204).end(), port)
    if (url !== undefined) return assert.equal(await askHttp(url, { method: 'GET', signal: never }), 204)
  }
  assert.fail('none of the ports is free')
})

test('a body is posted as JSON, and any status is an answer', async (t) => {
  let got = ''
  const url = await serve(t, async (request, response) => {
    for await (const chunk of request) got += chunk
    response
      .writeHead(request.headers['content-type'] === 'application/json' ? 418 : 500)
      .end('x'.repeat(100_000))
  })
  assert.equal(await askHttp(url ?? '', { method: 'POST', body: '{"ü":1}', signal: never }), 418)
  assert.equal(got, '{"ü":1}')
})

test('nobody there, and nobody in time, are rejections', async (t) => {
  await assert.rejects(askHttp('http://127.0.0.1:1/', { method: 'GET', signal: never }), /ECONNREFUSED/)
  const url = await serve(t, () => {})
  const late = askHttp(url ?? '', { method: 'GET', signal: AbortSignal.timeout(30) })
  await assert.rejects(late, { name: 'TimeoutError' })
})
