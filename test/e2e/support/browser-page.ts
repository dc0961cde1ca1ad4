// Pages with a member in them: an empty page on loopback that loads the bundle, and a driver for what its program does. It
// holds no assertions.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { BrowserNode, BrowserNodeOptions } from '../../../src/browser.ts'
import { bundleBrowser } from '../../../src/build/bundle-browser.ts'
import { complaintsOf } from './chromium.ts'
import { until } from './until.ts'

/** What the program of a page keeps of what its node tells. */
interface Told {
  readonly values: unknown[]
  /** Names. */
  readonly up: string[]
  /** `name reason`. */
  readonly down: string[]
  readonly stopped: string[]
  /** Of each time that the page was hidden: whether the browser kept it. */
  readonly kept: boolean[]
}

/** The program of a page: global functions. Requests are answered with what was asked, in a list. */
const PROGRAM = `import { createNode, HearsayError } from '/hearsay.js'
const told = { values: [], up: [], down: [], stopped: [], kept: [] }
addEventListener('pagehide', ({ persisted }) => told.kept.push(persisted))
globalThis.start = async (options) => {
  const node = await createNode(options).catch((error) => {
    throw new Error([error instanceof HearsayError, error.code, error.message].join(' '))
  })
  node.on('message', ({ value }) => told.values.push(value))
  node.on('neighbor-up', ({ name }) => told.up.push(name))
  node.on('neighbor-down', ({ name, reason }) => told.down.push(name + ' ' + reason))
  node.on('stopped', ({ detail }) => told.stopped.push(detail))
  node.handle(({ value }) => [value])
  Object.assign(globalThis, { node, told })
}`

/** A member in a worker, which is told what happens to its page, as README.md says; and how a page starts it. */
const WORKER = `import { createNode } from '/hearsay.js'
addEventListener('message', ({ data: { type, persisted } }) => {
  dispatchEvent(Object.assign(new Event(type), { persisted }))
})
const node = await createNode(JSON.parse(decodeURIComponent(location.hash.slice(1))))
node.on('message', ({ value }) => postMessage(value))
node.on('stopped', ({ detail }) => postMessage(detail))`
const STARTS_WORKER = `
globalThis.startWorker = (options) => {
  const worker = new Worker('/worker.js#' + encodeURIComponent(JSON.stringify(options)), { type: 'module' })
  worker.onmessage = ({ data }) => told.values.push(data)
  for (const type of ['pagehide', 'pageshow']) {
    addEventListener(type, ({ persisted }) => worker.postMessage({ type, persisted }))
  }
  globalThis.told = told
}`

interface Globals {
  start(options: BrowserNodeOptions): Promise<void>
  startWorker(options: BrowserNodeOptions): void
  readonly node: BrowserNode
  readonly told: Told
}

/** Serves the page, under as many addresses as it is asked for, and the bundle. */
export class Site {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(): Promise<Site> {
    const { text } = await bundleBrowser()
    const files = new Map([
      [
        '/',
        [
          'text/html',
          `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/program.js"></script>
           <a href="/?another">another page</a>`,
        ],
      ],
      ['/program.js', ['text/javascript', PROGRAM + STARTS_WORKER]],
      ['/worker.js', ['text/javascript', WORKER]],
      ['/hearsay.js', ['text/javascript', text]],
    ])
    const server = createServer(({ url = '' }, response) => {
      const [type = '', body = ''] = files.get(url.replace(/\?.*/, '')) ?? []
      response.writeHead(type === '' ? 404 : 200, { 'content-type': type }).end(body)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Site(server)
  }

  /** Where it is under a host name that leads to this machine. */
  urlAt(host: string): string {
    return `http://${host}:${(this.#server.address() as AddressInfo).port}/`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** A page with one member in it. */
export class MemberPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What the browser complains of, without what it prints of every WebSocket that does not open, or is given up before. */
  get complaints(): string[] {
    return this.#complaints.filter(
      (text) => !/^(error|warning): WebSocket connection to '.*' failed: /.test(text),
    )
  }
  readonly #complaints: string[]

  private constructor(page: Page, context: BrowserContext) {
    this.page = page
    this.context = context
    this.#complaints = complaintsOf(page)
  }

  /** An open page, closed after the test. Its origin is that of a development server, unless told another host. */
  static async open(t: TestContext, browser: Browser, site: Site, host = '127.0.0.1'): Promise<MemberPage> {
    const context = await browser.newContext()
    t.after(() => context.close())
    const member = new MemberPage(await context.newPage(), context)
    await member.page.goto(site.urlAt(host))
    await member.#isLoaded()
    return member
  }

  /** Follows the link to another page of the site. */
  async followLink(): Promise<void> {
    await this.page.click('a')
    await this.page.waitForURL('**/?another')
    await this.#isLoaded()
  }

  /**
   * Comes back to the page before, or after; false when the browser has not kept it. (What Playwright has for this waits
   * for a page that is loaded, and one that was kept is not.)
   */
  async come(where: 'back' | 'forward'): Promise<boolean> {
    const before = this.page.url()
    await this.page.evaluate(`void setTimeout(() => history.${where}())`)
    await until(`it is ${where}`, 20_000, async () => this.page.url() !== before)
    await this.#isLoaded()
    return this.page.evaluate(() => 'told' in globalThis)
  }

  async #isLoaded(): Promise<void> {
    await this.page.waitForFunction(() => 'start' in globalThis)
  }

