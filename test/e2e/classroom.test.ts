// The walk-through of the README in real containers, by its own commands, and what happens when parts of it break.
// The tests follow each other: each starts from the network that the one before it left.

import assert from 'node:assert/strict'
import { after, before, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { getContainerRuntimeClient } from 'testcontainers'
import { Rng } from '../../src/core/rng.ts'
import {
  allKnowEachOther,
  ask,
  bring,
  LABEL,
  NODES,
  peersLog,
  peersOf,
  printed,
  removeLeftovers,
  sorted,
  stdoutLines,
  unlinkedPair,
} from './support/classroom.ts'
import { describeWithEngine, docker } from './support/engine.ts'
import { Load } from './support/load.ts'
import { until } from './support/until.ts'
import { runBlock } from './support/walkthrough.ts'

const KILLED = ['node3', 'node7', 'node11', 'node19', 'node23']
const SURVIVORS = NODES.filter((name) => !KILLED.includes(name))

/** Every message of this test run is different, so that an older line cannot pass for it. */
let messages = 0
const unique = (text: string) => `${text} #${++messages} ${process.pid}`

/** `count` messages to members, each posted to its receiver. */
async function messageLoopWorks(members: readonly string[], count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const sender = members[i % members.length] as string
    const receiver = members[(i * 7 + 3) % members.length] as string
    const msg = unique(`Hello ${receiver}`)
    const answer = await ask(receiver, '/message', { sender, msg })
    assert.deepEqual(answer, { status: 200, body: { status: 'received' } })
    assert.equal(await printed(receiver, `[MSG] From ${sender}: ${msg}`), 1)
  }
}

/** A message between two nodes that have no link with each other. */
async function relayedMessageArrives(members: readonly string[], t: TestContext): Promise<void> {
  const [from, to] = await unlinkedPair(members)
  const msg = unique(`over others to ${to}`)
  const { status, body } = await ask(from, '/message', { to, msg })
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.status, 'delivered')
  assert.ok((body.hops as number) >= 2, `${from} to ${to} in ${body.hops} hops`)
  assert.equal(await printed(to, `[MSG] From ${from}: ${msg}`), 1)
  t.diagnostic(`${from} to ${to}: ${body.hops} hops, ${body.rttMs} ms there and back`)
}

/** A broadcast of one member: all others print it, each once, and nobody else does. */
async function broadcastReachesAll(members: readonly string[]): Promise<void> {
  const from = members[members.length >> 1] as string
  const others = members.filter((name) => name !== from)
  const msg = unique('to everybody')
  const { status, body } = await ask(from, '/message', { to: '*', msg })
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.status, 'sent')
  const line = `[MSG] From ${from}: ${msg}`
  const counts = await Promise.all(others.map((name) => printed(name, line)))
  assert.deepEqual(
    counts,
    others.map(() => 1),
  )
  assert.ok(!(await stdoutLines(from)).includes(line), 'the origin does not get its own broadcast')
}

