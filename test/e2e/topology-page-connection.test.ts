// The topology page in a real browser, against a feed that plays an overlay: what becomes of it when the connection, or whoever
// looks at the page, is away.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Page } from 'playwright-core'
import type { PageConsole } from '../../src/dashboard/page/page-facts.ts'
import { describeInBrowser } from './support/chromium.ts'
import { count, phase, type Visited, visits } from './support/topology-visit.ts'
import { until } from './support/until.ts'

// In the browser.
declare const hearsayPage: PageConsole
declare const document: { dispatchEvent(event: Event): void }
declare const window: { dispatchEvent(event: Event): void }

async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(
    (state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    },
    isHidden ? 'hidden' : 'visible',
  )
}

/** Lets time pass on the page, at the end of which the node says that it is there. */
async function pass({ feed, page }: Visited, ms: number): Promise<void> {
  await page.clock.fastForward(ms)
  const atMs = feed.nowMs() + ms
  feed.nowMs = () => atMs
  feed.tell({ event: 'reports', atMs, everyMs: 2_000, reports: [] })
  await page.waitForFunction((wanted) => hearsayPage.shown().atMs >= wanted, atMs)
}

async function begin(page: Page, to: string): Promise<void> {
  await page.getByRole('tab', { name: 'Send' }).click()
  await page.getByLabel('To', { exact: true }).fill(to)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('under way').waitFor()
}

const LOST = 'unknown: the connection to node1 was lost before the outcome came'

