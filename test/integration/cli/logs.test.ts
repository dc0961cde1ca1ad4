// What a process writes on standard error: who says it, at which level, what a signal asks for, and what never stands there.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { Hearsay } from './process.ts'

type Entry = Record<string, unknown>

async function startPair(t: TestContext, level: string) {
  const bootstrap = new Hearsay(t, ['bootstrap', '--host', '127.0.0.1'], { PORT: '0', LOG_LEVEL: level })
  const url = `http://127.0.0.1:${await bootstrap.port()}`
  const start = (name: string) =>
    new Hearsay(t, ['node', '--port', '0', '--host', '127.0.0.1'], {
      NODE_NAME: name,
      BOOTSTRAP_URL: `${url}/?token=hunter2`,
      HEARSAY_PEERS: 'http://127.0.0.1:9/?token=hunter2',
      LOG_LEVEL: level,
    })
  const [a, b] = [start('node1'), start('node2')]
  await Promise.all([a, b].map((node) => node.entry('that it is ready', ({ msg }) => msg === 'ready')))
  const said = async (node: Hearsay, body: unknown) =>
    fetch(`http://127.0.0.1:${await node.port()}/message`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return { bootstrap, a, b, said }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const isOf = (event: string) => (entry: Entry) => entry.msg === event

describe('the log of a process', { concurrency: 2 }, () => {
  it('tells the story of a node at info in a few lines, with fixed events and a room in each', async (t) => {
    const { bootstrap, a, b, said } = await startPair(t, 'info')
    for (let i = 0; i < 20; i++)
      assert.equal((await said(a, { to: 'node2', msg: `secret ${i}` })).status, 200)
    await a.entry('its peers', isOf('peers'))
    b.child.kill('SIGTERM')
    await b.ended
    await a.entry('that its peer has left', isOf('peer-leave'))
    a.child.kill('SIGTERM')
    await a.ended
    const events = a.log().map(({ msg }) => String(msg))
    for (const event of [
      'node-running',
      'bootstrap-registered',
      'ready',
      'peers',
      'peer-leave',
      'stopping',
      'left',
    ]) {
      assert.ok(events.includes(event), `${event} in ${events.join(' ')}`)
    }
    assert.ok(events.length <= 12, events.join(' '))
    for (const node of [bootstrap, a, b]) {
      for (const { msg, level, room } of node.log()) {
        assert.match(String(msg), /^[a-z]+(?:-[a-z]+)*$/)
        assert.equal(level, 'info')
        assert.ok(room !== undefined, String(msg))
      }
      assert.doesNotMatch(node.stderr.join('\n'), /secret|hunter2/)
    }
    assert.equal(a.log().find(isOf('bootstrap-registered'))?.room, 'bootstrap')
    assert.equal(a.log().find(isOf('ready'))?.room, 'node')
  })

  it('has each message at debug and each input and effect at trace, without what is in them', async (t) => {
    const { a, b, said } = await startPair(t, 'trace')
    assert.equal((await said(a, { to: 'node2', msg: 'secret' })).status, 200)
    const sent = await a.entry('the message', isOf('sent'))
    assert.deepEqual([sent.level, sent.to, sent.status], ['debug', 'node2', 'delivered'])
    const received = await b.entry('the message', isOf('received'))
    assert.deepEqual([received.level, received.from, received.broadcast], ['debug', 'node1', false])
    const input = await a.entry('the input', (entry) => isOf('input')(entry) && entry.type === 'send')
    assert.deepEqual(
      [input.level, input.room, input.to, input.payload],
      ['trace', 'core', 'node2', '7 bytes'],
    )
    await a.entry('its effect', (entry) => {
      const { direct } = { direct: entry.message as Entry | undefined }
      return isOf('effect')(entry) && entry.type === 'send' && direct?.type === 'direct'
    })
    a.child.kill('SIGTERM')
    await a.ended
    for (const node of [a, b]) assert.doesNotMatch(node.stderr.join('\n'), /secret|hunter2/)
  })

  it('has a snapshot when a signal asks for it', { skip: process.platform === 'win32' }, async (t) => {
    const { bootstrap, a } = await startPair(t, 'info')
    a.child.kill('SIGUSR2')
    const ofNode = await a.entry('the snapshot', isOf('snapshot'))
    assert.deepEqual([ofNode.links, ofNode.ready, ofNode.registered], [1, true, true])
    assert.ok(Array.isArray(ofNode.neighbors) && 'dropped' in ofNode && 'sent' in ofNode)
    bootstrap.child.kill('SIGUSR2')
    const { nodes, room, level } = await bootstrap.entry('the snapshot', isOf('snapshot'))
    assert.deepEqual([nodes, room, level], [2, 'cli', 'info'])
  })

  it('has that of a swarm: its bootstrap, and sums; at every level', {
    skip: process.platform === 'win32',
  }, async (t) => {
    const args = ['swarm', '--nodes', '3', '--port', '0', '--json', '--log-level', 'error']
    const swarm = new Hearsay(t, [...args, '--log-format', 'json'])
    await swarm.line(/"settled"/)
    swarm.child.kill('SIGUSR2')
    const snapshot = await swarm.entry('the snapshot', isOf('snapshot'))
    assert.deepEqual([snapshot.nodes, snapshot.ready, snapshot.links], [3, 3, 6])
    assert.equal((snapshot.received as Entry).broadcast, 2)
    assert.equal((snapshot.bootstrap as Entry).nodes, 3)
    assert.deepEqual([snapshot.level, snapshot.room], ['info', 'cli'])
    assert.equal(swarm.log().length, 1)
  })

  it('has the snapshot of a node and of a bootstrap at every level', {
    skip: process.platform === 'win32',
  }, async (t) => {
    // Where nothing else is said, HTTP says that they run: on a port that was free a moment ago.
    for (const level of ['error', 'silent']) {
      for (const role of ['node', 'bootstrap']) {
        const port = await freePort()
        const one = new Hearsay(t, [role, '--host', '127.0.0.1', '--port', String(port)], {
          LOG_LEVEL: level,
        })
        const answers = () =>
          fetch(`http://127.0.0.1:${port}`).then(
            () => true,
            () => false,
          )
        while (!(await answers())) assert.equal(one.child.exitCode, null, one.text)
        one.child.kill('SIGUSR2')
        await one.entry('the snapshot', isOf('snapshot'))
        assert.equal(one.log().length, 1, one.text)
      }
    }
  })
})
