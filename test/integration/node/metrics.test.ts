// What `GET /metrics` says of real nodes and a bootstrap, after things that happened.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { createBootstrap, createNode, type Node, type NodeOptions } from '../../../src/index.ts'
import { until } from '../../support/node-rig.ts'

/** A page, by series: `name{label="value"}`. */
type Page = ReadonlyMap<string, number>

async function scrape(url: string): Promise<Page> {
  const response = await fetch(new URL('/metrics', url.replace('ws', 'http')))
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return parsed(await response.text())
}

function parsed(text: string): Page {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}

/** Two nodes with a link between them, and their bootstrap. */
async function two(t: TestContext, options: NodeOptions = {}) {
  const bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
  const start = (name: string) =>
    createNode({
      name,
      host: '127.0.0.1',
      listen: 0,
      bootstrap: [bootstrap.url],
      config: { heartbeatMs: 50, unknownPeerWaitMs: 50 },
      ...options,
    })
  const [a, b] = await Promise.all([start('a'), start('b')])
  t.after(async () => {
    await Promise.all([a.close(), b.close()])
    await bootstrap.close()
  })
  await Promise.all([a.settled(), b.settled()])
  return { bootstrap, a, b }
}

const urlOf = (node: Node): string => node.url ?? assert.fail('it listens')

describe('the metrics of nodes', { concurrency: true }, () => {
  test('messages, by kind and outcome', async (t) => {
    const { a, b } = await two(t)
    b.handle(() => 'answer')
    for (let i = 0; i < 3; i++) assert.equal((await a.send('b', i)).status, 'delivered')
    assert.equal((await a.send('nobody', 'x')).status, 'failed')
    assert.equal((await a.send('b', new Uint8Array(2 ** 20))).status, 'failed')
    assert.equal((await a.broadcast('all', { receipts: true })).status, 'sent')
    assert.equal((await a.request('b', 'question')).status, 'answered')
    await fetch(new URL('/message', urlOf(b).replace('ws', 'http')), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"sender":"curl","msg":"hello"}',
    })
    const [ofA, ofB] = await Promise.all([scrape(urlOf(a)), scrape(urlOf(b))])
    const sent = (kind: string, outcome: string) =>
      ofA.get(`hearsay_sends_total{kind="${kind}",outcome="${outcome}"}`)
    assert.equal(sent('direct', 'delivered'), 3)
    assert.equal(sent('direct', 'unknown-peer'), 1)
    assert.equal(sent('direct', 'too-large'), 1)
    assert.equal(sent('broadcast', 'sent'), 1)
    assert.equal(sent('request', 'answered'), 1)
    // Three messages, and the question.
    assert.equal(ofB.get('hearsay_received_total{kind="direct"}'), 4)
    assert.equal(ofB.get('hearsay_received_total{kind="broadcast"}'), 1)
    assert.equal(ofB.get('hearsay_received_total{kind="http"}'), 1)
    assert.equal(ofA.get('hearsay_unsettled_messages'), 0)
    assert.ok((ofB.get('hearsay_http_requests_total') ?? 0) >= 2)
  })

  test('a request is one, and what follows from messages by itself is none', async (t) => {
    const { a, b } = await two(t, { history: 5 })
    b.handle(() => 'answer')
    b.subscribe('t', () => {})
    assert.equal((await a.request('b', 'question')).status, 'answered')
    assert.equal((await a.publish('t', 1, { receipts: true })).status, 'sent')
    assert.equal((await a.history('t', { from: 'b' })).status, 'complete')
    assert.equal((await a.trace('b')).status, 'traced')
    assert.equal((await fetch(new URL('/trace/*', urlOf(a).replace('ws', 'http')))).status, 200)
    const guest = new WebSocket(urlOf(a))
    t.after(() => guest.terminate())
    const lines: string[] = []
    guest.on('message', (data) => lines.push(String(data)))
    await once(guest, 'open')
    guest.send('/ping b')
    await until('the answer to the ping', () => lines.some((line) => /^b answers/.test(line)))
    // That of the program, and the question for history; a neighbor need not be asked for the way.
    const none = { direct: {}, broadcast: {}, request: {}, http: {} }
    assert.deepEqual(a.stats().sent, { ...none, broadcast: { sent: 1 }, request: { answered: 2 } })
    assert.deepEqual(a.stats().received, { direct: 0, broadcast: 0, http: 0 })
    assert.deepEqual(b.stats().sent, none)
    assert.deepEqual(b.stats().received, { direct: 1, broadcast: 1, http: 0 })
  })

  test('links, their bytes and their round trips, also when they have ended', async (t) => {
    const { a, b } = await two(t)
    await until('heartbeats have been echoed', () => a.neighbors().some(({ rttMs }) => rttMs !== undefined))
    const payload = new Uint8Array(10_000)
    assert.equal((await a.send('b', payload)).status, 'delivered')
    const before = await scrape(urlOf(a))
    assert.equal(before.get('hearsay_links'), 1)
    assert.equal(before.get('hearsay_reachable_peers'), 1)
    assert.equal(before.get('hearsay_directory_nodes{state="reachable"}'), 2)
    assert.equal(before.get('hearsay_bootstrap_registered'), 1)
    assert.ok((before.get('hearsay_link_bytes_total{direction="sent"}') ?? 0) > payload.length)
    for (const lane of ['control', 'direct', 'broadcast', 'socket']) {
      assert.ok(before.has(`hearsay_link_queue_bytes{lane="${lane}"}`))
    }
    let measured = 0
    await until('a heartbeat has looked at the link', () => {
      void a.metrics().then(({ text }) => {
        measured = parsed(text).get('hearsay_link_rtt_seconds_count') ?? 0
      })
      return measured > 0
    })
    const during = await scrape(urlOf(a))
    assert.equal(
      during.get('hearsay_link_rtt_seconds_bucket{le="+Inf"}'),
      during.get('hearsay_link_rtt_seconds_count'),
    )
    await b.close()
    await until('the link is gone', () => a.neighbors().length === 0)
    const after = await scrape(urlOf(a))
    assert.equal(after.get('hearsay_links'), 0)
    assert.equal(after.get('hearsay_links_ended_total{reason="left"}'), 1)
    for (const direction of ['sent', 'received']) {
      const series = `hearsay_link_bytes_total{direction="${direction}"}`
      assert.ok((after.get(series) ?? 0) >= (during.get(series) ?? Number.POSITIVE_INFINITY), series)
    }
    assert.equal(after.get('hearsay_directory_nodes{state="leaving"}'), 1)
  })

  test('of a bootstrap', async (t) => {
    const { bootstrap, b } = await two(t)
    await b.close()
    await until('it has left', () => bootstrap.stats().leaves.left === 1)
    const page = await scrape(bootstrap.url)
    assert.equal(page.get('hearsay_bootstrap_peers{kind="node"}'), 1)
    assert.equal(page.get('hearsay_bootstrap_joins_total'), 2)
    assert.equal(page.get('hearsay_bootstrap_leaves_total{reason="left"}'), 1)
    assert.equal(page.get('hearsay_bootstrap_pending{state="hello"}'), 0)
  })
})

