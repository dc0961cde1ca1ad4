// The commands that have a running network do something and print what came of it: trace, publish, subscribe, requests and
// receipts.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RecordedNode, startNode, until } from '../../support/node-rig.ts'
import { type LiveSwarm, Running, startSwarm } from './live-swarm.ts'

const first = ({ nodes }: LiveSwarm): RecordedNode => nodes[0] as RecordedNode

describe('trace', { concurrency: true }, () => {
  test('the way to a node, with its links', async (t) => {
    const swarm = await startSwarm(t, 8)
    const at = ['--at', first(swarm).http]
    const trace = new Running(t, ['trace', 'n8', ...at])
    assert.equal(await trace.ended, 0)
    const [head, ...rows] = trace.lines
    assert.match(head ?? '', /^HOP {2}NODE {2}LINK RTT {2}QUEUED$/)
    assert.match(rows[0] ?? '', /^ {2}0 {2}n1$/)
    assert.match(rows.at(-1) ?? '', /^ {2}\d {2}n8 +([\d.]+ ms|\?) +\d+ B$/)
    const json = new Running(t, ['trace', 'n8', ...at, '--json'])
    await json.ended
    // The network may have come by a shorter way meanwhile.
    const { path, status } = JSON.parse(json.out)
    assert.deepEqual([status, path[0], path.at(-1)], ['traced', 'n1', 'n8'])
    const nobody = new Running(t, ['trace', 'nobody', ...at])
    assert.equal(await nobody.ended, 3)
    assert.deepEqual(
      [nobody.out, nobody.err],
      ['', 'no way to nobody: no node of this name is known (unknown-peer, says n1)\n'],
    )
    const wrong = new Running(t, ['trace', 'a b', ...at])
    assert.equal(await wrong.ended, 2)
    assert.match(wrong.err, /\/trace\/ takes the name of a node/)
    const bootstrap = new Running(t, ['trace', 'n8', '--at', swarm.bootstrap])
    assert.equal(await bootstrap.ended, 1)
    assert.match(bootstrap.err, /is a bootstrap, which carries no messages/)
  })

  test('the tree of a broadcast, which no program sees', async (t) => {
    const swarm = await startSwarm(t, 8)
    const trace = new Running(t, ['trace', '*', '--at', first(swarm).http])
    assert.equal(await trace.ended, 0)
    const [root, ...rest] = trace.lines
    assert.equal(root, 'n1')
    const names = rest.slice(0, 7).map((line) => /^[│├└─ ]+(n\d) \([\d.]+ ms\)$/.exec(line)?.[1])
    assert.deepEqual(names.sort(), ['n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'])
    assert.match(trace.out, /\n\nreached 7 of 7 in [\d.]+ ms, over \d links? at most\n$/)
    for (const { messages } of swarm.nodes) assert.deepEqual(messages, [])
  })
})

test('an address may have a query, which is asked as well', async (t) => {
  const swarm = await startSwarm(t, 2)
  const at = ['--at', `${first(swarm).http}?token=secret`]
  for (const args of [
    ['peers'],
    ['topology'],
    ['trace', 'n2'],
    ['send', 'n2', 'hello'],
    ['broadcast', 'all'],
  ]) {
    const asked = new Running(t, [...args, ...at])
    assert.equal(await asked.ended, 0, `${args}: ${asked.err}`)
    assert.doesNotMatch(asked.out + asked.err, /secret/)
  }
})

