// The programs of examples/ beside nodes of hearsay: what the README says of other languages works, both ways, and what
// goes wrong with such a program harms nobody else.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Bootstrap, createBootstrap } from '../../src/index.ts'
import { Hearsay } from '../integration/cli/process.ts'
import { Neighborhood } from '../support/node-neighborhood.ts'
import {
  names,
  type RecordedNode,
  SPARSE,
  startBootstrap,
  startNode,
  startOverlay,
  until,
} from '../support/node-rig.ts'
import {
  CLOCKS,
  describeWithPython,
  HTTP_NODE,
  PEER,
  type PythonProgram,
  python,
  pythonIn,
  RUBBISH,
} from './support/python.ts'
import { block } from './support/walkthrough.ts'

const NODES = names('node', 6)

/** Waits until every node has exactly the other nodes and these as peers. */
async function allKnow(nodes: readonly RecordedNode[], ...more: string[]): Promise<void> {
  const all = nodes.map(({ name }) => name)
  for (const node of nodes) await node.knows(...all.filter((name) => name !== node.name), ...more)
}

/** How many pieces of rubbish a program has sent. */
const rubbishOf = ({ errors }: PythonProgram): number => errors.split('[RUBBISH]').length - 1

const httpUrl = ({ url }: Bootstrap): string => url.replace(/^ws/, 'http')

/** The names that the record of a peer lists as its neighbors, as `node` has it. */
const linksOf = (node: RecordedNode, name: string): readonly string[] =>
  node.node.topology().nodes.find((one) => one.name === name)?.links ?? []

async function post(url: string, path: string, body: string): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body })
  return { status: response.status, body: await response.json() }
}

describeWithPython('examples in the README', () => {
  test('the member has no more lines than it says', () => {
    assert.ok(readFileSync(PEER, 'utf8').trimEnd().split('\n').length <= 120)
  })

  test('its commands do what it says, whatever the ports are', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, NODES, { config: SPARSE })
    const [first, , third] = nodes as [RecordedNode, RecordedNode, RecordedNode]
    const lines = block('e2e: other languages')
      .replace('ws://127.0.0.1:5001', first.url)
      .replace('--port 6001', '--port 0')
      .trim()
      .split('\n')
    const words = lines.map((line) =>
      [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, inner]) => inner ?? word),
    )
    assert.deepEqual(
      words.map(([command, what]) => `${command} ${what}`),
      ['python3 examples/python-peer.py', 'python3 examples/flask-like/node.py', 'npm run', 'npm run'],
    )
    const [py1, flask1] = words
      .slice(0, 2)
      .map(([, ...args]) => pythonIn(t, { BOOTSTRAP_URL: httpUrl(bootstrap) }, ...args)) as [
      PythonProgram,
      PythonProgram,
    ]
    await py1.prints(/^\[OUT\] delivered to node3/)
    await flask1.prints(/^flask1 -> node3: 200 \{"status": "delivered"/)
    assert.deepEqual(
      third.messages
        .filter(({ via }) => via === 'overlay')
        .map(({ value }) => value)
        .sort(),
      ['hello', 'through the overlay'],
    )
    await allKnow(nodes, 'py1', 'flask1')
    for (const [, , , , command, ...args] of words.slice(2)) {
      assert.equal(command, '--')
      const send = new Hearsay(t, args, { HEARSAY_AT: first.http })
      assert.equal((await send.ended).code, 0)
      assert.match(send.stdout.join(), /^delivered to (py1|flask1) in 1 hop, /)
    }
    await py1.prints(/^\[MSG\] From node1: Hello py1$/)
    await flask1.prints(/^\[MSG\] From node1: Hello flask1$/)
  })
})

