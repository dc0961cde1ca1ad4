// The topology page in a real browser, against a real swarm: what it shows is what there is.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, afterEach, before, it, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { PageConsole } from '../../src/dashboard/page/page-facts.ts'
import { type Bootstrap, createBootstrap, createNode, type Node, type NodeMessage } from '../../src/index.ts'
import { until } from '../support/node-rig.ts'
import { complaintsOf, describeInBrowser, startBrowser } from './support/chromium.ts'
import { ROOT } from './support/engine.ts'

// In the browser.
declare const hearsayPage: PageConsole

/** How soon the page has to show that a node was killed (issue: within 2 s). */
const KILLED_SHOWN_MS = 2_000

interface Swarm {
  readonly bootstrap: Bootstrap
  readonly nodes: readonly Node[]
}

/** Nodes on loopback that know each other, all in this process. */
async function startSwarm(t: TestContext, count: number): Promise<Swarm> {
  const bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
  const start = (_: unknown, index: number) =>
    createNode({
      name: `node${index + 1}`,
      host: '127.0.0.1',
      listen: 0,
      bootstrap: [bootstrap.url],
      tags: index === 0 ? ['first'] : [],
    })
  const nodes = await Promise.all(Array.from({ length: count }, start))
  t.after(async () => {
    await Promise.all(nodes.map((node) => node.close()))
    await bootstrap.close()
  })
  await until('all know all', () => nodes.every((node) => node.peers().length === count - 1), 120_000)
  return { bootstrap, nodes }
}

