// Pages of another origin in a real browser, at a node on loopback: what they come to, and what they come to when they are allowed.

import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { PageConsole } from '../../src/dashboard/page/page-facts.ts'
import { startNode, until } from '../support/node-rig.ts'
import { MemberPage, Site } from './support/browser-page.ts'
import { describeInBrowser, startBrowser } from './support/chromium.ts'

// In the browser.
declare const hearsayPage: PageConsole

/** A web site somewhere: its name leads to this machine, where the tests serve it, and the browser knows only the name. */
const FOREIGN = 'foreign.example'

/** Opens a WebSocket from the page: the first line that comes, or `closed`. */
function connect(page: Page, url: string, protocol?: string): Promise<string> {
  return page.evaluate(
    ([to, offered]) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(to, offered === undefined ? [] : [offered])
        socket.onmessage = ({ data }) => resolve(String(data))
        socket.onclose = () => resolve('closed')
      }),
    [url, protocol] as const,
  )
}

/** Posts from the page as any page may: without asking first, and without reading the answer. */
function post(page: Page, url: string, msg: string): Promise<string> {
  return page.evaluate(
    ([to, text]) =>
      fetch(to, {
        method: 'POST',
        mode: 'no-cors',
        body: new Blob([JSON.stringify({ sender: 'page', msg: text })]),
      }).then(({ type }) => type, String),
    [url, msg] as const,
  )
}

/** What becomes of a request whose answer the page wants to read. */
function read(page: Page, url: string, init: Record<string, unknown> = {}): Promise<string> {
  return page.evaluate(
    ([to, options]) =>
      fetch(to, options).then(
        ({ status }) => `read ${status}`,
        () => 'not to be read',
      ),
    [url, init] as const,
  )
}

describeInBrowser('a page of a foreign origin', () => {
  let browser: Browser
  let site: Site

  before(async () => {
    const rule = `MAP ${FOREIGN} 127.0.0.1`
    ;[browser, site] = await Promise.all([startBrowser([`--host-resolver-rules=${rule}`]), Site.open()])
  })

  after(async () => {
    await browser?.close()
    site?.close()
  })

  /** An open page of that web site. */
  const visit = (t: TestContext): Promise<MemberPage> => MemberPage.open(t, browser, site, FOREIGN)

  test('opens no line mode and no link, posts no message, reads nothing, and is no member', async (t) => {
    const n1 = await startNode(t, 'n1')
    const member = await visit(t)
    const { page } = member
    const stats = () => n1.node.stats().listener
    assert.equal(await connect(page, n1.url), 'closed')
    assert.equal(await connect(page, n1.url, 'hearsay.1'), 'closed')
    assert.equal(await post(page, `${n1.http}/message`, 'from a web site'), 'opaque')
    assert.equal(stats()?.foreignOrigins, 3)
    assert.equal(await read(page, `${n1.http}/peers`), 'not to be read')
    const json = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"sender":"a","msg":"b"}',
    }
    assert.equal(await read(page, `${n1.http}/message`, json), 'not to be read')
    await member.startNode({ name: 'anna', peers: [n1.url] })
    await until('her dial is refused', () => (stats()?.foreignOrigins ?? 0) > 3)
    assert.equal(await member.ask((node) => node.neighbors().length), 0)
    assert.deepEqual([n1.messages, n1.up, stats()?.guests, stats()?.links], [[], [], 0, 0])
  })

  test('that is allowed does all of it, but reads no answers', async (t) => {
    const origin = new URL(site.urlAt(FOREIGN)).origin
    const n1 = await startNode(t, 'n1', { allowOrigins: [origin] })
    const member = await visit(t)
    const { page } = member
    assert.match(await connect(page, n1.url), /^Welcome to n1/)
    assert.equal(await post(page, `${n1.http}/message`, 'from our web site'), 'opaque')
    await n1.got('from our web site')
    assert.equal(await read(page, `${n1.http}/peers`), 'not to be read')
    await member.startNode({ name: 'anna', peers: [n1.url] })
    await member.ask((node) => node.ready())
    assert.equal((await n1.node.send('anna', 'welcome')).status, 'delivered')
    assert.equal(n1.node.stats().listener?.foreignOrigins, 0)
  })

  test('is not the topology page, under whatever name that is reached', async (t) => {
    const n1 = await startNode(t, 'n1')
    const { page } = await visit(t)
    await page.goto(`http://${FOREIGN}:${n1.node.port}/ui`)
    await page.waitForFunction(
      () => typeof hearsayPage === 'object' && hearsayPage.shown().nodes.length === 1,
    )
    assert.deepEqual([n1.node.stats().listener?.guests, n1.node.stats().listener?.foreignOrigins], [1, 0])
  })
})
