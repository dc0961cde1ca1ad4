// The topology page in a real browser, against a feed that plays an overlay: how people use it, with keys, a pointer, a phone,
// and without motion or sight.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import type { Download, Page } from 'playwright-core'
import type { PageConsole } from '../../src/dashboard/page/page-facts.ts'
import { change, seenNode } from '../support/fake-overlay.ts'
import { describeInBrowser } from './support/chromium.ts'
import { selected, settled, violations, visits } from './support/topology-visit.ts'
import { until } from './support/until.ts'

// In the browser.
declare const hearsayPage: PageConsole
declare const document: {
  readonly activeElement: {
    readonly id: string
    readonly tagName: string
    readonly dataset?: { readonly name?: string }
  } | null
  querySelector(selector: string): { readonly scrollTop: number } | null
  readonly documentElement: { readonly dataset: { readonly theme?: string }; readonly scrollWidth: number }
}
declare const innerWidth: number

async function textOf(download: Download): Promise<string> {
  return readFileSync(await download.path(), 'utf8')
}

const focused = (page: Page) => page.evaluate(() => document.activeElement?.id ?? '')

describeInBrowser('the topology page is used', () => {
  const visit = visits()

  it('is used with keys alone', async () => {
    const { page } = await visit({ nodes: 30 })
    await settled(page)
    await page.keyboard.press('/')
    assert.equal(await focused(page), 'search')
    await page.keyboard.type('sensor')
    await page.getByRole('option', { name: 'node5 sensor' }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    assert.equal((await selected(page)).node, 'node10')
    assert.notEqual((await selected(page)).hits, undefined)
    await page.keyboard.press('Escape')
    assert.equal((await selected(page)).hits, undefined)
    await page.keyboard.press('Escape')
    await page.locator('#picture').focus()
    const neighbors = await page.evaluate(() =>
      hearsayPage
        .shown()
        .links.filter((link) => link.includes('node10'))
        .flat(),
    )
    for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown']) {
      if ((await selected(page)).node === 'node10') await page.keyboard.press(key)
    }
    const next = (await selected(page)).node ?? ''
    assert.ok(next !== 'node10' && neighbors.includes(next), next)
    // One character does something in the picture only.
    await page.keyboard.press('Space')
    assert.notEqual((await selected(page)).momentMs, undefined)
    await page.keyboard.press('Space')
    assert.equal((await selected(page)).momentMs, undefined)
    await page.keyboard.press('Escape')
    assert.equal((await selected(page)).node, undefined)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('tab', { name: 'Nodes' }).click()
    await page.getByRole('tab', { name: 'Nodes' }).focus()
    await settled(page)
    const placeBefore = await page.evaluate(() => JSON.stringify(hearsayPage.placeOf('node3')))
    for (const key of ['+', '-', '-', 'l', '0']) await page.keyboard.press(key)
    await page.locator('#panel-nodes').focus()
    await page.keyboard.press('Space')
    assert.equal((await selected(page)).momentMs, undefined)
    assert.equal(await page.evaluate(() => hearsayPage.isSettled()), true)
    assert.equal(await page.evaluate(() => JSON.stringify(hearsayPage.placeOf('node3'))), placeBefore)
    await page.locator('#node-list [tabindex="0"]').focus()
    await page.keyboard.press('End')
    assert.equal((await selected(page)).node, 'node30')
    await page.keyboard.press('ArrowUp')
    assert.equal((await selected(page)).node, 'node29')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'node29' }).waitFor()
  })

  it('keeps the focus of whoever uses keys, whatever is hidden or filled anew', async () => {
    const { feed, page } = await visit({ nodes: 30 })
    await settled(page)
    await page.locator('#node-list [tabindex="0"]').focus()
    await page.keyboard.press('ArrowDown')
    const row = () => page.evaluate(() => document.activeElement?.dataset?.name)
    assert.equal(await row(), 'node2')
    feed.tell(feed.overlay.forget(Date.now(), 'node2'))
    await page.waitForFunction(() => document.activeElement?.dataset?.name === 'node1')
    await page.keyboard.press('Enter')
    assert.equal(await focused(page), 'panel-node')
    await page.getByRole('heading', { name: 'node1', exact: true }).waitFor()
    // A neighbor's details have no button of the same kind.
    await page.locator('#panel-node tbody button').first().focus()
    await page.keyboard.press('Enter')
    assert.notEqual((await selected(page)).node, 'node1')
    await page.waitForFunction(() => document.activeElement?.id === 'panel-node')

    await page.locator('#export summary').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'PNG' }).waitFor()
    for (let presses = 0; presses < 5; presses++) await page.keyboard.press('Tab')
    assert.equal(await focused(page), 'theme')
    assert.equal(await page.getByRole('button', { name: 'PNG' }).isVisible(), false)
    await page.locator('#export summary').focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'SUMMARY')

    await page.getByRole('button', { name: 'Pause' }).click()
    await page.locator('#live').focus()
    await page.keyboard.press('Enter')
    assert.equal((await selected(page)).momentMs, undefined)
    assert.equal(await focused(page), 'pause')
    feed.cut()
    await page.getByRole('button', { name: 'Connect now' }).focus()
    feed.answer()
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => hearsayPage.phase() === 'live')
    assert.equal(await focused(page), 'picture')
  })

  it('shows what is under the pointer also after a drag that ended somewhere else', async () => {
    const { page } = await visit({ nodes: 12 })
    await settled(page)
    const picture = await page.locator('#picture').boundingBox()
    const panel = await page.locator('.panel').boundingBox()
    assert.ok(picture && panel)
    const hover = async () => {
      const { x, y } = await page.evaluate(() => hearsayPage.placeOf('node5') ?? { x: 0, y: 0 })
      await page.mouse.move(picture.x + x, picture.y + y, { steps: 3 })
    }
    const tooltip = page.locator('#tooltip').getByText('node5', { exact: false })
    await hover()
    await tooltip.waitFor()
    const [x, y] = [picture.x + picture.width - 6, picture.y + picture.height - 6]
    await page.mouse.move(x, y)
    await tooltip.waitFor({ state: 'hidden' })
    await page.mouse.down()
    await page.mouse.move(panel.x + 80, y, { steps: 5 })
    await page.mouse.up()
    await hover()
    await tooltip.waitFor()
  })

  it('shows a node that is clicked in the picture, and its neighbors', async () => {
    const { page } = await visit({ nodes: 12 })
    await settled(page)
    const { x, y } = await page.evaluate(() => hearsayPage.placeOf('node4') ?? { x: 0, y: 0 })
    await page.locator('#picture').click({ position: { x, y } })
    await page.getByRole('heading', { name: 'node4' }).waitFor()
    await page.getByText('Counters since its start').waitFor()
    await page.getByRole('cell', { name: 'node5', exact: true }).getByRole('button').click()
    assert.equal((await selected(page)).node, 'node5')
  })

  it('exports what is shown', async () => {
    const { page, complaints } = await visit({ nodes: 12, hasAllStates: true })
    await settled(page)
    const get = async (name: string) => {
      await page.locator('#export summary').click()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ])
      assert.match(download.suggestedFilename(), /^hearsay-node1-.*\.(json|dot|svg|png)$/)
      return download
    }
    const json = JSON.parse(await textOf(await get('JSON')))
    assert.equal(json.nodes.length, 17)
    assert.match(await textOf(await get('DOT')), /^graph hearsay \{/)
    assert.match(await textOf(await get('SVG')), /^<svg .*<\/svg>\s*$/s)
    const png = readFileSync(await (await get('PNG')).path())
    assert.equal(png.subarray(1, 4).toString(), 'PNG')
    assert.ok(png.length > 10_000, `${png.length} bytes`)
    assert.deepEqual(complaints, [])
  })

  it('has the theme of the system until another one is chosen, which it remembers', async () => {
    const { page } = await visit({ nodes: 3 }, { colorScheme: 'dark' })
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme)
    assert.equal(await theme(), 'dark')
    await page.getByRole('button', { name: 'Light theme' }).click()
    assert.equal(await theme(), 'light')
    await page.reload()
    assert.equal(await theme(), 'light')
  })

  it('fits a phone', async () => {
    const { page } = await visit(
      { nodes: 30, hasAllStates: true },
      { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    )
    await settled(page)
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.equal(await overflow(), 0)
    await page.getByText('30 nodes up').waitFor()
    const { x, y } = await page.evaluate(() => hearsayPage.placeOf('node4') ?? { x: 0, y: 0 })
    await page.locator('#picture').tap({ position: { x, y } })
    await page.getByRole('heading', { name: 'node4' }).waitFor()
    assert.equal(await overflow(), 0)
    await page.getByRole('tab', { name: 'Details' }).tap()
    assert.equal(await page.getByRole('heading', { name: 'node4' }).isVisible(), false)
    assert.deepEqual(await violations(page), [])
  })

  it('brings into sight on a phone how what was just sent has ended', async () => {
    const { page } = await visit(
      { nodes: 5 },
      { viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true },
    )
    await settled(page)
    await page.getByRole('tab', { name: 'Send' }).tap()
    const panel = page.locator('#panel-send')
    for (const [to, ended] of [
      ['node3', /^delivered, 1 hop/],
      ['nobody', /^failed: unknown-peer/],
    ] as const) {
      await page.getByLabel('To', { exact: true }).fill(to)
      await page.getByRole('button', { name: 'Send', exact: true }).tap()
      const outcome = panel.getByText(ended)
      await until('it is in sight', 5_000, async () => {
        const [inner, outer] = [await outcome.boundingBox(), await panel.boundingBox()]
        return inner !== null && outer !== null && inner.y + inner.height <= outer.y + outer.height
      })
    }
  })

  it('shows the end of long names, and all of them to who points at them', async () => {
    const { feed, page } = await visit({ nodes: 5 }, { viewport: { width: 375, height: 667 } })
    await settled(page)
    const names = ['first', 'other'].map((end) => `${'very-long.'.repeat(5)}the-${end}`)
    feed.tell(change(feed.nowMs(), { nodes: names.map((name) => seenNode(name)) }))
    await page.locator('#search').fill('very')
    for (const name of names) {
      const hit = page.getByRole('option', { name, exact: true }).getByTitle(name, { exact: true })
      const [end, list] = [
        await hit.getByText(name.slice(-10), { exact: true }).boundingBox(),
        await page.locator('#search-hits').boundingBox(),
      ]
      assert.ok(end !== null && list !== null && end.width > 20)
      assert.ok(end.x + end.width <= list.x + list.width, 'it is not cut')
    }
    await page.locator('#search').fill('')
    await page.getByRole('tab', { name: 'Nodes' }).click()
    const row = page.locator('#node-list li', { has: page.getByTitle(names[0] ?? '', { exact: true }) })
    const [end, all] = [
      await row.getByText(names[0]?.slice(-10) ?? '', { exact: true }).boundingBox(),
      await row.boundingBox(),
    ]
    assert.ok(end !== null && all !== null && end.x + end.width <= all.x + all.width)
  })

  it('has no node under its tools, also where it is narrow', async () => {
    const { page } = await visit({ nodes: 30 }, { viewport: { width: 320, height: 568 } })
    await settled(page)
    const tools = await page.locator('.tools').boundingBox()
    const picture = await page.locator('#picture').boundingBox()
    assert.ok(tools && picture)
    const highest = await page.evaluate(() =>
      Math.min(...hearsayPage.shown().nodes.map(({ name }) => hearsayPage.placeOf(name)?.y ?? 0)),
    )
    assert.ok(picture.y + highest > tools.y + tools.height + 5, `${highest} px from the upper edge`)
  })

  it('lets a finger move the list of hits, and goes to the one that is tapped', async () => {
    const { feed, page } = await visit(
      { nodes: 30 },
      { viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true },
    )
    await settled(page)
    await page.locator('#search').tap()
    await page.locator('#search').fill('node')
    const list = page.locator('#search-hits')
    await list.getByRole('option').nth(20).waitFor()
    const box = await list.boundingBox()
    assert.ok(box)
    const [x, from] = [box.x + 60, box.y + box.height - 30]
    const finger = await page.context().newCDPSession(page)
    const touch = (
      type: 'touchStart' | 'touchMove' | 'touchEnd',
      ...touchPoints: { x: number; y: number }[]
    ) => finger.send('Input.dispatchTouchEvent', { type, touchPoints })
    await touch('touchStart', { x, y: from })
    for (let step = 1; step <= 10; step++) await touch('touchMove', { x, y: from - step * 12 })
    await touch('touchEnd')
    await page.waitForFunction(() => (document.querySelector('#search-hits')?.scrollTop ?? 0) > 40)
    assert.equal((await selected(page)).node, undefined)
    assert.equal(await list.isVisible(), true)
    // What has been moved stays where it is, though somebody joins.
    feed.tell(feed.overlay.join(Date.now()))
    await list.getByText('and 1 more').waitFor({ state: 'attached' })
    assert.ok(await page.evaluate(() => (document.querySelector('#search-hits')?.scrollTop ?? 0) > 40))
    await list.getByRole('option', { name: 'node17' }).tap()
    assert.equal((await selected(page)).node, 'node17')
    assert.equal(await list.isVisible(), false)
  })

  it('finds also who comes later, and keeps what is chosen', async () => {
    const { feed, page } = await visit({ nodes: 30 })
    await settled(page)
    await page.locator('#search').fill('node3')
    await page.keyboard.press('ArrowDown')
    const chosen = page.locator('#search-hits [aria-selected="true"]')
    assert.equal(await chosen.textContent(), 'node30')
    feed.tell(feed.overlay.forget(Date.now(), 'node3'))
    feed.tell(feed.overlay.join(Date.now()))
    await page.locator('#search-hits').getByText('node31').waitFor()
    await page.waitForFunction(() => hearsayPage.selected().hits?.has('node3') === false)
    assert.deepEqual(await page.evaluate(() => [...(hearsayPage.selected().hits ?? [])]), [
      'node30',
      'node31',
    ])
    assert.equal(await chosen.textContent(), 'node30')
    await page.keyboard.press('Enter')
    assert.equal((await selected(page)).node, 'node30')
    // And does not open the list again.
    feed.tell(feed.overlay.join(Date.now()))
    await page.waitForFunction(() => hearsayPage.selected().hits?.has('node32'))
    assert.equal(await page.locator('#search-hits').isVisible(), false)
  })

  // A phone on its side, and windows that are enlarged to 200 %.
  for (const [width, height] of [
    [740, 360],
    [640, 400],
    [844, 390],
  ] as const) {
    it(`has picture and panel side by side in ${width} by ${height}`, async () => {
      const { page } = await visit({ nodes: 30, hasAllStates: true }, { viewport: { width, height } })
      await settled(page)
      await page.locator('#node-list').getByText('node4', { exact: true }).click()
      await page.getByRole('heading', { name: 'node4' }).waitFor()
      const boxOf = async (selector: string) => {
        const box = await page.locator(selector).boundingBox()
        assert.ok(box, selector)
        return { ...box, right: box.x + box.width, bottom: box.y + box.height }
      }
      const [picture, tools, panel] = [await boxOf('#picture'), await boxOf('.tools'), await boxOf('.panel')]
      assert.ok(picture.height > height * 0.6, `${picture.height} px of the picture`)
      assert.ok(picture.right <= panel.x && panel.height >= picture.height)
      assert.ok(tools.x >= picture.x && tools.right <= picture.right && tools.bottom <= picture.bottom)
      assert.ok((await boxOf('.search')).bottom <= picture.y)
      await page.getByText('30 nodes up').waitFor()
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
      assert.deepEqual(await violations(page), [])
    })
  }

  for (const reducedMotion of ['no-preference', 'reduce'] as const) {
    it(`lets messages run, but nothing where less motion is wanted: ${reducedMotion}`, async () => {
      const { feed, page } = await visit({ nodes: 12 }, { reducedMotion })
      await settled(page)
      const before = await page.evaluate(() => hearsayPage.frames())
      feed.tellSteps(feed.overlay.broadcast('node3'))
      await page.waitForFunction((frames) => hearsayPage.frames() > frames + 5, before)
      // Until the last trace has faded.
      await page.waitForFunction(() => !hearsayPage.isDrawing())
      const moves = await page.evaluate(() => hearsayPage.moves())
      assert.equal(moves > 0, reducedMotion === 'no-preference', `${moves} moves`)
      await page.getByRole('tab', { name: 'Events' }).click()
      await page.getByRole('button', { name: 'broadcast of node3' }).click()
      assert.match((await selected(page)).message ?? '', /^node3\//)
    })
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no serious flaw that axe finds, ${colorScheme}`, async () => {
      const { page, complaints } = await visit({ nodes: 30, hasAllStates: true }, { colorScheme })
      await settled(page)
      assert.deepEqual(await violations(page), [])
      await page.locator('#node-list').getByText('node12').click()
      await page.getByRole('heading', { name: 'node12' }).waitFor()
      assert.deepEqual(await violations(page), [])
      await page.getByRole('tab', { name: 'Send' }).click()
      await page.getByLabel('To', { exact: true }).fill('node9')
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await page.getByText(/^delivered/).waitFor()
      assert.deepEqual(await violations(page), [])
      await page.getByRole('tab', { name: 'Events' }).click()
      await page.keyboard.press('/')
      await page.keyboard.type('node1')
      await page.locator('#export summary').click()
      assert.deepEqual(await violations(page), [])
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByRole('button', { name: 'Keys' }).click()
      assert.deepEqual(await violations(page), [])
      assert.deepEqual(complaints, [])
    })
  }
})
