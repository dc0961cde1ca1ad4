// The end of a node and of a bootstrap, seen from outside of the process: whatever is going on, close() is over within
// 2 s, nothing that is left keeps the process, and no promise that a program ignored ends it. None of the programs here
// calls process.exit; each that wrote to standard error has failed.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Program, runProgram } from '../../support/node-program.ts'

/** Unhandled rejections end the process with code 1 and a stack, warnings are told. */
const STRICT = ['--unhandled-rejections=strict', '--trace-warnings']

/** What all programs here have: options on loopback, and a close() that tells on standard output when it was late. */
const PRELUDE = `
  const host = '127.0.0.1'
  async function close(...closing) {
    const startMs = performance.now()
    await Promise.all(closing.map((one) => one.close()))
    const tookMs = performance.now() - startMs
    if (tookMs >= 2_000) console.log('close() took ' + tookMs + ' ms')
    const endMs = performance.now()
    process.once('exit', () => {
      const lateMs = performance.now() - endMs
      if (lateMs >= 1_000) console.log('something kept the process for ' + lateMs + ' ms')
    })
  }
  function got(node, count) {
    let left = count
    return new Promise((resolve) => node.on('message', () => { if (--left === 0) resolve() }))
  }
`

async function endsWell(program: Program, output: readonly string[]): Promise<void> {
  const end = await program.end(20_000)
  assert.equal(program.errors, '')
  assert.deepEqual(program.output.split('\n').slice(0, -1), output)
  assert.deepEqual(end, { code: 0, signal: null })
}

const run = (t: Parameters<typeof runProgram>[0], text: string): Program =>
  runProgram(t, `${PRELUDE}\n${text}`, STRICT)