describeWithEngine('the walk-through: one bootstrap and 30 nodes', () => {
  before(async () => {
    await removeLeftovers()
    await runBlock('build', LABEL)
  })
  after(removeLeftovers)

  it('starts by the commands of the README, and every node knows all others', {
    timeout: 180_000,
  }, async (t) => {
    const { lastDockerRunAtMs } = await runBlock('start', LABEL)
    await allKnowEachOther(NODES, 30_000)
    const tookMs = Date.now() - lastDockerRunAtMs
    assert.deepEqual(await peersOf('bootstrap'), [...NODES])
    for (const name of NODES) {
      const { body } = await ask(name, '/topology')
      assert.equal((body.nodes as unknown[]).length, 30, `${name} knows 30 nodes, itself included`)
    }
    t.diagnostic(`from the beginning of the last docker run until every node knew 29 others: ${tookMs} ms`)
  })

  it('shows what the README says', async () => {
    const { stdout } = await runBlock('look', LABEL)
    assert.match(stdout, /\{"message":"Bootstrap node is running!"/)
    assert.match(stdout, /\{"message":"Node node8 is running!"/)
    assert.match(stdout, /\{"peers":\["http:\/\/node1:5000",/)
  })

  it('logs the peers of each node', async () => {
    for (const name of NODES) {
      const others = NODES.filter((other) => other !== name)
      await until(`${name} has logged its 29 peers`, 5_000, async () => {
        const last = (await peersLog(name)).at(-1)
        return last !== undefined && last.count === 29 && sorted(last.peers).join() === others.join()
      })
    }
  })

  it('answers "received" 20 times out of 20, and each receiver prints the line', async () => {
    const { stdout } = await runBlock('messages', LABEL)
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, 20)
    for (const line of lines) {
      const [, from, to] = /^(node\d+) -> (node\d+): \{"status":"received"\}$/.exec(line) ?? []
      assert.ok(from !== undefined && to !== undefined, line)
      await printed(to, `[MSG] From ${from}: Hello ${to}`)
    }
  })

  it('delivers by name, over others where there is no link, and to everybody', async (t) => {
    const { stdout } = await runBlock('overlay', LABEL)
    assert.match(stdout, /\{"status":"delivered",.*"hops":\d+,/)
    assert.match(stdout, /\{"status":"sent",.*"neighbors":\d+/)
    await printed('node8', '[MSG] From node12: Hello node8')
    await relayedMessageArrives(NODES, t)
    await broadcastReachesAll(NODES)
  })

  it('takes the memory and the space that it takes', async (t) => {
    const client = await getContainerRuntimeClient()
    const status = await client.container.exec(client.container.getById('node8'), ['cat', '/proc/1/status'])
    const [, residentKb] = /VmRSS:\s+(\d+) kB/.exec(status.output) ?? []
    const sizeOf = async (image: string) =>
      (await client.container.dockerode.getImage(image).inspect()).Size / 1e6
    const overBase = (await sizeOf('p2p-node')) - (await sizeOf('node:24-slim'))
    t.diagnostic(`resident memory of an idle node of 30: ${(Number(residentKb) / 1024).toFixed(1)} MiB`)
    t.diagnostic(`image over its base: ${overBase.toFixed(1)} MB`)
    assert.ok(overBase < 20, `${overBase} MB over the base image`)
  })

  it('runs on when the bootstrap is killed, and a restarted one knows all within 10 s', {
    timeout: 120_000,
  }, async (t) => {
    await docker('kill', 'bootstrap')
    await messageLoopWorks(NODES, 20)
    await relayedMessageArrives(NODES, t)
    await broadcastReachesAll(NODES)
    await allKnowEachOther(NODES, 1_000)
    await docker('start', 'bootstrap')
    const startedMs = performance.now()
    await until('the bootstrap knows all nodes again', 10_000, async () => {
      return (await peersOf('bootstrap')).join() === NODES.join()
    })
    t.diagnostic(`the bootstrap knew all nodes again after ${Math.round(performance.now() - startedMs)} ms`)
  })

  it('stops a node within 2 s, and the others see that it left', { timeout: 60_000 }, async (t) => {
    const others = NODES.filter((name) => name !== 'node30')
    const startedMs = performance.now()
    await docker('stop', 'node30')
    const tookMs = performance.now() - startedMs
    t.diagnostic(`docker stop took ${Math.round(tookMs)} ms`)
    assert.ok(tookMs < 2_000, `docker stop took ${tookMs} ms`)
    const { stdout } = await docker('inspect', '--format', '{{.State.ExitCode}}', 'node30')
    assert.equal(stdout.trim(), '0')
    for (const name of others) {
      await until(`${name} logs that node30 left`, 5_000, async () => {
        const lines = await peersLog(name)
        assert.ok(
          !lines.some((line) => line.unreachable?.includes('node30')),
          `${name} logs it as unreachable`,
        )
        return lines.some((line) => line.left?.includes('node30'))
      })
    }
    await docker('start', 'node30')
    await allKnowEachOther(NODES, 10_000)
  })

  it('after a kill of 5 nodes at once the others report exactly these, and go on', {
    timeout: 120_000,
  }, async (t) => {
    await docker('kill', ...KILLED)
    const killedMs = performance.now()
    await allKnowEachOther(SURVIVORS, 20_000)
    t.diagnostic(`25 nodes had noticed after ${Math.round(performance.now() - killedMs)} ms`)
    for (const name of SURVIVORS) {
      await until(`${name} has logged exactly the killed as unreachable`, 5_000, async () => {
        const gone = new Set((await peersLog(name)).flatMap((line) => line.unreachable ?? []))
        return sorted(gone).join() === KILLED.join()
      })
    }
    await until('the bootstrap lists the survivors', 20_000, async () => {
      return (await peersOf('bootstrap')).join() === SURVIVORS.join()
    })
    await messageLoopWorks(SURVIVORS, 5)
    await relayedMessageArrives(SURVIVORS, t)
    await broadcastReachesAll(SURVIVORS)
  })

  it('takes a killed node back at once when it is started again under its name', {
    timeout: 60_000,
  }, async (t) => {
    const [first = '', ...rest] = KILLED
    await docker('start', first)
    const startedMs = performance.now()
    await allKnowEachOther([...SURVIVORS, first], 5_000)
    t.diagnostic(`${first} was back everywhere after ${Math.round(performance.now() - startedMs)} ms`)
    const { body } = await ask('node1', '/message', { to: first, msg: unique('welcome back') })
    assert.equal(body.status, 'delivered', JSON.stringify(body))
    await docker('start', ...rest)
    await allKnowEachOther(NODES, 10_000)
  })

  it('takes a node back that was cut off from the network', { timeout: 180_000 }, async (t) => {
    const cut = 'node13'
    const others = NODES.filter((name) => name !== cut)
    await docker('network', 'disconnect', 'p2p-net', cut)
    await allKnowEachOther(others, 30_000)
    await docker('network', 'connect', 'p2p-net', cut)
    const connectedMs = performance.now()
    await allKnowEachOther(NODES, 60_000)
    t.diagnostic(
      `${cut} was a member again ${Math.round(performance.now() - connectedMs)} ms after the reconnect`,
    )
    const there = await ask('node1', '/message', { to: cut, msg: unique('are you there?') })
    assert.equal(there.body.status, 'delivered', JSON.stringify(there.body))
    const back = await ask(cut, '/message', { to: 'node1', msg: unique('I am') })
    assert.equal(back.body.status, 'delivered', JSON.stringify(back.body))
    await broadcastReachesAll(NODES)
  })

  it('accounts for every message while nodes are killed, started again and stand still', {
    timeout: 600_000,
  }, async (t) => {
    const seed = Date.now() % 1_000_000
    const rng = new Rng(seed)
    const struck = rng.shuffled(NODES)
    const [killed, paused] = [struck.slice(0, 6), struck.slice(6, 9)]
    t.diagnostic(`seed ${seed}: kills ${sorted(killed)}, pauses ${sorted(paused)}`)
    const load = new Load({ nodes: NODES, messages: 1_000, seed, label: unique('load') })
    const startedMs = performance.now()
    const chaos = async (): Promise<void> => {
      for (const [index, name] of killed.entries()) {
        await load.reached(0.05 + 0.1 * index)
        await bring(name, 'kill', 'exited')
        await load.reached(0.1 + 0.1 * index)
        await bring(name, 'start', 'running')
      }
    }
    const pauses = paused.map(async (name, index) => {
      await load.reached(0.15 + 0.2 * index)
      await bring(name, 'pause', 'paused')
      try {
        await delay(5_000)
      } finally {
        await bring(name, 'unpause', 'running')
      }
    })
    await Promise.all([load.run(), chaos(), ...pauses])
    const tookMs = performance.now() - startedMs
    const outcomes = load.outcomes()
    const perS = Math.round((1_000 * load.messages.length) / tookMs)
    t.diagnostic(
      `${load.messages.length} messages in ${Math.round(tookMs / 1_000)} s (${perS} a second): ${JSON.stringify(outcomes)}`,
    )
    await allKnowEachOther(NODES, 30_000)
    assert.deepEqual((await load.problems()).slice(0, 10), [], `seed ${seed}`)
    const known = [
      'delivered',
      'sender-gone',
      'expired',
      'no-route',
      'peer-left',
      'queue-full',
      'unknown-peer',
      'shutting-down',
    ]
    assert.deepEqual(
      Object.keys(outcomes).filter((outcome) => !known.includes(outcome)),
      [],
    )
    assert.ok((outcomes.delivered ?? 0) > 0.8 * load.messages.length)
  })

  it('survives what the README breaks, and cleans up by its commands', { timeout: 120_000 }, async () => {
    await runBlock('break', LABEL)
    await allKnowEachOther(NODES, 30_000)
    await runBlock('clean-up', LABEL)
    const { stdout } = await docker('ps', '-aq', '--filter', `label=${LABEL}`)
    assert.equal(stdout.trim(), '')
  })
})
