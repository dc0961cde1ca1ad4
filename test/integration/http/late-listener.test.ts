// Requests that come before the listener is there, on a real node:http server.

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { lateListener } from '../../../src/http/late-listener.ts'
import { requestListener } from '../../../src/http/listener.ts'
import { createNodeApp } from '../../../src/http/node-app.ts'
import { silentLogger } from '../../../src/logger.ts'
import { listen } from '../../../src/net/listener.ts'
import { runProgram } from '../../support/node-program.ts'
import { until } from '../../support/node-rig.ts'
import { RecordingNode } from '../../unit/http/hosts.ts'
import { RawClient } from './raw-client.ts'

const message = (n: number) => JSON.stringify({ sender: 'node12', msg: n })

/** A port whose listener comes when the test says so, once for each time that it is loaded. */
async function setUp(t: TestContext) {
  const host = new RecordingNode()
  const loads: PromiseWithResolvers<RequestListener>[] = []
  const events: string[] = []
  const load = (): Promise<RequestListener> => {
    const loading = Promise.withResolvers<RequestListener>()
    loads.push(loading)
    return loading.promise
  }
  const logger = { ...silentLogger, error: (_fields: object, event: string) => events.push(event) }
  let handled = 0
  const app = requestListener(createNodeApp(host))
  const loaded: RequestListener = (incoming, outgoing) => {
    handled++
    app(incoming, outgoing)
  }
  const listener = await listen({
    port: 0,
    host: '127.0.0.1',
    onRequest: lateListener(load, logger),
    onLink: (socket) => socket.terminate(),
    onGuest: (socket) => socket.terminate(),
    closeGraceMs: 0,
  })
  t.after(() => listener.close())
  const open = async () => {
    const client = await RawClient.open(listener.port)
    t.after(() => client.socket.destroy())
    return client
  }
  const came = (requests: number) => until('they came', () => listener.stats().requests === requests)
  return { host, loads, loaded, events, listener, open, came, handled: () => handled }
}

describe('requests before the listener is there', () => {
  test('wait for it and are answered in their order, with all of their bodies', async (t) => {
    const { host, loads, loaded, open, came } = await setUp(t)
    const [a, b] = [await open(), await open()]
    a.post(message(1))
    await came(1)
    b.post(message(2))
    await came(2)
    // More than is taken in while nobody reads it: what is behind it comes later.
    a.post(JSON.stringify({ sender: 'node12', msg: 'x'.repeat(500_000) }))
    await came(3)
    a.post(message(3))
    assert.equal(loads.length, 1)
    loads[0]?.resolve(loaded)
    for (const client of [a, a, a, b]) assert.equal((await client.answer()).status, 200)
    a.post(message(4))
    assert.equal((await a.answer()).status, 200)
    const values = host.delivered.map(({ msg }) => (typeof msg === 'string' ? msg.length : msg))
    assert.deepEqual(
      values.filter((value) => value !== 500_000),
      [1, 2, 3, 4],
    )
    assert.equal(values.length, 5)
    assert.equal(loads.length, 1)
  })

  test('of a client that is gone by then are nothing to it', async (t) => {
    const { host, loads, loaded, listener, open, came, handled } = await setUp(t)
    const [gone, there] = [await open(), await open()]
    gone.post(message(1))
    gone.post(message(2))
    there.post(message(3))
    await came(3)
    gone.socket.resetAndDestroy()
    await until('it is gone', () => listener.stats().connections === 1)
    loads[0]?.resolve(loaded)
    assert.equal((await there.answer()).status, 200)
    assert.equal(handled(), 1)
    assert.deepEqual(
      host.delivered.map(({ msg }) => msg),
      [3],
    )
  })

  test('are answered with 500 where it could not be loaded, and the next one tries again', async (t) => {
    const { loads, loaded, events, open, came } = await setUp(t)
    const client = await open()
    client.post(message(1))
    client.post(message(2))
    await came(2)
    loads[0]?.reject(new Error('EMFILE: too many open files'))
    for (const _ of [1, 2]) {
      const { status, headers, text } = await client.answer()
      assert.deepEqual([status, headers.get('content-type')], [500, 'application/json'])
      assert.equal(text, '{"error":"Internal error; the log has the details"}\n')
    }
    assert.deepEqual(events, ['http-not-loaded'])
    client.post(message(3))
    await came(3)
    assert.equal(loads.length, 2)
    loads[1]?.resolve(loaded)
    assert.equal((await client.answer()).status, 200)
  })

  for (const [what, end] of [
    ['comes', (loading, loaded) => loading.resolve(loaded)],
    ['fails', (loading) => loading.reject(new Error('EMFILE'))],
  ] as [string, (loading: PromiseWithResolvers<RequestListener>, loaded: RequestListener) => void][]) {
    test(`do not hold up the end, though it ${what} later`, async (t) => {
      const { loads, loaded, listener, open, came, handled } = await setUp(t)
      const client = await open()
      client.post(message(1))
      await came(1)
      await listener.close()
      assert.equal(await client.closed(), '')
      const [loading] = loads
      assert.ok(loading)
      end(loading, loaded)
      await new Promise(setImmediate)
      assert.equal(handled(), 0)
    })
  }
})

/** Tells which packages were imported, and whether Node.js itself has loaded its fetch. */
const WATCHED = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const packages = new Set()
  registerHooks({
    resolve(specifier, context, next) {
      if (!/^(\\.|node:|file:|data:|\\/)/.test(specifier)) packages.add(specifier)
      return next(specifier, context)
    },
  })
  globalThis.loaded = () => {
    const undici = process.moduleLoadList.includes('NativeModule internal/deps/undici/undici')
    return ['hono', '@hono/node-server', 'valibot'].filter((name) => packages.has(name)).join() + (undici ? ' and fetch' : '')
  }`)}`

describe('what HTTP needs is loaded with the first request', { concurrency: true }, () => {
  for (const asked of ['node', 'bootstrap']) {
    test(`to a ${asked}, and not for links, messages and guests`, async (t) => {
      const program = runProgram(
        t,
        `const { get } = process.getBuiltinModule('node:http')
         const host = '127.0.0.1'
         const bootstrap = await createBootstrap({ listen: 0, host })
         const [a, node] = await Promise.all(['a', 'b'].map((name) =>
           createNode({ name, listen: 0, host, bootstrap: [bootstrap.url] })))
         await a.ready()
         console.log((await a.send('b', 'hello')).status)
         const { WebSocket } = await import('ws')
         const guest = new WebSocket('ws://127.0.0.1:' + node.port)
         await new Promise((resolve) => guest.once('message', resolve))
         guest.close()
         console.log('before:', loaded())
         await new Promise((resolve) => get({ host, port: ${asked}.port, path: '/healthz', agent: false }, (answer) => {
           console.log(answer.statusCode)
           answer.resume().on('end', resolve)
         }))
         console.log('after:', loaded())
         await Promise.all([a.close(), node.close()])
         await bootstrap.close()`,
        [WATCHED],
      )
      const ended = await program.end()
      assert.deepEqual([ended, program.errors], [{ code: 0, signal: null }, ''])
      assert.deepEqual(program.output.split('\n'), [
        'delivered',
        'before: ',
        '200',
        'after: hono,@hono/node-server,valibot and fetch',
        '',
      ])
    })
  }
})
