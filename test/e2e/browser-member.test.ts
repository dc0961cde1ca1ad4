// Members in real pages: what they are to each other and to nodes in Node.js, with neighbors that die, tabs that sleep and
// networks that are lost.

import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser } from 'playwright-core'
import type { BrowserNode } from '../../src/browser.ts'
import type { NodeOptions, SendAnswer } from '../../src/index.ts'
import { type Program, runProgram } from '../support/node-program.ts'
import { names, type RecordedNode, startBootstrap, startNode, until } from '../support/node-rig.ts'
import { MemberPage, Site } from './support/browser-page.ts'
import { describeInBrowser, startBrowser } from './support/chromium.ts'

/** Neighbors with little patience: half a second. */
const IMPATIENT = { heartbeatMs: 200, heartbeatsMissedMax: 3 }

const LATER = 'performance.now() + 2_400'

/** A node in a process of its own, for being killed. */
async function runVictim(t: TestContext, peer: string): Promise<{ program: Program; url: string }> {
  const program = runProgram(
    t,
    `const node = await createNode({ name: 'victim', host: '127.0.0.1', peers: ['${peer}'] })
     await node.ready()
     console.log('ws://127.0.0.1:' + node.port)`,
  )
  const url = await until('the victim runs', () => /^ws:.*$/m.exec(program.output)?.[0])
  return { program, url }
}

/** Nodes that know each other by their addresses. */
async function startPeers(t: TestContext, count: number, options: NodeOptions = {}): Promise<RecordedNode[]> {
  const nodes: RecordedNode[] = []
  for (const name of names('n', count)) {
    nodes.push(await startNode(t, name, { peers: nodes.map(({ url }) => url), ...options }))
  }
  return nodes
}

