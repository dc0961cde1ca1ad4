// The commands that watch a running network over its line mode: tail and ping.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { WebSocketServer } from 'ws'
import { run } from '../../../src/cli/run.ts'
import { startNode } from '../../support/node-rig.ts'
import { fakeContext, KeptOutput } from '../../unit/cli/fake-context.ts'
import { Running, startSwarm } from './live-swarm.ts'

describe('tail', { concurrency: true }, () => {
  test('messages and nodes that come and go, until Ctrl-C', async (t) => {
    const { bootstrap, nodes } = await startSwarm(t, 3)
    const [n1, n2] = nodes as [(typeof nodes)[0], (typeof nodes)[0]]
    const tail = new Running(t, ['tail', '--at', n1.http])
    await tail.wrote(`Watching n1 at ${n1.http}. Ctrl-C ends it.`)
    await n2.node.send('n1', 'hi\n+ n9 has joined')
    await tail.wrote('[MSG] From n2: hi\\n+ n9 has joined\n')
    const late = await startNode(t, 'late', { bootstrap: [bootstrap] })
    await tail.wrote(`+ late has joined at ws://127.0.0.1:${late.node.port}/`)
    await late.node.close()
    await tail.wrote('- late has left\n')
    assert.equal(await tail.interrupt(), 0)
    assert.equal(tail.lines.length, 3)
  })

  test('as JSON lines, and at a bootstrap', async (t) => {
    const { bootstrap, nodes } = await startSwarm(t, 2)
    const [n1, n2] = nodes as [(typeof nodes)[0], (typeof nodes)[0]]
    const atNode = new Running(t, ['tail', '--at', n1.http, '--json'])
    const atBootstrap = new Running(t, ['tail', '--at', bootstrap, '--json'])
    await Promise.all([atNode.wrote('Watching n1'), atBootstrap.wrote('Watching the bootstrap')])
    await n2.node.broadcast({ a: 1 })
    await atNode.wrote('"message"')
    const { id, ...message } = JSON.parse(atNode.lines[0] ?? '')
    assert.deepEqual(message, { event: 'message', from: 'n2', msg: { a: 1 }, broadcast: true })
    assert.match(id, /^n2\//)
    await n2.node.close()
    for (const tail of [atNode, atBootstrap]) {
      await tail.wrote('"peer-leave"')
      const { event, name, reason } = JSON.parse(tail.lines.at(-1) ?? '')
      assert.deepEqual([event, name, reason], ['peer-leave', 'n2', 'left'])
    }
  })

  test('has exit code 5 when the node ends, and when nothing is there', async (t) => {
    const n1 = await startNode(t, 'n1')
    const tail = new Running(t, ['tail', '--at', n1.http])
    await tail.wrote('Watching n1')
    await n1.node.close()
    assert.equal(await tail.ended, 5)
    assert.match(tail.err, /has ended the connection: the node is shutting down\.\n$/)
    const nothing = new Running(t, ['tail', '--at', n1.http])
    assert.equal(await nothing.ended, 5)
    assert.match(nothing.err, /refused the connection: is it running\? Start a network with "hearsay swarm"/)
  })

  test('is coloured on a terminal, and reads no faster than its reader', async (t) => {
    const { nodes } = await startSwarm(t, 2)
    const [n1, n2] = nodes as [(typeof nodes)[0], (typeof nodes)[0]]
    let drained = (): void => {}
    class SlowOutput extends KeptOutput {
      writableNeedDrain = false

      override write(text: string): void {
        super.write(text)
        this.writableNeedDrain = true
      }

      once(_event: 'drain', listener: () => void): void {
        drained = () => {
          this.writableNeedDrain = false
          listener()
        }
      }
    }
    const stop = new AbortController()
    t.after(() => stop.abort())
    const stdout = new SlowOutput({ columns: 80 })
    const context = { ...fakeContext({}, stop.signal), stdout }
    const ended = run(['tail', '--at', n1.http], context)
    const shown = async (count: number) => {
      while (stdout.writes.length < count) await new Promise((resolve) => setImmediate(resolve))
    }
    while (!context.stderr.text.includes('Watching')) await new Promise((resolve) => setImmediate(resolve))
    await n2.node.send('n1', 'one')
    await shown(1)
    assert.equal(stdout.writes[0], '\u001b[2m[MSG]\u001b[22m From \u001b[36mn2\u001b[39m: one\n')
    await n2.node.send('n1', 'two')
    await n1.got('two')
    // What the node has shown its guest by now is not read: another connection's round trip is.
    const ping = new Running(t, ['ping', 'n2', '-c', '1', '--at', n1.http])
    assert.equal(await ping.ended, 0)
    assert.equal(stdout.writes.length, 1)
    drained()
    await shown(2)
    stop.abort()
    assert.equal(await ended, 0)
  })
})

describe('ping', { concurrency: true }, () => {
  test('a line for each round trip, and statistics', async (t) => {
    const { nodes } = await startSwarm(t, 6)
    const ping = new Running(t, ['ping', 'n6', '-c', '3', '--interval', '0.01', '--at', nodes[0]?.http ?? ''])
    assert.equal(await ping.ended, 0)
    const [first, second, third, ...rest] = ping.lines
    for (const [index, line] of [first, second, third].entries()) {
      assert.match(line ?? '', new RegExp(`^answer of n6: seq=${index + 1} hops=[1-5] time=[\\d.]+ ms$`))
    }
    assert.match(
      rest.join('\n'),
      /^\n--- n6 ping statistics ---\n3 sent, 3 answered, 0 % lost, [\d.]+ s\nround trip min\/avg\/max\/mdev = [\d./]+ ms$/,
    )
    assert.deepEqual(nodes[5]?.messages, [])
  })

  test('has exit code 3 when nothing came back', async (t) => {
    const { nodes } = await startSwarm(t, 2)
    const args = ['ping', 'nobody', '-c', '2', '-i', '0.01', '--at', nodes[0]?.http ?? '']
    const ping = new Running(t, args)
    assert.equal(await ping.ended, 3)
    assert.match(
      ping.lines[0] ?? '',
      /^no answer of nobody: seq=1 no node of this name .*\(unknown-peer, says n1\)$/,
    )
    assert.match(ping.out, /2 sent, 0 answered, 100 % lost, [\d.]+ s\n$/)
    const json = new Running(t, [...args, '--json'])
    assert.equal(await json.ended, 3)
    const events = json.lines.map((line) => JSON.parse(line))
    assert.deepEqual(
      events.map(({ event, seq, reason }) => [event, seq, reason]),
      [
        ['ping', 1, 'unknown-peer'],
        ['ping', 2, 'unknown-peer'],
        ['statistics', undefined, undefined],
      ],
    )
    assert.deepEqual(events[2], { event: 'statistics', to: 'nobody', sent: 2, answered: 0 })
  })

  test('an answer after the deadline is late, by the clock of who asks', async (t) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    t.after(() => server.close())
    // A node that stands still for a while, and thinks that it was quick.
    server.on('connection', (socket) => {
      socket.send('Welcome to n1, guest-1')
      socket.on('message', (line) => {
        const { tag } = JSON.parse(String(line))
        const answer = { event: 'ping', tag, to: 'n2', status: 'delivered', hops: 1, rttMs: 0.1 }
        setTimeout(() => socket.send(JSON.stringify(answer)), 20)
      })
    })
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const args = ['ping', 'n2', '-c', '1', '--deadline-ms', '5', '--at', `http://127.0.0.1:${port}`]
    const ping = new Running(t, args)
    assert.equal(await ping.ended, 3)
    assert.match(ping.lines[0] ?? '', /^late answer of n2: seq=1 after \d+ ms, and not within 5 ms$/)
    assert.match(ping.out, /1 sent, 0 answered, 1 too late, 100 % lost/)
    const json = new Running(t, [...args, '--json'])
    assert.equal(await json.ended, 3)
    const [event, statistics] = json.lines.map((line) => JSON.parse(line))
    assert.deepEqual([event.late, event.status, event.tookMs > 5], [true, 'delivered', true])
    assert.deepEqual(statistics, { event: 'statistics', to: 'n2', sent: 1, answered: 0, late: 1 })
  })

  test('shows the statistics after Ctrl-C', async (t) => {
    const { nodes } = await startSwarm(t, 2)
    const ping = new Running(t, ['ping', 'n2', '-i', '0.01', '--at', nodes[0]?.http ?? ''])
    await ping.wrote('seq=3')
    assert.equal(await ping.interrupt(), 0)
    assert.match(ping.out, /--- n2 ping statistics ---\n/)
  })

  test('a wrong name, a bootstrap, and a node that ends meanwhile', async (t) => {
    const { bootstrap, nodes } = await startSwarm(t, 2)
    const [n1] = nodes
    const wrong = new Running(t, ['ping', 'a b', '--at', n1?.http ?? ''])
    assert.equal(await wrong.ended, 2)
    assert.match(wrong.err, /answered: "to" must be the name of a node/)
    const atBootstrap = new Running(t, ['ping', 'n1', '--at', bootstrap])
    assert.equal(await atBootstrap.ended, 1)
    assert.match(atBootstrap.err, /is a bootstrap, which carries no messages/)
    const ping = new Running(t, ['ping', 'n2', '-i', '0.01', '--at', n1?.http ?? ''])
    await ping.wrote('seq=2')
    await n1?.node.close()
    assert.equal(await ping.ended, 5)
    assert.match(ping.out, /ping statistics/)
    assert.match(ping.err, /has ended the connection: the node is shutting down/)
  })
})
