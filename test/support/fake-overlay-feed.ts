// A server of the topology page without a swarm behind it: hands out the page, and plays the lines of an overlay that is
// not there (fake-overlay.ts). For developing the page, and for tests of what a real swarm cannot easily be brought to.
//
//   node test/support/fake-overlay-feed.ts [--nodes 300] [--port 5099] [--seed 1] [--quiet]
//
// It answers sends as a node would; a message to `nobody` fails.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { type WebSocket, WebSocketServer } from 'ws'
import { uiFiles } from '../../src/dashboard/assets.ts'
import type { MessageStep } from '../../src/guests/overlay-lines.ts'
import { requestListener } from '../../src/http/listener.ts'
import { answer, createShim } from '../../src/http/shim.ts'
import { addUi } from '../../src/http/ui.ts'
import { silentLogger } from '../../src/logger.ts'
import { FakeOverlay, type FakeOverlayOptions } from './fake-overlay.ts'

/** What is played. */
export interface FakeFeedOptions extends Partial<FakeOverlayOptions> {
  readonly port?: number
  /** Traffic, reports and changes as time passes; without, only what is asked for. Default `false`. */
  readonly isAlive?: boolean
  /** It says that it is a bootstrap. */
  readonly isBootstrap?: boolean
  /** Sends are taken, and never answered. */
  readonly isMute?: boolean
  /** What a guest that watches is told, instead of the overlay. */
  readonly onWatch?: (tell: (line: unknown) => void, overlay: FakeOverlay) => void
}

const TRAFFIC_MS = 250
const REPORTS_MS = 2_000
const CHANGES_MS = 4_000

/** The server. */
export class FakeFeed {
  readonly overlay: FakeOverlay
  /** Lines that came in, newest last. */
  readonly heard: Record<string, unknown>[] = []
  /** The clock that its lines are by. */
  nowMs = Date.now
  readonly #http: Server
  readonly #sockets: WebSocketServer
  readonly #options: FakeFeedOptions
  readonly #timers: NodeJS.Timeout[] = []
  readonly #watching = new Set<WebSocket>()
  #isAnswering = true
  #isSilent = false