describeWithPython('examples/python-peer.py', () => {
  test('is a member: everybody reaches it, it reaches everybody, and each send ends as delivered', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, NODES, { config: SPARSE })
    const [first, , , far] = nodes as [RecordedNode, RecordedNode, RecordedNode, RecordedNode]
    const long = 'ä'.repeat(35_000)
    const py1 = python(t, PEER, first.url, '--name', 'py1', '--to', far.name, `hello ${long}`)
    await allKnow(nodes, 'py1')
    assert.equal((await far.got(`hello ${long}`)).from, 'py1')
    await py1.prints(/^\[OUT\] delivered to node4 in [1-5] hops$/)

    const outcomes = await Promise.all(nodes.map(({ node, name }) => node.send('py1', `from ${name}`)))
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      nodes.map(() => 'delivered'),
    )
    assert.ok(outcomes.some((outcome) => outcome.status === 'delivered' && outcome.hops > 1))
    for (const { name } of nodes) await py1.prints(new RegExp(`^\\[MSG\\] From ${name}: from ${name}$`))

    assert.equal((await far.node.broadcast('to all')).status, 'sent')
    await py1.prints(/^\[MSG\] From node4: to all$/)
    for (const value of [{ a: [1, 'ü'] }, 'two\nlines', `${long}!`]) await far.node.send('py1', value)
    await far.node.send('py1', new Uint8Array([0, 255]))
    await far.node.send('py1', 'labelled', { sender: 'flask\n1' })
    assert.deepEqual(py1.lines.filter((line) => line.startsWith('[MSG] From node4')).slice(2), [
      '[MSG] From node4: {"a":[1,"ü"]}',
      '[MSG] From node4: two\\nlines',
      `[MSG] From node4: ${long}!`,
      "[MSG] From node4: b'\\x00\\xff'",
    ])
    await py1.prints(/^\[MSG\] From flask\\n1: labelled$/)
    assert.equal(py1.errors, '')
  })

  test('gets what one node sends in order, whatever comes early', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, NODES, { config: SPARSE })
    const py1 = python(t, PEER, (nodes[0] as RecordedNode).url, '--name', 'py1')
    await allKnow(nodes, 'py1')
    const texts = names('message ', 300)
    const outcomes = await Promise.all(
      nodes.flatMap(({ node }) => texts.map((text) => node.send('py1', text))),
    )
    assert.ok(outcomes.every(({ status }) => status === 'delivered'))
    for (const { name } of nodes) {
      const start = `[MSG] From ${name}: `
      await py1.prints(new RegExp(`^\\[MSG\\] From ${name}: message 300$`))
      const got = py1.lines.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length))
      assert.deepEqual(got, texts)
    }
  })

  test('finds a node at the bootstrap, and another one when that is gone', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, NODES, { config: SPARSE })
    const py1 = python(t, PEER, httpUrl(bootstrap), '--name', 'py1')
    await allKnow(nodes, 'py1')
    const [neighbor] = linksOf(nodes[0] as RecordedNode, 'py1')
    const left = nodes.filter(({ name }) => name !== neighbor)
    assert.equal(left.length, nodes.length - 1)
    await nodes.find(({ name }) => name === neighbor)?.node.close()
    await until('it has another link', () =>
      left.every((node) => left.some(({ name }) => linksOf(node, 'py1').includes(name))),
    )
    await allKnow(left, 'py1')
    for (const { node, name } of left) {
      assert.equal((await node.send('py1', `again from ${name}`)).status, 'delivered')
      await py1.prints(new RegExp(`again from ${name}`))
    }
  })

  test('killed it is unreachable for all, started again it is back, and interrupted it has left', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, NODES, { config: SPARSE })
    const [first] = nodes as [RecordedNode]
    const killed = python(t, PEER, first.url, '--name', 'py1')
    await allKnow(nodes, 'py1')
    killed.process.kill('SIGKILL')
    for (const node of nodes) {
      await until(`${node.name} sees it gone`, () => node.left.includes('py1 unreachable'))
    }
    assert.equal((await first.node.send('py1', 'anybody?', { deadlineMs: 500 })).status, 'failed')

    const again = python(t, PEER, first.url, '--name', 'py1')
    await allKnow(nodes, 'py1')
    assert.equal((await first.node.send('py1', 'back?')).status, 'delivered')
    assert.deepEqual(again.lines, ['[MSG] From node1: back?'])
    again.process.kill('SIGINT')
    assert.deepEqual(await again.end(), { code: 0, signal: null })
    for (const node of nodes) await until(`${node.name} sees it leave`, () => node.left.includes('py1 left'))
    assert.equal(again.errors, '')
  })

  test('gives its name up to a later run, and says so when its own clock is behind', async (t) => {
    const node = await startNode(t, 'node1')
    const first = python(t, PEER, node.url, '--name', 'py1')
    await node.knows('py1')
    const second = python(t, CLOCKS, '600', '1', PEER, node.url, '--name', 'py1')
    assert.equal((await first.end()).code, 1)
    assert.match(first.errors, /^\[END\] .*4002/)
    assert.equal((await node.node.send('py1', 'who is it?')).status, 'delivered')
    assert.deepEqual(second.lines, ['[MSG] From node1: who is it?'])

    second.process.kill('SIGKILL')
    await until('it is gone', () => node.left.includes('py1 unreachable'))
    const behind = python(t, PEER, node.url, '--name', 'py1')
    assert.equal((await behind.end()).code, 1)
    assert.match(behind.errors, /^\[END\] .*4007.*name-taken/)
  })

  test('says why a send has failed', async (t) => {
    const node = await startNode(t, 'node1')
    // Its deadline of 10 s is over with the first heartbeat after half a second.
    const py1 = python(t, CLOCKS, '0', '20', PEER, node.url, '--name', 'py1', '--to', 'nobody', 'hello')
    assert.match(await py1.prints(/^\[OUT\]/), /^\[OUT\] failed: no-route at node1$/)
  })

  test('rubbish from it harms nobody', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const seed = Math.floor(Math.random() * 2 ** 32)
    t.diagnostic(`seed ${seed}`)
    const programs = names('py', 3).map((name, i) =>
      python(t, RUBBISH, `${seed + i}`, '0.5', PEER, victim.url, '--name', name, '--to', 'right', 'hello'),
    )
    const pieces = () => programs.reduce((sum, program) => sum + rubbishOf(program), 0)
    await until('there was much rubbish', () => pieces() >= 100, 60_000)
    for (const { process } of programs) process.kill('SIGKILL')
    await Promise.all(programs.map((program) => program.end()))
    await neighborhood.unharmed()
    const real = neighborhood.all.map(({ name }) => name)
    for (const node of neighborhood.all) {
      await node.knows(...real.filter((name) => name !== node.name))
      assert.deepEqual(
        node.left.filter((line) => real.some((name) => line.startsWith(`${name} `))),
        [],
      )
    }
    python(t, PEER, victim.url, '--name', 'py9')
    await victim.knows('left', 'right', 'py9')
  })
})

