// What the topology page costs: its size, frames per second while the layout runs, at rest, and at rest with messages on
// their ways, and the time from a line's arrival to the picture that shows it.
//
//   node test/bench/page.ts [--nodes 30,300,1000] [--seconds 4]
//
// Measured in headless chromium, which draws without a GPU, at 1440x900, against a feed that plays an overlay: a machine
// with a screen is faster. Without traffic nothing is drawn at rest, so there is no rate to tell.

import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { bundlePage, UI_FILES } from '../../src/build/bundle-page.ts'
import type { PageConsole } from '../../src/dashboard/page/page-facts.ts'
import { startBrowser } from '../e2e/support/chromium.ts'
import { FakeFeed } from '../support/fake-overlay-feed.ts'

declare const hearsayPage: PageConsole

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '30,300,1000' },
    seconds: { type: 'string', default: '4' },
  },
})
const spanMs = Number(values.seconds) * 1_000
const TRAFFIC_MS = 250
const LINES = 20

/** Frames per second over a time, counted in the page. */
async function ratePerS(page: Awaited<ReturnType<Browser['newPage']>>, ms: number): Promise<number> {
  return page.evaluate(async (span) => {
    const [frames, startMs] = [hearsayPage.frames(), performance.now()]
    await new Promise((resolve) => setTimeout(resolve, span))
    return ((hearsayPage.frames() - frames) * 1_000) / (performance.now() - startMs)
  }, ms)
}

async function measure(browser: Browser, nodes: number): Promise<string> {
  const feed = await FakeFeed.start({ nodes })
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  try {
    await page.goto(feed.url)
    await page.waitForFunction(() => hearsayPage.shown().nodes.length > 0)
    const layingOut = await ratePerS(page, 1_500)
    const layoutMs = await page.evaluate(async () => {
      while (!hearsayPage.isSettled()) await new Promise((resolve) => setTimeout(resolve, 50))
      return performance.now()
    })
    const { overlay } = feed
    const any = () => overlay.up[overlay.below(overlay.up.length)] as string
    const timer = setInterval(() => {
      const steps = Array.from({ length: 12 }, () => overlay.direct(any(), any())).flat()
      feed.tellSteps(overlay.below(8) === 0 ? [...steps, ...overlay.broadcast(any())] : steps)
    }, TRAFFIC_MS)
    const running = await ratePerS(page, spanMs)
    const frameMs = await page.evaluate(() => hearsayPage.frameMs())
    clearInterval(timer)
    for (let line = 0; line < LINES; line++) {
      const before = await page.evaluate(() => hearsayPage.latency().count)
      feed.tell(overlay.join(Date.now()))
      await page.waitForFunction((count) => hearsayPage.latency().count > count, before)
    }
    const latency = await page.evaluate(() => hearsayPage.latency())
    const cells = [layingOut, running].map((perS) => perS.toFixed(0).padStart(8))
    const times = [layoutMs, frameMs, latency.medianMs, latency.worstMs].map((ms) =>
      ms.toFixed(1).padStart(10),
    )
    return `${String(nodes).padStart(6)}${cells.join('')}${times.join('')}`
  } finally {
    await page.close()
    await feed.close()
  }
}

for (const name of UI_FILES) {
  const bytes = (await bundlePage())[name]
  const gzip = gzipSync(bytes, { level: 9 })
  console.log(
    `${name.padEnd(11)} ${String(bytes.length).padStart(8)} bytes, ${String(gzip.length).padStart(7)} with gzip`,
  )
}
console.log(
  '\n nodes  fps while laying out / with traffic; ms: until laid out, drawing a frame, line to picture, its worst',
)
const browser = await startBrowser()
try {
  for (const nodes of values.nodes.split(',')) console.log(await measure(browser, Number(nodes)))
} finally {
  await browser.close()
}