  private constructor(options: FakeFeedOptions) {
    this.#options = options
    this.overlay = new FakeOverlay({ nodes: 30, ...options })
    const app = createShim({}, silentLogger)
    addUi(app, uiFiles)
    const { isBootstrap = false } = options
    const message = isBootstrap ? 'Bootstrap node is running!' : `Node ${this.overlay.self} is running!`
    app.get('/', (c) => answer(c, 200, { message }))
    this.#http = createServer(requestListener(app))
    this.#sockets = new WebSocketServer({ noServer: true })
    this.#http.on('upgrade', (request, socket, head) => {
      if (!this.#isAnswering) {
        socket.destroy()
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (guest) => this.#welcome(guest))
    })
  }

  /** Starts one. */
  static async start(options: FakeFeedOptions = {}): Promise<FakeFeed> {
    const feed = new FakeFeed(options)
    await new Promise<void>((resolve) => feed.#http.listen(options.port ?? 0, '127.0.0.1', resolve))
    feed.#every(REPORTS_MS, () => feed.#sayNothing())
    if (options.isAlive === true) feed.#live()
    return feed
  }

  /** Where the page is. */
  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/ui`
  }

  /** Tells all guests a line; text as it is. */
  tell(line: unknown): void {
    const text = typeof line === 'string' ? line : JSON.stringify(line)
    if (this.#isSilent) return
    for (const guest of this.#sockets.clients) guest.send(text)
  }

  /** Says nothing from now on, and keeps all connections: as a process that was stopped. */
  fallSilent(): void {
    this.#isSilent = true
  }

  /** Who watches now. */
  get watching(): number {
    return this.#watching.size
  }

  /** Tells all guests of steps. */
  tellSteps(steps: readonly MessageStep[], oneIn = 1): void {
    this.tell({ event: 'traffic', atMs: this.nowMs(), oneIn, leftOut: 0, steps })
  }

  /** Cuts all guests off, and lets none in until `answer`. */
  cut(): void {
    this.#isAnswering = false
    for (const guest of this.#sockets.clients) guest.terminate()
  }

  /** Lets guests in again. */
  answer(): void {
    this.#isAnswering = true
  }

  /** Ends it. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    for (const guest of this.#sockets.clients) guest.terminate()
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  #welcome(guest: WebSocket): void {
    guest.on('close', () => this.#watching.delete(guest))
    const tell = (line: unknown) => {
      if (!this.#isSilent) guest.send(typeof line === 'string' ? line : JSON.stringify(line))
    }
    tell(`Welcome to ${this.overlay.self}, you are ${this.overlay.self}/guest-k3f7. Type /help`)
    guest.on('message', (data) => {
      const line = JSON.parse(String(data)) as Record<string, unknown>
      this.heard.push(line)
      if (line.cmd === 'watch' && line.on === false) {
        this.#watching.delete(guest)
        tell({ event: 'watch', on: false })
      } else if (line.cmd === 'watch') {
        this.#watching.add(guest)
        this.#watch(tell)
      }
      if (typeof line.to === 'string') this.#send(line.to, line, tell)
    })
  }

  #watch(tell: (line: unknown) => void): void {
    if (this.#options.onWatch !== undefined) {
      this.#options.onWatch(tell, this.overlay)
      return
    }
    tell({ event: 'watch', on: true, node: this.overlay.self })
    tell(this.overlay.line(this.nowMs()))
    tell(this.overlay.reports(this.nowMs()))
  }

  // A node that is watched sends reports also when there are none.
  #sayNothing(): void {
    if (this.#isSilent || this.#options.onWatch !== undefined) return
    const line = { event: 'reports', atMs: this.nowMs(), everyMs: REPORTS_MS, reports: [] }
    for (const guest of this.#watching) guest.send(JSON.stringify(line))
  }

  #send(to: string, line: Record<string, unknown>, tell: (line: unknown) => void): void {
    if (this.#options.isMute === true) return
    const { overlay } = this
    const { tag } = line
    const traceparent = String(line.traceparent)
    const answer = { event: 'outcome', tag, to }
    if (to === '*') {
      const steps = overlay.broadcast(overlay.self, traceparent)
      this.tellSteps(steps)
      const receipts = [...steps.map(({ at }) => ({ name: at })), ...overlay.http.map((name) => ({ name }))]
      const of = receipts.length
      const id = steps[0]?.id ?? 'node1/1/http-1'
      const neighbors = overlay.neighbors(overlay.self)
      tell({ ...answer, status: 'sent', neighbors, reached: of, of, missing: [], receipts, id })
      return
    }
    if (overlay.node(to)?.kind === 'http') {
      tell({ ...answer, status: 'delivered', hops: 1, rttMs: 3.1, id: 'node1/1/1' })
      return
    }
    const steps = overlay.direct(overlay.self, to, traceparent)
    if (steps.length === 0) {
      const reason = overlay.node(to) === undefined ? 'unknown-peer' : 'no-route'
      tell({ ...answer, status: 'failed', reason, at: overlay.self, error: `${to} cannot be reached` })
      return
    }
    tell({ ...answer, status: 'delivered', hops: steps.length, rttMs: 3.1, id: steps[0]?.id })
    this.tellSteps(steps)
  }

  #live(): void {
    const { overlay } = this
    const any = () => overlay.up[overlay.below(overlay.up.length)] as string
    this.#every(TRAFFIC_MS, () => {
      const count = 1 + overlay.below(Math.min(12, overlay.up.length))
      const steps = Array.from({ length: count }, () => overlay.direct(any(), any())).flat()
      if (overlay.below(12) === 0) steps.push(...overlay.broadcast(any()))
      this.tellSteps(steps, overlay.up.length > 200 ? 8 : 1)
    })
    this.#every(REPORTS_MS, () => this.tell(overlay.reports(this.nowMs())))
    this.#every(CHANGES_MS, () => {
      const name = any()
      const what = overlay.below(4)
      if (what < 2 || name === overlay.self) this.tell(overlay.join(this.nowMs()))
      else this.tell(overlay.leave(this.nowMs(), name, what === 2 ? 'leaving' : 'unreachable'))
    })
  }

  #every(ms: number, action: () => void): void {
    this.#timers.push(setInterval(action, ms))
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      nodes: { type: 'string', default: '300' },
      port: { type: 'string', default: '5099' },
      seed: { type: 'string', default: '1' },
      quiet: { type: 'boolean', default: false },
    },
  })
  const feed = await FakeFeed.start({
    nodes: Number(values.nodes),
    port: Number(values.port),
    seed: Number(values.seed),
    hasAllStates: Number(values.nodes) > 3,
    isAlive: !values.quiet,
  })
  console.log(feed.url)
}