describeWithPython('examples/flask-like', () => {
  test('registers, greets all, has the overlay carry a message, and is reached by its name', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, NODES, { config: SPARSE })
    const [first, , third] = nodes as [RecordedNode, RecordedNode, RecordedNode]
    const url = httpUrl(bootstrap)
    const flags = [
      '--name',
      'flask1',
      '--port',
      '0',
      '--bootstrap',
      url,
      '--to',
      'node3',
      'through the overlay',
    ]
    const flask = python(t, HTTP_NODE, ...flags)
    await Promise.all(nodes.map((node) => node.got('Hello from flask1')))
    assert.deepEqual(
      nodes.map(({ messages }) => [messages[0]?.from, messages[0]?.via]),
      nodes.map(() => ['flask1', 'http']),
    )
    await flask.prints(/^flask1 -> node3: 200 \{"status": "delivered", .*"hops": \d/)
    const carried = await third.got('through the overlay')
    assert.deepEqual([carried.sender, carried.via], ['flask1', 'overlay'])

    await allKnow(nodes, 'flask1')
    for (const { node, name } of nodes) {
      assert.equal((await node.send('flask1', `from ${name}`)).status, 'delivered')
      await flask.prints(new RegExp(`^\\[MSG\\] From ${name}: from ${name}$`))
    }
    const send = new Hearsay(t, ['send', 'flask1', 'by', 'command', '--at', first.http])
    assert.equal((await send.ended).code, 0)
    assert.match(send.stdout[0] ?? '', /^delivered to flask1 in 1 hop/)
    await flask.prints(/^\[MSG\] From node1: by command$/)
    const request = '{"to":"flask1","sender":"curl","msg":{"a":"b\\nc"}}'
    assert.equal((await post(third.http, '/message', request)).status, 200)
    await flask.prints(/^\[MSG\] From curl: \{"a": "b\\nc"\}$/)
    await third.node.broadcast('to all')
    await flask.prints(/^\[MSG\] From node3: to all$/)
    assert.equal(flask.errors, '')
  })

  test('answers as the classroom has it, and JSON to whatever else is asked', async (t) => {
    const bootstrap = await startBootstrap(t)
    const node = await startNode(t, 'node1', { bootstrap: [bootstrap.url] })
    const flags = ['--name', 'flask1', '--port', '0', '--bootstrap', httpUrl(bootstrap)]
    const flask = python(t, HTTP_NODE, ...flags)
    const url = (await flask.prints(/^Node flask1 is running at/)).split(' ').at(-1) as string
    await node.knows('flask1')
    assert.deepEqual(await (await fetch(url)).json(), { message: 'Node flask1 is running!' })
    const answers = {
      '{"sender":"a","msg":"one\\n[MSG] From b: two"}': [200, { status: 'received' }],
      '{"sender":"a"}': [400, { error: 'Missing sender or msg' }],
      '[1]': [400, { error: 'Missing sender or msg' }],
      nonsense: [400, { error: 'The body is not JSON' }],
      '{"sender":"a","msg":"b","to":"node1"}': [
        400,
        { error: 'This is a plain HTTP node: it carries nothing to others' },
      ],
    }
    for (const [body, [status, answer]] of Object.entries(answers)) {
      assert.deepEqual(await post(url, '/message', body), { status, body: answer })
    }
    assert.equal((await post(url, '/elsewhere', '{}')).status, 404)
    assert.equal((await fetch(url, { method: 'DELETE' })).status, 501)
    await flask.prints(/two$/)
    assert.deepEqual(
      flask.lines.filter((line) => line.startsWith('[MSG]')),
      ['[MSG] From a: one\\n[MSG] From b: two'],
    )
  })

  test('killed it is gone for all, and a bootstrap that was started again learns of it anew', async (t) => {
    const registry = { pollIntervalMs: 100 }
    const before = await createBootstrap({ listen: 0, host: '127.0.0.1', registry })
    t.after(() => before.close())
    const nodes = await startOverlay(t, before, ['node1', 'node2'])
    const flags = ['--name', 'flask1', '--port', '0', '--bootstrap', httpUrl(before)]
    const flask = python(t, CLOCKS, '0', '20', HTTP_NODE, ...flags)
    await allKnow(nodes, 'flask1')
    await before.close()
    const bootstrap = await startBootstrap(t, { listen: before.port, registry })
    await until('it is registered again', () => bootstrap.peers().some(({ name }) => name === 'flask1'))
    await until('so are the nodes', () => bootstrap.peers().length === 3)
    await allKnow(nodes, 'flask1')

    flask.process.kill('SIGKILL')
    await allKnow(nodes)
    for (const { left } of nodes) assert.ok(left.some((line) => line.startsWith('flask1 ')))
    for (const { node } of nodes) assert.equal((await node.send('flask1', 'anybody?')).status, 'failed')
  })

  test('rubbish from it harms nobody', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, ['node1', 'node2', 'node3'])
    const [first, second] = nodes as [RecordedNode, RecordedNode]
    const seed = `${Math.floor(Math.random() * 2 ** 32)}`
    t.diagnostic(`seed ${seed}`)
    const flags = ['--name', 'flask1', '--port', '0', '--bootstrap', httpUrl(bootstrap)]
    const rubbish = python(t, RUBBISH, seed, '0.5', HTTP_NODE, ...flags)
    await first.knows('node2', 'node3', 'flask1')
    const statuses = new Set<string>()
    await until(
      'it has sent much rubbish',
      () => {
        void first.node
          .send('flask1', 'hello', { deadlineMs: 1_000 })
          .then(({ status }) => statuses.add(status))
        return rubbishOf(rubbish) >= 200
      },
      60_000,
    )
    await until('some of it was noticed', () => statuses.has('failed'))
    rubbish.process.kill('SIGKILL')
    assert.equal((await first.node.send('node2', 'still here?')).status, 'delivered')
    assert.equal((await second.got('still here?')).from, 'node1')
    const ofNodes = (line: string): boolean => line.startsWith('node')
    for (const node of nodes) assert.deepEqual(node.left.filter(ofNodes), [])
    assert.equal(bootstrap.peers().filter(({ name }) => ofNodes(name)).length, 3)
  })
})
