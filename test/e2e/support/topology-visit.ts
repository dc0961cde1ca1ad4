// A visit to the topology page in a real browser, against a feed that plays an overlay: what the tests of the page share.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, afterEach, before } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { PageConsole } from '../../../src/dashboard/page/page-facts.ts'
import type { View } from '../../../src/dashboard/page/view-state.ts'
import { FakeFeed, type FakeFeedOptions } from '../../support/fake-overlay-feed.ts'
import { complaintsOf, startBrowser } from './chromium.ts'

// In the browser.
declare const hearsayPage: PageConsole
declare const document: unknown
declare const axe: { run(options: unknown): Promise<{ violations: Violation[] }> }

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** A page that is open, and the feed behind it. */
export interface Visited {
  readonly feed: FakeFeed
  readonly page: Page
  /** What the page has complained of at the browser's console. */
  readonly complaints: string[]
}

/** How the page is visited. */
export interface Visit extends BrowserContextOptions {
  /** The page's clock can be moved on by `page.clock`. */
  readonly hasOwnClock?: boolean
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** For a suite: one browser for all of its visits, each of which ends with its test. */
export function visits(): (options?: FakeFeedOptions, how?: Visit) => Promise<Visited> {
  let browser: Browser
  const open: { close(): Promise<void> }[] = []
  before(async () => {
    browser = await startBrowser()
  })
  after(() => browser.close())
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close()
  })
  return async (options = {}, { hasOwnClock = false, ...context } = {}) => {
    const feed = await FakeFeed.start(options)
    open.push(feed)
    const visitor = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...context })
    open.push(visitor)
    const page = await visitor.newPage()
    page.setDefaultTimeout(15_000)
    if (hasOwnClock) await page.clock.install()
    const complaints = complaintsOf(page)
    await page.goto(feed.url)
    return { feed, page, complaints }
  }
}

/** Waits for what the page says of itself: `live`, `lost` and so on. */
export async function phase(page: Page, wanted: string): Promise<void> {
  await page.waitForFunction((name) => hearsayPage.phase() === name, wanted)
}

/** Waits for a number of nodes in the picture. */
export async function count(page: Page, nodes: number): Promise<void> {
  await page.waitForFunction((wanted) => hearsayPage.shown().nodes.length === wanted, nodes)
}

/** Waits until the layout has come to rest. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => hearsayPage.shown().nodes.length > 0 && hearsayPage.isSettled())
}

/** What is selected. */
export function selected(page: Page): Promise<View> {
  return page.evaluate(() => hearsayPage.selected())
}

/** Serious flaws that axe finds. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const { violations: found } = await page.evaluate(() => axe.run(document))
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n')}`)
}