describeInBrowser('the connection of the topology page', () => {
  const visit = visits()

  it('is given up when the node has fallen silent, and opened again', async () => {
    const { feed, page } = await visit({ nodes: 5 }, { hasOwnClock: true })
    await phase(page, 'live')
    await page.clock.fastForward(9_000)
    assert.notEqual(await page.evaluate(() => hearsayPage.phase()), 'lost')
    feed.fallSilent()
    await page.clock.fastForward(13_000)
    await page.getByText('the node has not said anything for 11 s').waitFor()
    await phase(page, 'lost')
  })

  it('is not live while nothing comes, and says for how long', async () => {
    const visited = await visit({ nodes: 5 }, { hasOwnClock: true })
    const { feed, page } = visited
    await phase(page, 'live')
    // From here on the page's time passes only as it is told to.
    await page.clock.pauseAt(Date.now() + 1_000)
    await pass(visited, 1_000)
    feed.fallSilent()
    await page.clock.runFor(7_500)
    await phase(page, 'quiet')
    await page.getByText(/^Nothing for \d s from node1$/).waitFor()
    await page.clock.runFor(1_000)
    await page.locator('#moment', { hasText: /nothing for \d+ s$/ }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.locator('#moment', { hasText: / ago$/ }).waitFor()
  })

  it('is not live where it falls behind, and says by how much', async () => {
    const { feed, page } = await visit({ nodes: 5 }, { hasOwnClock: true })
    await phase(page, 'live')
    // What comes now was under way for so long.
    await page.clock.fastForward(7_000)
    feed.tell({ event: 'reports', atMs: feed.nowMs(), everyMs: 2_000, reports: [] })
    await phase(page, 'behind')
    await page.getByText(/^\d+ s behind: slow connection$/).waitFor()
    await page.locator('#moment', { hasText: /\d\d\d+ s behind$/ }).waitFor()
    feed.nowMs = () => Date.now() + 8_000
    feed.tell({ event: 'reports', atMs: feed.nowMs(), everyMs: 2_000, reports: [] })
    await phase(page, 'live')
    await page.getByText('Watching node1', { exact: true }).waitFor()
  })

  it('says what it has seen, and shows nothing of a node that does not want to know', async () => {
    const { feed, page } = await visit({ nodes: 5 })
    await count(page, 5)
    const atMs = feed.nowMs() + 1_000
    feed.tell({ event: 'reports', atMs, everyMs: 2_000, reports: [] })
    await until('it has said so', 5_000, async () =>
      feed.heard.some((line) => line.cmd === 'seen' && line.atMs === atMs),
    )
    const { tag } = feed.heard.find(({ cmd }) => cmd === 'seen') ?? {}
    feed.tell({ event: 'error', tag, text: 'this is not known' })
    feed.tell({ event: 'error', text: 'this is wrong' })
    await page.getByRole('tab', { name: 'Events' }).click()
    await page.getByText('the node says: this is wrong').waitFor()
    assert.equal(await page.getByText('this is not known').count(), 0)
  })

  it('is looked at when the network is there again', async () => {
    const { feed, page } = await visit({ nodes: 5 }, { hasOwnClock: true })
    await phase(page, 'live')
    feed.fallSilent()
    // Time passes, and no timer runs: the laptop sleeps.
    await page.clock.pauseAt(Date.now() + 3_600_000)
    await page.clock.runFor(600)
    assert.equal(await page.evaluate(() => hearsayPage.phase()), 'live')
    const after = page.evaluate(() => {
      window.dispatchEvent(new Event('online'))
      return hearsayPage.phase()
    })
    assert.equal(await after, 'lost')
  })

  it('is opened at once when the network is there again or somebody looks, and not at the end of the countdown', async () => {
    const { feed, page } = await visit({ nodes: 5 }, { hasOwnClock: true })
    const is = (wanted: string) =>
      until(wanted, 5_000, async () => (await page.evaluate(() => hearsayPage.phase())) === wanted)
    await phase(page, 'live')
    // No timer runs: the next attempt never comes by itself.
    await page.clock.pauseAt(Date.now() + 60_000)
    for (const wake of ['online', 'pageshow']) {
      feed.cut()
      await is('lost')
      feed.answer()
      await page.evaluate((name) => window.dispatchEvent(new Event(name)), wake)
      await is('live')
    }
  })

  it('stays when nobody can be watched, however long that is', async () => {
    const waiting = { event: 'watch', on: true, waiting: 'No node has joined yet.' }
    const { page } = await visit({ onWatch: (tell) => tell(waiting) }, { hasOwnClock: true })
    await phase(page, 'waiting')
    await page.clock.runFor(60_000)
    await phase(page, 'waiting')
  })

  it('watches nothing while the page is hidden for long, and says so', async () => {
    const visited = await visit({ nodes: 5 }, { hasOwnClock: true })
    const { feed, page } = visited
    await phase(page, 'live')
    await hide(page, true)
    await pass(visited, 30_000)
    await hide(page, false)
    await hide(page, true)
    await pass(visited, 50_000)
    assert.equal(feed.watching, 1)
    await page.clock.fastForward(11_000)
    await until('it watches no more', 5_000, async () => feed.watching === 0)
    feed.overlay.join(Date.now())
    await page.clock.runFor(120_000)
    assert.equal(await page.evaluate(() => hearsayPage.phase()), 'live')
    await hide(page, false)
    await count(page, 6)
    assert.equal(feed.watching, 1)
    assert.equal(feed.heard.filter(({ cmd }) => cmd === 'watch').length, 3, 'on one connection')
    await page.getByRole('tab', { name: 'Events' }).click()
    await page.getByText(/^not watched for 2 min: the page was hidden$/).waitFor()
  })

  it('ends what is under way as unknown when it is lost', async () => {
    const { feed, page } = await visit({ nodes: 5, isMute: true })
    await count(page, 5)
    await begin(page, 'node3')
    feed.cut()
    await page.getByText(LOST).waitFor()
  })

  it('ends it also when another node is watched, or none', async () => {
    const { feed, page } = await visit({ nodes: 5, isMute: true })
    await count(page, 5)
    await begin(page, 'node3')
    feed.tell({ event: 'watch', on: true, node: 'node1' })
    feed.tell({ event: 'watch', on: true, node: 'node2' })
    await page.getByText(LOST).waitFor()
    assert.equal(await page.getByText(LOST).count(), 1)
    await begin(page, 'node4')
    feed.tell({ event: 'watch', on: true, waiting: 'No node is left.' })
    await page.getByText(LOST).nth(1).waitFor()
  })
})
