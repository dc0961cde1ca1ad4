// The topology page in a real browser, against a feed that plays a busy overlay: whatever comes meanwhile, what a person does
// counts.

import assert from 'node:assert/strict'
import { afterEach, it } from 'node:test'
import type { FakeFeed } from '../support/fake-overlay-feed.ts'
import { describeInBrowser } from './support/chromium.ts'
import { count, selected, settled, visits } from './support/topology-visit.ts'

const CLICKS = 5
/** As long as a finger is down. */
const SLOWLY = { delay: 300 }

describeInBrowser('the topology page of a busy overlay', () => {
  const visit = visits()
  let timer: NodeJS.Timeout | undefined
  afterEach(() => clearInterval(timer))

  function makeBusy(feed: FakeFeed): void {
    timer = setInterval(() => {
      feed.tellSteps([...feed.overlay.broadcast('node4'), ...feed.overlay.direct('node2', 'node9')])
      feed.tell(feed.overlay.reports(Date.now()))
    }, 40)
  }

  it('goes to the neighbor that is clicked in the details, each time', async () => {
    const { feed, page } = await visit({ nodes: 12 })
    await settled(page)
    await page.locator('#node-list').getByText('node4', { exact: true }).click()
    await page.getByText('Counters since its start').waitFor()
    makeBusy(feed)
    for (let click = 0; click < CLICKS; click++) {
      const neighbor = page.locator('#panel-node tbody button').first()
      const name = await neighbor.textContent()
      await neighbor.click(SLOWLY)
      assert.equal((await selected(page)).node, name, `click ${click}`)
      await page.getByRole('heading', { name: name ?? '', exact: true }).waitFor()
    }
  })

  it('shows and hides the way of a message that is clicked, each time', async () => {
    const { feed, page } = await visit({ nodes: 12 })
    await count(page, 12)
    await page.getByRole('tab', { name: 'Send' }).click()
    await page.getByLabel('To', { exact: true }).fill('node7')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('button', { name: /^node1 → /, pressed: true }).waitFor()
    makeBusy(feed)
    for (let click = 0; click < CLICKS; click++) {
      const isShown = (await selected(page)).message !== undefined
      await page.locator('#panel-send ul button').first().click(SLOWLY)
      assert.equal((await selected(page)).message !== undefined, !isShown, `click ${click}`)
    }
  })
})