/** A node in a process of its own, which can be killed. */
async function startProcess(t: TestContext, name: string, bootstrap: Bootstrap): Promise<ChildProcess> {
  const args = ['src/main.ts', 'node', '--name', name, '--port', '0', '--host', '127.0.0.1']
  const child = spawn(process.execPath, [...args, '--bootstrap', bootstrap.url], {
    cwd: ROOT,
    stdio: 'ignore',
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  return child
}

const pageOf = ({ url }: { readonly url?: string | undefined }): string =>
  new URL('ui', (url ?? '').replace('ws', 'http').replace(/\/?$/, '/')).href

describeInBrowser('the topology page of a swarm', () => {
  let browser: Browser
  const open: Page[] = []
  const complaints: string[] = []
  before(async () => {
    browser = await startBrowser()
  })
  after(() => browser.close())
  afterEach(async () => {
    for (const page of open.splice(0)) await page.close()
    assert.deepEqual(complaints.splice(0), [])
  })

  async function visit(url: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    open.push(page)
    page.setDefaultTimeout(30_000)
    const said = complaintsOf(page)
    page.on('close', () => complaints.push(...said))
    await page.goto(url)
    await page.waitForFunction(() => hearsayPage.phase() === 'live')
    return page
  }

  const count = (page: Page, nodes: number) =>
    page.waitForFunction((wanted) => hearsayPage.shown().nodes.length === wanted, nodes)
  const stateOf = (page: Page, name: string) =>
    page.evaluate((wanted) => hearsayPage.shown().nodes.find((node) => node.name === wanted)?.state, name)

  it('has the nodes and links that /topology has, at a node and at the bootstrap', async (t) => {
    const { bootstrap, nodes } = await startSwarm(t, 12)
    await Promise.all(nodes.map((node) => node.settled()))
    const node = nodes[3] as Node
    for (const place of [node, bootstrap]) {
      const page = await visit(pageOf(place))
      await count(page, nodes.length)
      const wanted = node
        .topology()
        .links.map((link) => link.join(' '))
        .sort()
      const shown = () =>
        page.evaluate(() =>
          hearsayPage
            .shown()
            .links.map((link) => link.join(' '))
            .sort(),
        )
      assert.deepEqual(await shown(), wanted)
      const names = await page.evaluate(() =>
        hearsayPage
          .shown()
          .nodes.map(({ name }) => name)
          .sort(),
      )
      assert.deepEqual(names, nodes.map(({ name }) => name).sort())
      assert.equal(await page.evaluate(() => hearsayPage.ignored()), 0)
    }
    const page = await visit(pageOf(node))
    assert.equal(await page.evaluate(() => hearsayPage.shown().self), 'node4')
    // What another node says of itself.
    await page.getByRole('searchbox').or(page.getByRole('combobox')).first().fill('first')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'node1', exact: true }).waitFor()
    await page
      .getByText(/^\d+ links$/)
      .first()
      .waitFor()
    await page.getByText('Counters since its start').waitFor()
  })

  it('shows within two seconds that a node was killed, and who comes', async (t) => {
    const { bootstrap, nodes } = await startSwarm(t, 6)
    const page = await visit(pageOf(nodes[0] as Node))
    await count(page, 6)
    const victim = await startProcess(t, 'victim', bootstrap)
    await page.waitForFunction(
      () => hearsayPage.shown().nodes.find(({ name }) => name === 'victim')?.state === 'up',
    )
    await until('it is linked to all', () =>
      nodes.every((node) => node.neighbors().some(({ name }) => name === 'victim')),
    )
    victim.kill('SIGKILL')
    const killedMs = performance.now()
    await page.waitForFunction(
      () => hearsayPage.shown().nodes.find(({ name }) => name === 'victim')?.state === 'unreachable',
    )
    const tookMs = performance.now() - killedMs
    t.diagnostic(`shown ${tookMs.toFixed(0)} ms after the kill`)
    assert.ok(tookMs < KILLED_SHOWN_MS, `shown after ${tookMs.toFixed(0)} ms`)
    await nodes[5]?.close()
    await page.waitForFunction(
      () => hearsayPage.shown().nodes.find(({ name }) => name === 'node6')?.state === 'leaving',
    )
    assert.equal(await stateOf(page, 'node1'), 'up')
  })

  it('sends a message that arrives, and shows its way and its outcome; and one to all', async (t) => {
    const { nodes } = await startSwarm(t, 20)
    await Promise.all(nodes.map((node) => node.settled()))
    const [from] = nodes as [Node]
    const neighbors = new Set(from.neighbors().map(({ name }) => name))
    const far = nodes.find(({ name }) => name !== from.name && !neighbors.has(name)) as Node
    const came = new Promise<NodeMessage>((resolve) => far.on('message', resolve))
    const page = await visit(pageOf(from))
    await count(page, 20)
    await page.getByRole('tab', { name: 'Send' }).click()
    await page.getByLabel('To', { exact: true }).fill(far.name)
    await page.getByLabel('Message').fill('hello from a page')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    const message = await came
    assert.equal(message.value, 'hello from a page')
    assert.match(message.sender ?? '', /^node1\/guest-/)
    await page.getByText(/^delivered, \d hops?, [\d.]+ ms$/).waitFor()
    // Its way, as the nodes on it have seen it.
    await page
      .getByRole('button', { name: new RegExp(`^node1 → (node\\d+ → )+${far.name}$`), pressed: true })
      .waitFor()
    assert.equal(await page.evaluate(() => hearsayPage.wayLinks()), message.hops)
    await page.getByRole('button', { name: 'Send to everyone' }).click()
    await page.getByText('sent, reached 19 of 19').waitFor()
    await page.getByRole('button', { name: /^node1 → 19 nodes in \d hops$/, pressed: true }).waitFor()
    assert.equal(await page.evaluate(() => hearsayPage.wayLinks()), 19)
  })

  it('finds another node when the one behind the bootstrap is gone, and comes back when the bootstrap does', async (t) => {
    const { bootstrap, nodes } = await startSwarm(t, 4)
    const page = await visit(pageOf(bootstrap))
    await count(page, 4)
    const first = await page.evaluate(() => hearsayPage.shown().self)
    await nodes.find(({ name }) => name === first)?.close()
    await page.waitForFunction((name) => hearsayPage.shown().self !== name, first)
    const { port } = bootstrap
    await bootstrap.close()
    await page.waitForFunction(() => hearsayPage.phase() === 'lost')
    const again = await createBootstrap({ listen: port, host: '127.0.0.1' })
    t.after(() => again.close())
    await page.waitForFunction(() => hearsayPage.phase() === 'live')
    // The browser says so itself of each attempt that failed.
    open.splice(open.indexOf(page), 1)
    await page.close()
    const others = complaints.splice(0).filter((said) => !/WebSocket connection to .* failed/.test(said))
    assert.deepEqual(others, [])
  })

  it('draws three hundred nodes, and the whole tree of a message to all of them', {
    timeout: 240_000,
  }, async (t) => {
    const { nodes } = await startSwarm(t, 300)
    const page = await visit(pageOf(nodes[0] as Node))
    await count(page, 300)
    await page.waitForFunction(() => hearsayPage.isSettled(), undefined, { timeout: 120_000 })
    const fps = await page.evaluate(() => hearsayPage.fps())
    // At rest nothing is drawn, and it may have come to rest before all nodes were counted.
    const frames = await page.evaluate(() => hearsayPage.frames())
    assert.ok(frames > 0)
    t.diagnostic(
      `${fps.toFixed(0)} frames per second when the layout came to rest; test/bench/page.ts measures it`,
    )
    const links = await page.evaluate(() => hearsayPage.shown().links.length)
    assert.ok(links >= 299, `${links} links`)
    assert.equal(await page.evaluate(() => hearsayPage.ignored()), 0)
    // Its receipts are as many messages again, and must not take the room of its steps.
    await page.getByRole('tab', { name: 'Send' }).click()
    await page.getByLabel('Message').fill('hello all')
    await page.getByRole('button', { name: 'Send to everyone' }).click()
    await page.getByText('sent, reached 299 of 299').waitFor()
    await page.waitForFunction(() => hearsayPage.wayLinks() === 299)
    await page.waitForFunction((before) => hearsayPage.frames() > before, frames)
  })
})
