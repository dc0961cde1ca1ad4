// The real wscat, as people use it, against the real listener: through pipes, which every machine has, and on a
// pseudo-terminal, which is what people see, where util-linux' `script` is there to make one.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Guests } from '../../../src/guests/guests.ts'
import { listen } from '../../../src/net/listener.ts'
import { FakeHost, until } from './rig.ts'

const WSCAT = join(dirname(createRequire(import.meta.url).resolve('wscat/package.json')), 'bin', 'wscat')

/** A program and what it has written so far. */
class Running {
  readonly process: ChildProcess
  output = ''

  constructor(t: TestContext, command: string, args: readonly string[]) {
    this.process = spawn(command, args, { stdio: 'pipe', env: { ...process.env, TERM: 'xterm' } })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    }
    t.after(() => this.process.kill('SIGKILL'))
  }

  /** Types a line. */
  type(line: string): void {
    this.process.stdin?.write(`${line}\n`)
  }

  /** Waits until this has been written. */
  async wrote(expected: string | RegExp): Promise<void> {
    const isThere = (): boolean =>
      typeof expected === 'string' ? this.output.includes(expected) : expected.test(this.output)
    try {
      await until(`${expected}`, isThere)
    } catch (error) {
      throw new Error(`${(error as Error).message}; it wrote:\n${this.output}`)
    }
  }
}

async function openNode(t: TestContext): Promise<{ host: FakeHost; guests: Guests; url: string }> {
  const host = new FakeHost()
  const guests = new Guests(host)
  const listener = await listen({
    port: 0,
    host: '127.0.0.1',
    onRequest: (_, response) => response.end(),
    onLink: (socket) => socket.terminate(),
    onGuest: (socket, request) => guests.accept(socket, request.socket.remoteAddress ?? 'unknown'),
  })
  t.after(async () => {
    await guests.close()
    await listener.close()
  })
  return { host, guests, url: `ws://127.0.0.1:${listener.port}` }
}

/** A whole visit, the same on both kinds of standard input and output. */
async function visit(wscat: Running, host: FakeHost, guests: Guests): Promise<void> {
  await wscat.wrote(/Welcome to node8, you are node8\/guest-\w+\./)
  wscat.type('@node12 hello')
  await wscat.wrote('delivered to node12, 2 hops, 3.1 ms')
  wscat.type('good morning')
  await wscat.wrote('sent to all, over 5 links')
  wscat.type('/ping node12')
  await wscat.wrote('node12 answers: 2 hops, 3.1 ms')
  wscat.type('/peers')
  await wscat.wrote(/1 peer:\r?\n {2}node3 {2}1 hop {2}ws:\/\/node3:5000/)
  guests.deliver({ from: 'node12', value: 'Hello\nnode8', broadcast: false })
  await wscat.wrote('[MSG] From node12: Hello\\nnode8')
  wscat.type('/trace node12')
  await wscat.wrote('way to node12: node8 > node3 (1.3 ms) > node12, 2 hops')
  wscat.type('/sub news/#')
  await wscat.wrote('you listen to news/# from now on')
  host.filters.get('news/#')?.({ from: 'node3', value: 'rain', broadcast: true, topic: 'news/today' })
  await wscat.wrote('[MSG] From node3 on news/today: rain')
  wscat.type('/pub news/today sunshine')
  await wscat.wrote('published on news/today')
  assert.equal(host.published[0]?.topic, 'news/today')
  assert.equal(host.published[0]?.message.msg, 'sunshine')
  wscat.type('/dance')
  await wscat.wrote('"/dance" is no command. Type /peers')
  wscat.type('{"cmd":"who"}')
  await wscat.wrote(/\{"event":"who","node":"node8","you":"node8\/guest-\w+"/)
  assert.equal(host.sent[0]?.message.msg, 'hello')
  assert.equal(host.broadcasts[0]?.msg, 'good morning')
}

function peopleKnow(host: FakeHost): void {
  host.peerList = [{ name: 'node3', url: 'ws://node3:5000', kind: 'node', hops: 1 }]
}

test('wscat through pipes', async (t) => {
  const { host, guests, url } = await openNode(t)
  peopleKnow(host)
  const wscat = new Running(t, process.execPath, [WSCAT, '--connect', url])
  await visit(wscat, host, guests)
  const exited = once(wscat.process, 'exit')
  wscat.process.stdin?.end()
  await exited
  await until('the guest to be gone', () => guests.count === 0)
})

test('wscat --execute', async (t) => {
  const { host, guests, url } = await openNode(t)
  const args = [WSCAT, '--connect', url, '--wait', '-1', '--execute', '@node12 one', '--execute', '/who']
  const wscat = new Running(t, process.execPath, args)
  await wscat.wrote('delivered to node12')
  await wscat.wrote(/1 guest: guest-\w+ \(you\)/)
  assert.equal(host.sent[0]?.message.msg, 'one')
  const exited = once(wscat.process, 'exit')
  await guests.close()
  await exited
})

const script = spawnSync('script', ['--version'], { encoding: 'utf8' })
const hasScript = script.status === 0 && script.stdout.includes('util-linux')

test('wscat on a terminal', {
  skip: hasScript ? false : 'no util-linux `script` here to make a terminal',
}, async (t) => {
  const { host, guests, url } = await openNode(t)
  peopleKnow(host)
  const command = `'${process.execPath}' '${WSCAT}' --connect ${url}`
  const wscat = new Running(t, 'script', [
    '--quiet',
    '--return',
    '--flush',
    '--command',
    command,
    '/dev/null',
  ])
  await wscat.wrote('Connected (press CTRL+C to quit)')
  await visit(wscat, host, guests)
  const exited = once(wscat.process, 'exit')
  const closing = guests.close()
  await wscat.wrote('Disconnected (code: 4001, reason: "the node is shutting down")')
  await closing
  await exited
})