describe('the end of a process', { concurrency: 4 }, () => {
  test('comes by itself when all is closed', async (t) => {
    const program = run(
      t,
      `const bootstrap = await createBootstrap({ listen: 0, host })
       const options = { host, bootstrap: [bootstrap.url] }
       const a = await createNode({ ...options, name: 'a' })
       const b = await createNode({ ...options, name: 'b' })
       const received = [got(a, 2), got(b, 2)]
       console.log((await a.send('b', 'hello')).status, (await b.send('a', { hello: [1] })).status)
       console.log((await a.broadcast('to all')).status, (await b.broadcast(Uint8Array.of(1))).status)
       await Promise.all(received)
       await close(a, b, bootstrap)`,
    )
    await endsWell(program, ['delivered delivered', 'sent sent'])
  })

  test('comes whoever closes first, and however often', async (t) => {
    const program = run(
      t,
      `const bootstrap = await createBootstrap({ listen: 0, host })
       const options = { host, bootstrap: [bootstrap.url] }
       const a = await createNode({ ...options, name: 'a' })
       const b = await createNode({ ...options, name: 'b' })
       await Promise.all([a.ready(), b.ready()])
       await close(bootstrap, bootstrap)
       console.log((await a.send('b', 'without it')).status)
       await close(a, a, b)
       await close(a, b, bootstrap)`,
    )
    await endsWell(program, ['delivered'])
  })

  test('comes when a node is closed at once, before its first link', async (t) => {
    const program = run(
      t,
      `const bootstrap = await createBootstrap({ listen: 0, host })
       const gone = await createBootstrap({ listen: 0, host })
       await gone.close()
       const nodes = await Promise.all([
         createNode({ name: 'a', host, bootstrap: [bootstrap.url, gone.url] }),
         createNode({ name: 'b', host, bootstrap: [gone.url] }),
         createNode({ name: 'c', host, peers: [gone.url] }),
         createNode({ name: 'd', listen: false }),
       ])
       const ready = nodes.map((node) => node.ready().catch(({ code }) => code))
       const settled = nodes.map((node) => node.settled().catch(({ code }) => code))
       await close(...nodes)
       console.log((await Promise.all([...ready, ...settled])).join(' '))
       await close(bootstrap)`,
    )
    await endsWell(program, [Array(8).fill('closed').join(' ')])
  })

  test('comes while sends are pending, which fail with shutting-down', async (t) => {
    const program = run(
      t,
      `const bootstrap = await createBootstrap({ listen: 0, host })
       const options = { host, bootstrap: [bootstrap.url] }
       const a = await createNode({ ...options, name: 'a' })
       const alone = await createNode({ name: 'alone', host })
       const deadlineMs = 3_600_000
       const pending = [
         a.send('nobody', 1, { deadlineMs }),
         a.broadcast(1),
         alone.send('a', 1, { deadlineMs }),
         alone.broadcast(1),
         a.request('nobody', 1, { deadlineMs }),
         alone.publish('news', 1),
         alone.trySend('a', 1, { deadlineMs }).outcome,
       ]
       await close(a, alone, bootstrap)
       for (const { status, reason, at } of await Promise.all(pending)) console.log(status, reason, at)
       console.log((await a.send('alone', 1)).reason, (await a.broadcast(1)).reason)`,
    )
    await endsWell(program, [
      'failed shutting-down a',
      'failed shutting-down a',
      'failed shutting-down alone',
      'failed shutting-down alone',
      'failed shutting-down a',
      'failed shutting-down alone',
      'failed shutting-down alone',
      'shutting-down shutting-down',
    ])
  })

  test('comes when the bootstrap stands still and answers nothing', async (t) => {
    const frozen = runProgram(
      t,
      `const bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
       console.log(bootstrap.url)
       console.log('runs')`,
    )
    await frozen.says('runs')
    const url = JSON.stringify(frozen.output.split('\n')[0])
    const program = run(
      t,
      `const a = await createNode({ name: 'a', host, bootstrap: [${url}] })
       const b = await createNode({ name: 'b', host, bootstrap: [${url}] })
       await Promise.all([a.ready(), b.ready()])
       while (!(a.health().registered && b.health().registered)) await new Promise(setImmediate)
       console.log('registered')
       await new Promise((resolve) => process.stdin.once('data', resolve))
       process.stdin.destroy()
       // It is dialled while nobody is there to answer.
       const c = await createNode({ name: 'c', host, bootstrap: [${url}] })
       await close(a, b, c)`,
    )
    await program.says('registered')
    frozen.process.kill('SIGSTOP')
    program.process.stdin?.end('go')
    await endsWell(program, ['registered'])
  })

  test('comes at the end of a block that uses a node and a bootstrap', async (t) => {
    const program = run(
      t,
      `let node
       {
         await using bootstrap = await createBootstrap({ listen: 0, host })
         await using other = await createNode({ name: 'other', host, bootstrap: [bootstrap.url] })
         await using a = await createNode({ name: 'a', host, bootstrap: [bootstrap.url] })
         node = a
         console.log((await a.send('other', 'hello')).status)
       }
       console.log(node.health().live)
       await close(node)`,
    )
    await endsWell(program, ['delivered', 'false'])
  })

  test('comes when a program ignores every promise', async (t) => {
    const program = run(
      t,
      `const bootstrap = await createBootstrap({ listen: 0, host })
       const options = { host, bootstrap: [bootstrap.url] }
       const a = await createNode({ ...options, name: 'a' })
       const b = await createNode({ ...options, name: 'b' })
       const alone = await createNode({ name: 'alone', host })
       const taken = await createNode({ ...options, name: 'a' })
       for (const node of [a, b, alone, taken]) {
         void node.ready()
         void node.settled()
         void node.send('b', 1)
         void node.send('nobody', 1, { deadlineMs: 50 })
         void node.send('nobody', 1)
         void node.send('b', 'x'.repeat(2_000_000))
         void node.broadcast(1)
         void node.broadcast(1, { receipts: true })
         void node.trySend('nobody', 1)
         void node.publish('news', 1)
         void node.request('b', 1)
         void node.request('nobody', 1)
         void node.trace('nobody')
         void node.history('news')
         void node.messages().next()
       }
       b.handle(() => { throw new Error('never mind') })
       const stopped = new Promise((resolve) => taken.on('stopped', ({ reason }) => resolve(reason)))
       await Promise.all([got(b, 1), stopped.then(console.log)])
       for (const node of [a, b, alone, taken]) {
         void node.close()
         void node.close()
         void node.send('b', 1)
         void node.broadcast(1)
         void node.request('b', 1)
         void node.trace('b')
         void node.history('news')
         void node.ready()
         void node.settled()
       }
       void bootstrap.close()`,
    )
    await endsWell(program, ['name-taken'])
  })

  test('comes when a test network is left to itself', async (t) => {
    const program = run(
      t,
      `const net = createTestNetwork()
       const [a] = await net.start(['a', 'b'])
       void a.ready()
       void a.settled()
       void a.send('nobody', 1)
       void a.send('b', 1)
       await net.settled()
       void a.send('b', 1)
       void net.close()
       void a.ready()
       void a.settled()`,
    )
    await endsWell(program, [])
  })

  test('after close nothing keeps the process', async (t) => {
    const program = runProgram(
      t,
      `const bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
       const options = { host: '127.0.0.1', bootstrap: [bootstrap.url] }
       const nodes = await Promise.all(['a', 'b', 'c'].map((name) => createNode({ ...options, name })))
       await Promise.all(nodes.map((node) => node.ready()))
       await nodes[0].send('b', 'hi', { deadlineMs: 3600000 })
       void nodes[0].send('nobody', 'hi', { deadlineMs: 3600000 })
       await Promise.all([...nodes.map((node) => node.close()), bootstrap.close()])
       const endMs = Date.now()
       process.on('exit', () => console.log(Date.now() - endMs < 500 ? 'at once' : 'late'))`,
    )
    assert.deepEqual(await program.end(), { code: 0, signal: null })
    assert.equal(program.output, 'at once\n')
  })

  test('a node that is closed from a listener leaves nothing behind', async (t) => {
    const program = runProgram(
      t,
      `const options = { host: '127.0.0.1' }
       const a = await createNode({ ...options, name: 'a' })
       const b = await createNode({ ...options, name: 'b', peers: ['ws://127.0.0.1:' + a.port] })
       await Promise.all([a.ready(), b.ready()])
       await a.settled()
       let endMs
       a.on('peer-leave', () => a.close().then(() => { endMs = Date.now() }))
       await b.close()
       process.on('exit', () => console.log(Date.now() - endMs < 500 ? 'at once' : 'late'))`,
    )
    assert.deepEqual(await program.end(6_000), { code: 0, signal: null })
    assert.equal(program.output, 'at once\n')
  })
})