test('the lag of the event loop is the same for all who look, one right after the other', async (t) => {
  const nodes = await Promise.all(['a', 'b'].map((name) => createNode({ name, listen: false })))
  t.after(() => Promise.all(nodes.map((node) => node.close())))
  const pages = async () =>
    Promise.all([...nodes, ...nodes].map(async (node) => parsed((await node.metrics()).text)))
  let isMeasured = false
  await until('it is measured', () => {
    void pages().then(([page]) => {
      isMeasured = page?.has('nodejs_eventloop_lag_max_seconds') ?? false
    })
    return isMeasured
  })
  // Whenever the timer that measures it is due: at the latest 0.2 s from now.
  const endMs = performance.now() + 400
  while (performance.now() < endMs);
  for (const page of [...(await pages()), ...(await pages())]) {
    const figure = (name: string) => page.get(`nodejs_eventloop_lag_${name}seconds`) ?? Number.NaN
    const ascending = ['min_', 'p50_', 'p90_', 'p99_', 'max_'].map(figure)
    assert.deepEqual(
      ascending.toSorted((a, b) => a - b),
      ascending,
    )
    assert.ok(figure('min_') >= 0 && figure('max_') >= 0.2, `${ascending}`)
    assert.ok(figure('mean_') <= figure('max_') && figure('stddev_') >= 0 && figure('') >= 0)
  }
})

test('what a node relays and computes', async (t) => {
  const b = await createNode({ name: 'b', host: '127.0.0.1', listen: 0 })
  // Neither can be dialled: what they send each other goes through b.
  const ends = ['a', 'c'].map((name) => createNode({ name, listen: false, peers: [urlOf(b)] }))
  const [a, c] = (await Promise.all(ends)) as [Node, Node]
  t.after(() => Promise.all([a, b, c].map((node) => node.close())))
  await until('all know all', () => [a, b, c].every((node) => node.peers().length === 2))
  assert.equal((await a.send('c', 'hello')).status, 'delivered')
  // The message and its acknowledgement.
  assert.equal((await scrape(urlOf(b))).get('hearsay_relayed_total'), 2)
  const ofA = parsed((await a.metrics()).text)
  assert.ok((ofA.get('hearsay_routes_seconds_count') ?? 0) > 0)
  assert.ok(!ofA.has('hearsay_connections'), 'it has no port')
})
