// The topology page in a real browser, against a feed that plays an overlay: what it shows of what it is told, and what a real
// swarm cannot easily be brought to.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { PageConsole } from '../../src/dashboard/page/page-facts.ts'
import { describeInBrowser } from './support/chromium.ts'
import { count, phase, selected, settled, visits } from './support/topology-visit.ts'

// In the browser.
declare const hearsayPage: PageConsole
declare const document: { querySelector(selector: string): { readonly max: string } | null }
declare function getComputedStyle(element: unknown): { readonly filter: string }

describeInBrowser('the topology page', () => {
  const visit = visits()

  it('shows the overlay, and what changes', async () => {
    const { feed, page, complaints } = await visit({ nodes: 30, hasAllStates: true })
    await phase(page, 'live')
    await count(page, 35)
    feed.tell(feed.overlay.join(Date.now()))
    await count(page, 36)
    feed.tell(feed.overlay.forget(Date.now(), 'node7'))
    await count(page, 35)
    await page.getByRole('tab', { name: 'Events' }).click()
    await page.getByText('node31 joined').waitFor()
    await page.getByText('node7 was forgotten').waitFor()
    assert.equal(await page.evaluate(() => hearsayPage.ignored()), 0)
    assert.deepEqual(complaints, [])
  })

  it('keeps the nodes where they are when others come and go', async () => {
    const { feed, page } = await visit({ nodes: 30 })
    await settled(page)
    const place = () =>
      page.evaluate(() => JSON.stringify(['node3', 'node9'].map((name) => hearsayPage.placeOf(name))))
    // Whoever has moved the picture keeps his view of it.
    await page.getByRole('button', { name: 'Nearer' }).click()
    await settled(page)
    const before = await place()
    feed.tell(feed.overlay.join(Date.now()))
    feed.tell(feed.overlay.forget(Date.now(), 'node20'))
    await page.waitForFunction(() => hearsayPage.shown().nodes.some(({ name }) => name === 'node31'))
    await settled(page)
    assert.equal(await place(), before)
  })

  it('says what is going on before there is anything to see', async () => {
    const { page } = await visit({ onWatch: () => {} })
    await phase(page, 'loading')
    await page.getByText('The node has been asked for the overlay').waitFor()
  })

  it('of one node says how to add another', async () => {
    const { feed, page } = await visit({ nodes: 1 })
    await phase(page, 'alone')
    await page.getByText('Only node1 is here').waitFor()
    const url = feed.url.replace(/^http(.*)ui$/, 'ws$1')
    await page
      .getByText(`npm run -s hearsay -- node --name another --port 0 --peers ${url}`, { exact: true })
      .waitFor()
    feed.tell(feed.overlay.join(Date.now()))
    await phase(page, 'live')
    assert.equal(await page.locator('#notice').isVisible(), false)
  })

  it('of the one node of a bootstrap says how to add another there', async () => {
    const { feed, page } = await visit({ nodes: 1, isBootstrap: true })
    const url = feed.url.replace(/^http(.*)ui$/, 'ws$1')
    await page
      .getByText(`npm run -s hearsay -- node --name another --port 0 --bootstrap ${url}`, { exact: true })
      .waitFor()
  })

  it('of a bootstrap waits for a node, and goes on by itself', async () => {
    const waiting = { event: 'watch', on: true, waiting: 'No node has joined yet.' }
    const { feed, page } = await visit({ onWatch: (tell) => tell(waiting) })
    await phase(page, 'waiting')
    await page.getByText('No node has joined yet.').waitFor()
    feed.tell({ event: 'watch', on: true, node: 'node1' })
    feed.tell(feed.overlay.line(Date.now()))
    await phase(page, 'live')
    await count(page, 30)
  })

  it('says so when the node does not let itself be watched', async () => {
    const { page } = await visit({ onWatch: (tell) => tell({ event: 'error', text: 'unknown command' }) })
    await phase(page, 'refused')
    await page.locator('#notice').getByText('unknown command').waitFor()
  })

  it('shows no figures of what does not report any more as if it did', async () => {
    const { feed, page } = await visit({ nodes: 5 })
    await settled(page)
    await page.locator('#node-list').getByText('node4', { exact: true }).click()
    const figures = page.locator('#panel-node tbody button', { hasText: '–' })
    await page.getByText('Counters since its start').waitFor()
    assert.equal(await figures.count(), 0)
    assert.equal(await page.getByText(/^As of \d\d:\d\d:\d\d/).isVisible(), false)
    const lateMs = Date.now() + 30_000
    feed.nowMs = () => lateMs
    feed.tell({ event: 'reports', atMs: lateMs, everyMs: 2_000, reports: [] })
    await page.getByText(/^As of \d\d:\d\d:\d\d: there is no later report\.$/).waitFor()
    assert.equal(await figures.count(), 4)
    await figures.first().click()
    await page.getByText('no fresh report').waitFor()
    feed.tell(feed.overlay.reports(lateMs))
    await page
      .getByText(/\/s, both ways$/)
      .first()
      .waitFor()
  })

  it('survives lines that are broken or unknown, and shows names as text', async () => {
    const { feed, page, complaints } = await visit({ nodes: 5 })
    await phase(page, 'live')
    const name = '<img src=x onerror=alert(1)>'
    for (const line of ['{', '{}', '{"event":"later"}', '{"event":"overlay","nodes":7}']) feed.tell(line)
    feed.tell({
      event: 'overlay-change',
      atMs: Date.now(),
      nodes: [
        { name, kind: 'node', state: 'up', incarnation: 1, version: 1 },
        { name: 'x', state: 'asleep' },
      ],
    })
    await count(page, 6)
    assert.equal(await page.evaluate(() => hearsayPage.ignored()), 5)
    await page.locator('#node-list').getByTitle(name).click()
    await page.getByRole('heading', { name }).waitFor()
    assert.equal(await page.locator('img').count(), 0)
    assert.deepEqual(complaints, [])
  })

  it('says when the connection is lost, keeps the picture, and comes back by itself', async () => {
    const { feed, page } = await visit({ nodes: 12 })
    await count(page, 12)
    feed.cut()
    await phase(page, 'lost')
    await page.getByText(/Connecting again in \d+ s/).waitFor()
    await page.getByText('What you see is how it was.').waitFor()
    assert.equal(await page.evaluate(() => hearsayPage.shown().nodes.length), 12)
    const filter = () =>
      page.evaluate(() => getComputedStyle(document.querySelector('#picture canvas')).filter)
    assert.equal(await filter(), 'grayscale(1)')
    feed.overlay.join(Date.now())
    feed.answer()
    await phase(page, 'live')
    await count(page, 13)
    assert.equal(await page.locator('#lost').isVisible(), false)
    // By hand as well, without the wait.
    feed.cut()
    await phase(page, 'lost')
    feed.answer()
    await page.getByRole('button', { name: 'Connect now' }).click()
    await phase(page, 'live')
  })

  it('sends a message and shows its way and its outcome', async () => {
    const { feed, page } = await visit({ nodes: 30 })
    await count(page, 30)
    await page.getByRole('tab', { name: 'Send' }).click()
    await page.getByLabel('To', { exact: true }).fill('node17')
    await page.getByLabel('Message').fill('hello node17')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText(/^delivered, \d hops?, 3\.1 ms$/).waitFor()
    await page.getByRole('button', { name: /^node1 → .*node17$/, pressed: true }).waitFor()
    const line = feed.heard.find(({ to }) => to === 'node17')
    assert.equal(line?.msg, 'hello node17')
    assert.match((await selected(page)).message ?? '', /node17$/)
    assert.notEqual(await page.evaluate(() => hearsayPage.wayLinks()), 0)
    await page.getByRole('button', { name: 'Send to everyone' }).click()
    await page.getByText('sent, reached 29 of 29').waitFor()
    await page.getByRole('button', { name: /^node1 → 29 nodes in \d hops$/, pressed: true }).waitFor()
    assert.equal(await page.evaluate(() => hearsayPage.wayLinks()), 29)
    await page.locator('#picture').press('Escape')
    assert.equal(await page.evaluate(() => hearsayPage.wayLinks()), 0)
  })

  it('shows the way of a message to a plain HTTP peer, and counts those apart', async () => {
    const { page } = await visit({ nodes: 12, hasAllStates: true })
    await count(page, 17)
    await page.getByText('12 nodes up').waitFor()
    await page.getByText('1 plain HTTP', { exact: true }).waitFor()
    await page.getByRole('tab', { name: 'Send' }).click()
    await page.getByLabel('To', { exact: true }).fill('flask1')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('button', { name: 'node1 → flask1', pressed: true }).waitFor()
    assert.equal(await page.evaluate(() => hearsayPage.wayLinks()), 1)
    await page.getByRole('button', { name: 'Send to everyone' }).click()
    await page.getByText(/^sent, reached 13 of 13$/).waitFor()
    await page.getByRole('button', { name: /^node1 → 13 nodes in \d hops?$/, pressed: true }).waitFor()
    assert.equal(await page.evaluate(() => hearsayPage.wayLinks()), 13)
  })

  it('says how much of a tree it has seen, and what was left out', async () => {
    const { feed, page } = await visit({ nodes: 30, isMute: true })
    await count(page, 30)
    await page.getByRole('tab', { name: 'Send' }).click()
    await page.getByRole('button', { name: 'Send to everyone' }).click()
    await page.getByText('under way').waitFor()
    const { tag, traceparent } = feed.heard.find(({ to }) => to === '*') ?? {}
    const steps = feed.overlay.broadcast('node1', String(traceparent)).slice(0, 12)
    feed.tell({ event: 'traffic', atMs: Date.now(), oneIn: 8, leftOut: 17, steps })
    feed.tell({ event: 'outcome', tag, to: '*', status: 'sent', neighbors: 6, reached: 29, of: 29 })
    await page.getByText('sent, reached 29 of 29').waitFor()
    await page.getByRole('button', { name: /^node1 → 12 of 29 nodes seen, up to \d hops?$/ }).waitFor()
    assert.equal(await page.evaluate(() => hearsayPage.wayLinks()), 12)
    await page.getByText('live, 1 in 8 messages, 17 steps/min left out').waitFor()
    assert.match((await page.getByText('link msgs/s').getAttribute('title')) ?? '', /counts twice/)
  })

  it('says why a message could not be sent', async () => {
    const { page } = await visit({ nodes: 5 })
    await count(page, 5)
    await page.getByRole('tab', { name: 'Send' }).click()
    const send = page.getByRole('button', { name: 'Send', exact: true })
    await send.click()
    await page.getByText('Say to whom').waitFor()
    await page.getByLabel('To', { exact: true }).fill('no name')
    await send.click()
    await page.getByText('This is not the name of a node').waitFor()
    await page.getByLabel('To', { exact: true }).fill('node1')
    await page.getByLabel('Message').fill('')
    await send.click()
    await page.getByText('Say what: the message is empty.').waitFor()
    await page.getByLabel('Message').fill('hello')
    await send.click()
    await page.getByText('node1 is the node that sends.').waitFor()
    await page.getByLabel('To', { exact: true }).fill('nobody')
    await send.click()
    await page.getByText('failed: unknown-peer at node1 (nobody cannot be reached)').waitFor()
  })

  it('shows any moment of the past, and live again', async () => {
    const { feed, page } = await visit({ nodes: 10 })
    await count(page, 10)
    const start = await page.evaluate(() => hearsayPage.timeline().fromMs)
    feed.nowMs = () => start + 20_000
    feed.tell(feed.overlay.join(start + 20_000))
    await count(page, 11)
    feed.nowMs = () => start + 40_000
    feed.tell(feed.overlay.leave(start + 40_000, 'node3', 'unreachable'))
    await page.waitForFunction((toMs) => hearsayPage.timeline().toMs === toMs, start + 40_000)
    const scrub = page.getByRole('slider', { name: 'Moment that is shown' })
    const showAt = async (ms: number) => {
      // The strip follows a little later.
      await page.waitForFunction(
        (toMs) => Number(document.querySelector('#scrub')?.max) >= toMs,
        start + 40_000,
      )
      await scrub.evaluate((slider: { value: string; dispatchEvent(event: Event): void }, at) => {
        slider.value = String(at)
        slider.dispatchEvent(new Event('input'))
      }, start + ms)
    }
    await showAt(10_000)
    await count(page, 10)
    await page.getByText('As it was at').waitFor()
    await showAt(30_000)
    await count(page, 11)
    const stateOf = () =>
      page.evaluate(() => hearsayPage.shown().nodes.find(({ name }) => name === 'node3')?.state)
    assert.equal(await stateOf(), 'up')
    // What happens meanwhile does not move the past.
    feed.nowMs = () => start + 50_000
    feed.tell(feed.overlay.join(start + 50_000))
    await page.waitForFunction((toMs) => hearsayPage.timeline().toMs === toMs, start + 50_000)
    await count(page, 11)
    await page.getByRole('button', { name: 'Live' }).click()
    await count(page, 12)
    assert.equal(await stateOf(), 'unreachable')
    assert.equal((await selected(page)).momentMs, undefined)
  })

  it('is live again at the end of the slider, however long the strip is', async () => {
    const { feed, page } = await visit({ nodes: 10 })
    await count(page, 10)
    const start = await page.evaluate(() => hearsayPage.timeline().fromMs)
    // More than a minute, and no whole number of the slider's steps.
    const endMs = start + 95_017
    feed.nowMs = () => endMs
    feed.tell(feed.overlay.join(endMs))
    await page.waitForFunction((toMs) => Number(document.querySelector('#scrub')?.max) === toMs, endMs)
    const scrub = page.getByRole('slider', { name: 'Moment that is shown' })
    const isLive = async () => (await selected(page)).momentMs === undefined
    for (let steps = 1; steps <= 3; steps++) {
      await scrub.focus()
      for (let step = 0; step < steps; step++) await page.keyboard.press('ArrowLeft')
      assert.equal(await isLive(), false)
      await page.keyboard.press('End')
      assert.equal(await isLive(), true, `${steps} steps back`)
    }
    const box = await scrub.boundingBox()
    assert.ok(box)
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + box.width / 2, y)
    await page.mouse.down()
    assert.equal(await isLive(), false)
    await page.mouse.move(box.x + box.width + 30, y, { steps: 4 })
    await page.mouse.up()
    assert.equal(await isLive(), true)
  })
})