  /** A page whose node runs and has its first link. */
  static async start(
    t: TestContext,
    where: { readonly browser: Browser; readonly site: Site },
    options: BrowserNodeOptions,
  ): Promise<MemberPage> {
    const member = await MemberPage.open(t, where.browser, where.site)
    await member.startNode(options)
    await member.ask((node) => node.ready())
    return member
  }

  startNode(options: BrowserNodeOptions): Promise<void> {
    return this.page.evaluate((given) => (globalThis as unknown as Globals).start(given), options)
  }

  /** Starts a member in a worker of the page. */
  startWorker(options: BrowserNodeOptions): Promise<void> {
    return this.page.evaluate((given) => (globalThis as unknown as Globals).startWorker(given), options)
  }

  /** Calls this in the page, with its node and a value that JSON can say. */
  ask<R, A = undefined>(call: (node: BrowserNode, argument: A) => R | Promise<R>, argument?: A): Promise<R> {
    return this.page.evaluate(
      ([text, given]) => {
        const { node } = globalThis as unknown as Globals
        return new Function('node', 'given', `return (${text})(node, given)`)(node, given)
      },
      [call.toString(), argument] as const,
    )
  }

  /** What the node has told its program so far. */
  told(): Promise<Told> {
    return this.page.evaluate(() => (globalThis as unknown as Globals).told)
  }

  /** Waits until this is true of what the node has told. */
  async hears(what: string, condition: (told: Told) => boolean, deadlineMs = 20_000): Promise<void> {
    await until(what, deadlineMs, async () => condition(await this.told()))
  }

  /** From now on timers take a minute, as in a tab that has been hidden for a while. */
  async sleepTimers(): Promise<void> {
    await this.page.evaluate(() => {
      const real = globalThis.setTimeout
      const sleepy = (call: () => void, ms = 0) => real(call, Math.max(ms, 60_000))
      Object.assign(globalThis, { setTimeout: sleepy })
    })
  }

  /**
   * The page stands still, as a frozen one or one on a machine that sleeps: no timer, no message, until the function that is
   * returned lets it go on. (What Chromium has for this, `Page.setWebLifecycleState`, does nothing without a screen.)
   */
  async standStill(): Promise<() => Promise<void>> {
    const session = await this.context.newCDPSession(this.page)
    await session.send('Debugger.enable')
    const paused = new Promise((resolve) => session.once('Debugger.paused', resolve))
    await session.send('Debugger.pause')
    await paused
    return async () => {
      await session.send('Debugger.resume')
      await session.detach()
    }
  }

  /** Waits until the node has links to exactly so many neighbors, or more. */
  async hasNeighbors(countMin: number): Promise<void> {
    await until(`${countMin} neighbors`, 20_000, async () => {
      return (await this.ask((node) => node.neighbors().length)) >= countMin
    })
  }
}
