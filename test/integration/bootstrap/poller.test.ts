// The poller against real servers: what answers, what refuses, what says nothing, and how many are asked at once.

import assert from 'node:assert/strict'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it, type TestContext } from 'node:test'
import { Poller } from '../../../src/bootstrap/poller.ts'
import { until } from './rig.ts'

async function serve(t: TestContext, onRequest: RequestListener): Promise<string> {
  const server = createServer(onRequest)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

it('takes any answer for a sign of life, and follows no redirect', async (t) => {
  const poller = new Poller()
  t.after(() => poller.close())
  let asked = 0
  const url = await serve(t, (request, response) => {
    asked++
    assert.equal(request.method, 'GET')
    if (request.url === '/moved') response.writeHead(302, { location: '/elsewhere' }).end()
    else response.writeHead(Number(request.url?.slice(1)) || 200).end('x'.repeat(100_000))
  })
  for (const path of ['', '404', '500', 'moved']) assert.equal(await poller.ask(`${url}${path}`), true, path)
  assert.equal(asked, 4)
})

it('gives up on who refuses, says nothing, or is no HTTP server', async (t) => {
  const poller = new Poller({ timeoutMs: 50 })
  t.after(() => poller.close())
  const silent = await serve(t, () => {})
  const rude = await serve(t, (request) => request.socket.end('rubbish\r\n\r\n'))
  assert.equal(await poller.ask(silent), false)
  assert.equal(await poller.ask(rude), false)
  assert.equal(await poller.ask('http://127.0.0.1:1/'), false)
})

it('asks a few at once, and the others in turn', async (t) => {
  const poller = new Poller({ pollsMax: 3 })
  t.after(() => poller.close())
  const open: ServerResponse[] = []
  let most = 0
  const url = await serve(t, (_request, response) => {
    open.push(response)
    most = Math.max(most, open.length)
  })
  const answers = Promise.all(Array.from({ length: 10 }, () => poller.ask(url)))
  for (let answered = 0; answered < 10; answered++) {
    const response = await until(() => open.shift(), 'a request')
    response.end()
  }
  assert.deepEqual(await answers, new Array(10).fill(true))
  assert.ok(most <= 3, `${most} at once`)
})

it('ends what is under way and what waits when it is closed', async (t) => {
  const poller = new Poller({ pollsMax: 1, timeoutMs: 60_000 })
  let asked = false
  const url = await serve(t, () => {
    asked = true
  })
  const answers = Promise.all([poller.ask(url), poller.ask(url), poller.ask(url)])
  await until(() => asked, 'a request')
  poller.close()
  assert.deepEqual(await answers, [false, false, false])
  assert.equal(await poller.ask(url), false)
})
