// Dials with the WebSocket of browsers, which Node.js has as well: each ends in exactly one call, in words for people.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { browserDial } from '../../../src/net/browser-dial.ts'
import { startNode, until } from '../../support/node-rig.ts'

/** How a dial ends, in a word. */
function ends(url: string, timeoutMs = 5_000): Promise<string> {
  return new Promise((resolve) => {
    let isDialling = true
    const told = (text: string): void => {
      assert.ok(!isDialling, 'told from within the dial')
      resolve(text)
    }
    browserDial(() => {})(
      url,
      {
        onOpen: (socket) => {
          socket.lead({ onMessage: () => {}, onFailed: () => {}, onClosed: () => {} })
          socket.terminate()
          told('open')
        },
        onFailed: told,
      },
      { timeoutMs },
    )
    isDialling = false
  })
}

/** A server that takes connections and says nothing. */
async function silent(t: TestContext): Promise<{ url: string; server: Server; taken: () => number }> {
  let taken = 0
  const server = createServer((socket) => {
    taken++
    socket.on('error', () => {})
    t.after(() => socket.destroy())
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, server, taken: () => taken }
}

test('a node is dialled', async (t) => {
  const { url } = await startNode(t, 'n1')
  assert.equal(await ends(url), 'open')
})

test('what does not answer, or not as it should, is a failure in one line', async (t) => {
  assert.match(await ends('ws://127.0.0.1:1'), /^127\.0\.0\.1:1 did not answer, or not as /)
  assert.match(await ends('ftp://x'), /has to begin with ws:/)
  const { url } = await silent(t)
  assert.match(await ends(url, 50), /^127\.0\.0\.1:\d+ did not answer within 50 ms$/)
})

test('in a page a failure names its origin, which may be why', async (t) => {
  Object.assign(globalThis, { origin: 'https://app.example' })
  t.after(() => Reflect.deleteProperty(globalThis, 'origin'))
  assert.match(
    await ends('ws://127.0.0.1:1'),
    /, or lets no pages of https:\/\/app\.example in \(its --allow-origin\): a browser/,
  )
})

test('a page that came by https may dial wss only, but for its own machine', async (t) => {
  Object.assign(globalThis, { location: { protocol: 'https:' } })
  t.after(() => Reflect.deleteProperty(globalThis, 'location'))
  assert.match(
    await ends('http://node8:5000'),
    /^node8:5000 cannot be dialled with ws:\/\/ from a page that came by https:\/\/: let it have wss:\/\/$/,
  )
  const { url } = await startNode(t, 'n1')
  assert.equal(await ends(url), 'open')
})

test('a dial that has ended cannot be cancelled: the connection is that of its link', async (t) => {
  const { url } = await startNode(t, 'n1')
  const closed = Promise.withResolvers<number>()
  const dial = browserDial(() => {})(url, {
    onOpen: (socket) => {
      socket.lead({ onMessage: () => {}, onFailed: () => {}, onClosed: (code) => closed.resolve(code) })
      dial.cancel()
      assert.equal(socket.isOpen, true)
      socket.close(4000, 'left')
    },
    onFailed: assert.fail,
  })
  assert.equal(await closed.promise, 4000)
})

test('a dial that was cancelled tells nothing', async (t) => {
  const { url, taken } = await silent(t)
  const handlers = { onOpen: () => assert.fail(), onFailed: () => assert.fail() }
  const dial = browserDial(() => {})
  const dials = [dial(url, handlers, { timeoutMs: 20 }), dial('ftp://x', handlers)]
  for (const started of dials) started.cancel()
  assert.match(await ends(url, 100), /within 100 ms/)
  await until('the last one was taken', () => taken() > 0)
})