describe('publish and subscribe', { concurrency: true }, () => {
  test('a line for each message of the topics, those kept before first', async (t) => {
    const swarm = await startSwarm(t, 3, { history: 10 })
    const [n1, n2, n3] = swarm.nodes as [RecordedNode, RecordedNode, RecordedNode]
    for (const n of [1, 2, 3]) await n2.node.publish('news/today', `before ${n}`)
    await n2.node.publish('log', 'of another topic')
    // Receipts show that it has been everywhere.
    await n2.node.broadcast('after them', { receipts: true })
    const subscribe = new Running(t, ['subscribe', 'news/#', 'x/+', '--history', '2', '--at', n1.http])
    await subscribe.wrote('Listening to news/# x/+ at n1. Ctrl-C ends it.')
    await subscribe.wrote('news/today before 3')
    await n3.node.publish('news/today', 'now\nthen', { receipts: true })
    await subscribe.wrote('news/today now\\nthen')
    const publish = new Running(t, ['publish', 'x/1', 'hello', 'all', '--at', n1.http])
    assert.equal(await publish.ended, 0)
    assert.match(publish.out, /^published on x\/1: 0 other nodes known to listen\n$/)
    await subscribe.wrote('x/1 hello all')
    assert.equal(await subscribe.interrupt(), 0)
    assert.deepEqual(subscribe.lines, [
      'news/today before 2',
      'news/today before 3',
      'news/today now\\nthen',
      'x/1 hello all',
    ])
  })

  test('as JSON lines; without a node that keeps messages it says so, and goes on', async (t) => {
    const swarm = await startSwarm(t, 2)
    const [n1, n2] = swarm.nodes as [RecordedNode, RecordedNode]
    const subscribe = new Running(t, ['subscribe', 't', '--history', '1', '--json', '--at', n1.http])
    await subscribe.wrote('No history of t: no node keeps messages: start one with --history')
    await n2.node.publish('t', { a: 1 })
    await subscribe.wrote('"topic"')
    const { id, ...message } = JSON.parse(subscribe.lines[0] ?? '')
    assert.deepEqual(message, { event: 'message', from: 'n2', msg: { a: 1 }, broadcast: true, topic: 't' })
    await n1.node.close()
    assert.equal(await subscribe.ended, 5)
  })

  test('a filter and a topic that are none', async (t) => {
    const n1 = await startNode(t, 'n1')
    const subscribe = new Running(t, ['subscribe', 'a/#/b', '--at', n1.http])
    assert.equal(await subscribe.ended, 2)
    assert.match(subscribe.err, /"filter" must be a topic filter/)
    const publish = new Running(t, ['publish', 'a/#', 'x', '--at', n1.http])
    assert.equal(await publish.ended, 2)
    assert.match(publish.err, /"topic" must be/)
  })
})

describe('requests and receipts', { concurrency: true }, () => {
  test('send --request prints the answer', async (t) => {
    const swarm = await startSwarm(t, 2)
    const at = ['--at', first(swarm).http]
    const none = new Running(t, ['send', 'n2', 'what?', '--request', ...at])
    assert.equal(await none.ended, 3)
    assert.match(none.err, /the receiver takes no requests \(no-handler, says n2\)/)
    swarm.nodes[1]?.node.handle(({ value }) => [`${value} indeed`, 42])
    const asked = new Running(t, ['send', 'n2', 'what?', '--request', ...at])
    assert.equal(await asked.ended, 0)
    assert.match(asked.out, /^answered by n2, [\d.]+ ms there and back: \["what\? indeed",42\]\n$/)
  })

  test('broadcast --receipts says how many have it', async (t) => {
    const swarm = await startSwarm(t, 6)
    const broadcast = new Running(t, ['broadcast', '--receipts', 'fire', 'drill', '--at', first(swarm).http])
    assert.equal(await broadcast.ended, 0)
    assert.equal(broadcast.out, 'sent to all: reached 5 of 5\n')
    for (const node of swarm.nodes.slice(1)) assert.deepEqual(node.values, ['fire drill'])
  })
})

describe('node --tag and --history', () => {
  test('say what a node is for, and have it keep messages; the flag wins over the environment', async (t) => {
    const n1 = await startNode(t, 'n1')
    const flags = ['--port', '0', '--host', '127.0.0.1', '--peers', n1.url, '--log-level', 'silent']
    const env = { HEARSAY_TAGS: 'env', HEARSAY_HISTORY: '5' }
    new Running(t, ['node', '--name', 'n2', ...flags, '--tag', 'a', '--tag', 'b,c'], env)
    new Running(t, ['node', '--name', 'n3', ...flags, '--history', '0'], env)
    const tagsOf = (name: string) =>
      n1.node
        .peers()
        .find((peer) => peer.name === name)
        ?.tags?.join()
    await until(
      'n2 and n3 say what they are for',
      () => tagsOf('n2')?.includes('a,b,c') && tagsOf('n3') === 'env',
    )
    assert.equal((await n1.node.publish('t', 'kept', { receipts: false })).status, 'sent')
    const subscribe = new Running(t, ['subscribe', 't', '--history', '1', '--at', n1.http])
    await subscribe.wrote('t kept\n')
  })
})