describeInBrowser('a member in a browser', () => {
  let browser: Browser
  let site: Site

  before(async () => {
    ;[browser, site] = await Promise.all([startBrowser(), Site.open()])
  })

  after(async () => {
    await browser?.close()
    site?.close()
  })

  test('sends to another one through relays, also while the first neighbor is killed and afterwards', async (t) => {
    const nodes = await startPeers(t, 3)
    const [n1] = nodes as [RecordedNode]
    const victim = await runVictim(t, n1.url)
    const anna = await MemberPage.start(t, { browser, site }, { name: 'anna', peers: [victim.url] })
    const ben = await MemberPage.start(
      t,
      { browser, site },
      { name: 'ben', peers: nodes.map(({ url }) => url) },
    )
    await anna.hasNeighbors(4)
    await ben.hasNeighbors(4)
    assert.equal((await anna.told()).up[0], 'victim')
    const send = (node: BrowserNode, values: string[]): Promise<SendAnswer[]> =>
      Promise.all(values.map((value) => node.send('ben', value)))
    const sent: string[] = []
    const answers: SendAnswer[] = []
    for (let round = 0; round < 30; round++) {
      const values = names(`${round}-`, 20)
      sent.push(...values)
      const outcomes = anna.ask(send, values)
      if (round === 10) victim.program.process.kill('SIGKILL')
      answers.push(...(await outcomes))
    }
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], ['delivered'])
    assert.ok(answers.every((answer) => answer.status === 'delivered' && answer.hops >= 2))
    assert.deepEqual((await ben.told()).values, sent)
    assert.deepEqual((await anna.told()).down, ['victim link-lost'])
    assert.equal((await ben.ask((node) => node.send('anna', 'still there?'))).status, 'delivered')
    assert.deepEqual([anna.complaints, ben.complaints], [[], []])
  })

  test('is reached by its name, answers, asks, and has its part in broadcasts', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await Promise.all(
      names('n', 3).map((name) => startNode(t, name, { bootstrap: [bootstrap.url] })),
    )
    const [n1] = nodes as [RecordedNode]
    const anna = await MemberPage.start(t, { browser, site }, { bootstrap: [bootstrap.url], tags: ['page'] })
    const name = await anna.ask((node) => node.name)
    assert.match(name, /^browser-[0-9a-z]{6}$/)
    await n1.knows('n2', 'n3', name)
    assert.equal((await n1.node.send(name, new Uint8Array([1, 2, 3]))).status, 'delivered')
    assert.equal((await n1.node.send({ tag: 'page' }, 'by tag')).status, 'delivered')
    const answered = await n1.node.request(name, { question: 1 })
    assert.ok(answered.status === 'answered')
    assert.deepEqual(answered.value, [{ question: 1 }])
    n1.node.handle(({ value, from }) => `${value} from ${from}`)
    const asked = await anna.ask((node) => node.request('n1', 'hello'))
    assert.equal(asked.status === 'answered' && asked.value, `hello from ${name}`)
    const cast = await n1.node.broadcast('to all', { receipts: true })
    assert.ok(cast.status === 'sent')
    assert.deepEqual([cast.reached, cast.of, cast.missing], [3, 3, []])
    const own = await anna.ask((node) => node.broadcast('from a page', { receipts: true }))
    assert.deepEqual(own.status === 'sent' && [own.reached, own.of, own.missing], [3, 3, []])
    await n1.got('from a page')
    const { values } = await anna.told()
    assert.deepEqual(values.slice(1), ['by tag', 'to all'])
    assert.equal((await anna.ask((node) => node.health())).registered, true)
    assert.equal((await anna.ask((node) => node.trace('n1'))).status, 'traced')
    assert.deepEqual(anna.complaints, [])
  })

  test('bundles what one turn sends, and keeps to what its socket takes', async (t) => {
    const [n1] = (await startPeers(t, 2)) as [RecordedNode]
    const anna = await MemberPage.open(t, browser, site)
    let frames = 0
    anna.page.on('websocket', (socket) => socket.on('framesent', () => frames++))
    await anna.startNode({ name: 'anna', peers: [n1.url] })
    await anna.ask((node) => node.ready())
    const before = frames
    const small = await anna.ask((node) =>
      Promise.all(Array.from({ length: 200 }, (_, i) => node.send('n1', i))),
    )
    assert.ok(small.every(({ status }) => status === 'delivered'))
    assert.ok(frames - before < 20, `${frames - before} WebSocket messages for 200`)
    const large = await anna.ask((node) =>
      Promise.all(Array.from({ length: 40 }, () => node.send('n1', new Uint8Array(100_000)))),
    )
    assert.deepEqual([...new Set(large.map(({ status }) => status))], ['delivered'])
    assert.equal(n1.messages.length, 240)
    assert.deepEqual(anna.complaints, [])
  })

  test('is back by itself when all its neighbors and the bootstrap have gone and come again', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startPeers(t, 2, { bootstrap: [bootstrap.url] })
    const peers = nodes.map(({ url }) => url)
    const anna = await MemberPage.start(
      t,
      { browser, site },
      { name: 'anna', peers, bootstrap: [bootstrap.url] },
    )
    await anna.hasNeighbors(2)
    const ports = nodes.map(({ node }) => node.port)
    await Promise.all([...nodes.map(({ node }) => node.close()), bootstrap.close()])
    await anna.hears('both links are gone', ({ down }) => down.length === 2)
    await startBootstrap(t, { listen: bootstrap.port })
    const again: RecordedNode[] = []
    for (const [index, listen] of ports.entries()) {
      again.push(await startNode(t, `m${index}`, { listen: listen ?? 0, bootstrap: [bootstrap.url] }))
    }
    await anna.hasNeighbors(2)
    const [m0] = again as [RecordedNode]
    await m0.knows('anna', 'm1')
    assert.equal((await m0.node.send('anna', 'welcome back')).status, 'delivered')
    assert.equal((await anna.ask((node) => node.send('m1', 'I am'))).status, 'delivered')
    assert.deepEqual(anna.complaints, [])
  })

  /** A page between two nodes that do not wait for long. */
  async function withImpatientPeers(t: TestContext) {
    const bootstrap = await startBootstrap(t)
    const options = { bootstrap: [bootstrap.url], config: IMPATIENT }
    const nodes = await startPeers(t, 2, options)
    const [n1] = nodes as [RecordedNode]
    const anna = await MemberPage.start(t, { browser, site }, { name: 'anna', ...options })
    await anna.hasNeighbors(2)
    await n1.knows('anna', 'n2')
    return { bootstrap, nodes, n1, anna }
  }

  test('stays a member while the timers of its tab sleep, because its neighbors wake it', async (t) => {
    const { bootstrap, nodes, n1, anna } = await withImpatientPeers(t)
    await anna.sleepTimers()
    // Four times as long as the others wait.
    await anna.page.waitForFunction(
      (endMs) => performance.now() > endMs,
      await anna.page.evaluate<number>(LATER),
    )
    assert.equal((await n1.node.send('anna', 'awake?')).status, 'delivered')
    assert.equal((await anna.ask((node) => node.send('n2', 'yes'))).status, 'delivered')
    for (const { left, down } of nodes) {
      assert.deepEqual([left, down.filter((line) => line.startsWith('anna '))], [[], []])
    }
    assert.deepEqual((await anna.told()).down, [])
    assert.equal(bootstrap.stats().nodes, 3)
    assert.deepEqual(anna.complaints, [])
  })

  test('is a member again when its page stood still for longer than its neighbors wait', async (t) => {
    const { bootstrap, nodes, n1, anna } = await withImpatientPeers(t)
    const goOn = await anna.standStill()
    const failed = n1.node.send('anna', 'asleep?', { deadlineMs: 1_500 })
    await until('she is gone', () => nodes.every(({ left }) => left.some((line) => line.startsWith('anna '))))
    assert.equal((await failed).status, 'failed')
    await n1.node.broadcast('while you slept')
    await goOn()
    await n1.knows('anna', 'n2')
    assert.equal((await n1.node.send('anna', 'good morning')).status, 'delivered')
    assert.equal((await anna.ask((node) => node.send('n2', 'good morning'))).status, 'delivered')
    await until('she is registered', () => bootstrap.stats().nodes === 3)
    await anna.hears('the broadcast', ({ values }) => values.includes('while you slept'))
    assert.deepEqual(anna.complaints, [])
  })

  test('dials at once when the network is back, however long it was to wait', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [n1] = (await startPeers(t, 1)) as [RecordedNode]
    const config = { dialBackoffMinMs: 2 ** 30, dialBackoffMaxMs: 2 ** 30, healIntervalMs: 2 ** 30 }
    const anna = await MemberPage.start(t, { browser, site }, { name: 'anna', peers: [n1.url], config })
    // From the socket's first moment on: it may have failed before anybody looks again. A node that is just going still lets
    // her in, and closes the link with the reason.
    const failed = new Promise<void>((resolve) =>
      anna.page.on('websocket', (socket) => {
        if (socket.url() !== `${n1.url}/`) return
        for (const end of ['socketerror', 'close'] as const) socket.once(end as 'close', () => resolve())
      }),
    )
    const { port } = n1.node
    await n1.node.close()
    // Its one dial in twelve days.
    await failed
    const again = await startNode(t, 'n2', { listen: port ?? 0, bootstrap: [bootstrap.url] })
    // More than once: that the dial has failed is seen here before the page is told, and only then has it something to forgive.
    await anna.page.evaluate('setInterval(() => dispatchEvent(new Event("online")), 100)')
    await again.knows('anna')
    assert.equal((await anna.ask((node) => node.send('n2', 'here again'))).status, 'delivered')
    assert.deepEqual(anna.complaints, [])
  })

  for (const [how, leave] of [
    ['is closed', (anna: MemberPage) => anna.page.close({ runBeforeUnload: false })],
    ['is reloaded', (anna: MemberPage) => anna.page.reload()],
    ['is left by a link', (anna: MemberPage) => anna.followLink()],
  ] as const) {
    test(`leaves when its page ${how}`, async (t) => {
      const nodes = await startPeers(t, 2)
      const anna = await MemberPage.start(
        t,
        { browser, site },
        { name: 'anna', peers: nodes.map(({ url }) => url) },
      )
      await anna.hasNeighbors(2)
      await nodes[0]?.knows('anna', 'n2')
      await leave(anna)
      await until('the others know', () => nodes.every(({ left }) => left.length > 0))
      assert.deepEqual(
        nodes.map(({ left }) => left),
        [['anna left'], ['anna left']],
      )
    })
  }

  test('goes on when somebody comes back to its page', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startPeers(t, 2, { bootstrap: [bootstrap.url] })
    const [n1] = nodes as [RecordedNode]
    const anna = await MemberPage.start(t, { browser, site }, { name: 'anna', bootstrap: [bootstrap.url] })
    await anna.hasNeighbors(2)
    await n1.knows('anna', 'n2')
    await anna.followLink()
    await until('the others know', () => nodes.every(({ left }) => left.includes('anna left')))
    await until('the bootstrap knows', () => bootstrap.stats().nodes === 2)
    await n1.node.broadcast('while you were away')
    assert.equal(await anna.come('back'), true)
    assert.deepEqual((await anna.told()).kept, [true])
    await n1.knows('anna', 'n2')
    assert.equal((await n1.node.send('anna', 'back?')).status, 'delivered')
    assert.equal((await anna.ask((node) => node.send('n2', 'yes'))).status, 'delivered')
    await anna.hears('the broadcast', ({ values }) => values.includes('while you were away'))
    await until('the bootstrap knows', () => bootstrap.stats().nodes === 3)
    assert.deepEqual((await anna.told()).stopped, [])
    assert.deepEqual(anna.complaints, [])
  })

  for (const how of ['bootstrap', 'peers'] as const) {
    test(`of two pages with one name the one that is looked at is a member, known by ${how}`, async (t) => {
      const bootstrap = await startBootstrap(t)
      const [n1] = (await startPeers(t, 2, { bootstrap: [bootstrap.url] })) as [RecordedNode]
      const options = { name: 'anna', [how]: [how === 'peers' ? n1.url : bootstrap.url] }
      const anna = await MemberPage.start(t, { browser, site }, options)
      const isReached = async (what: string): Promise<void> => {
        await n1.knows('anna', 'n2')
        await until(`she gets ${what}`, async () => (await n1.node.send('anna', what)).status === 'delivered')
        await anna.hears(what, ({ values }) => values.at(-1) === what)
        assert.deepEqual((await anna.told()).stopped, [])
      }
      await isReached('one')
      await anna.followLink()
      await anna.startNode(options)
      await isReached('two')
      for (const [where, what] of [
        ['back', 'one again'],
        ['forward', 'two again'],
        ['back', 'one for the third time'],
      ] as const) {
        assert.equal(await anna.come(where), true)
        await isReached(what)
      }
      assert.deepEqual(anna.complaints, [])
    })
  }

  test('in a worker leaves and comes back with its page, which passes on what it is told, and is gone when it is closed', async (t) => {
    const nodes = await startPeers(t, 2)
    const [n1] = nodes as [RecordedNode]
    const anna = await MemberPage.open(t, browser, site)
    await anna.startWorker({ name: 'anna', peers: nodes.map(({ url }) => url) })
    await n1.knows('anna', 'n2')
    await anna.followLink()
    await until('the others know', () => nodes.every(({ left }) => left.length === 1))
    assert.equal(await anna.come('back'), true)
    await n1.knows('anna', 'n2')
    assert.equal((await n1.node.send('anna', 'back?')).status, 'delivered')
    await anna.hears('the message', ({ values }) => values.at(-1) === 'back?')
    await anna.page.close()
    await until('the others know', () => nodes.every(({ left }) => left.length === 2))
    // The browser ends the worker with its page, before or after it was told and has said so.
    for (const { left } of nodes) assert.match(left.join(), /^anna left,anna (?:left|unreachable)$/)
  })

  test('says what is wrong with what it is asked', async (t) => {
    const anna = await MemberPage.open(t, browser, site)
    const refused = (options: object): Promise<string> =>
      anna.startNode(options).then(String, ({ message }) => message)
    assert.match(await refused({ listen: 5000 }), /true invalid-option listen: a browser cannot do that/)
    assert.match(await refused({ nmae: 'anna' }), /true invalid-option nmae: there is no such option/)
    assert.match(await refused({ name: '-' }), /true invalid-name /)
    await anna.startNode({ name: 'anna', peers: ['ws://127.0.0.1:1/'] })
    const metrics = await anna.ask((node) =>
      (node as unknown as { metrics(): Promise<never> }).metrics().catch(({ code }) => String(code)),
    )
    assert.equal(metrics, 'unsupported')
    await anna.ask((node) => node.close())
    assert.deepEqual(anna.complaints, [])
  })
})
