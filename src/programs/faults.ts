// What befalls a network of programs: each kind of fault as something that can be done to it at any moment, and how all of
// it ends. It must not decide when, nor judge what comes of it.

import type { Rng } from '../core/rng.ts'
import type { Run } from './book.ts'
import { type FaultKind, NODES_MAX } from './plan.ts'
import type { Programs } from './programs.ts'

/** Fewer than this are not left running. */
const NODES_KEPT = 3
/** As a fault lasts at most; the last ones end with the safety phase. */
const LAST_MS = 8_000
/** These can be dialled: without any such node those that cannot have no way to meet. */
const ALWAYS_BACK: readonly string[] = ['n0', 'n1', 'n2']
/** Closing takes less. */
const CLOSING_MS = 2_500

/** See the head of the file. */
export class Faults {
  readonly #programs: Programs
  readonly #rng: Rng
  readonly #kinds: readonly FaultKind[]
  /** Nodes that are down and come back. */
  readonly #down = new Set<string>()
  #isPartitioned = false
  #hasRolled = false
  #isOver = false
  #extra = 0

  constructor(programs: Programs, rng: Rng) {
    this.#programs = programs
    this.#rng = rng
    this.#kinds = [...programs.plan.faults]
  }

  /** One fault, of a kind that this run has. */
  strike(): void {
    const kind = this.#rng.pick(this.#kinds)
    const run = this.#rng.pick(this.#programs.running)
    if (kind === undefined || run === undefined) return
    this.#programs.hearing.check()
    this.#strike(kind, run)
  }

  /** All faults end, and who is to come back does. */
  async calm(): Promise<void> {
    this.#isOver = true
    const { inside, net } = this.#programs
    net.heal()
    inside.medium.failDials(0)
    for (const run of this.#programs.running) {
      const host = this.#programs.hostOf(run)
      host.isFirewalled = false
      host.slow(undefined)
      host.resume()
    }
    await this.#programs.advance(CLOSING_MS)
    for (const name of this.#down) this.#programs.start(name)
  }

  #strike(kind: FaultKind, run: Run): void {
    const { inside, net } = this.#programs
    const host = this.#programs.hostOf(run)
    const rng = this.#rng
    switch (kind) {
      case 'crash':
      case 'silent-crash':
      case 'close':
        this.#takeDown(run, kind)
        break
      case 'rolling-restart':
        this.#roll()
        break
      case 'start-storm':
        this.#storm()
        break
      case 'cut':
        this.#betweenNeighbors(run, (a, b) => inside.medium.cut(a, b, { isLost: rng.chance(0.5) }))
        break
      case 'silence':
        this.#betweenNeighbors(run, (a, b) => inside.medium.halfOpen(a, b))
        break
      case 'one-way-silence':
        this.#betweenNeighbors(run, (a, b) => inside.medium.silence(a, b))
        break
      case 'partition':
      case 'one-way-partition':
        this.#partition(kind === 'one-way-partition')
        break
      case 'dial-failures':
        inside.medium.failDials(rng.between(1, 9) / 10)
        this.#later(() => inside.medium.failDials(0))
        break
      case 'firewall':
        host.isFirewalled = true
        this.#later(() => {
          host.isFirewalled = false
        })
        break
      case 'slow-reader':
        net.slow(run.name, rng.between(5_000, 50_000))
        this.#later(() => host.slow(undefined))
        break
      case 'pause':
        this.#programs.pause(run, rng.between(10, rng.chance(0.2) ? 8_000 : 1_000))
    }
  }

  /** Runs something after a while, unless the faults are over by then: {@link calm} does it for all. */
  #later(run: () => void, ms = this.#rng.between(10, LAST_MS)): void {
    this.#programs.inside.queue.plan(ms, () => {
      if (!this.#isOver) run()
    })
  }

  #betweenNeighbors(run: Run, strike: (a: string, b: string) => void): void {
    const end = this.#rng.pick([...this.#programs.hostOf(run).ends])
    if (end !== undefined) strike(run.name, end.other.name)
  }

  #partition(isOneWay: boolean): void {
    if (this.#isPartitioned) return
    this.#isPartitioned = true
    const names = this.#rng.shuffled(this.#programs.running.map(({ name }) => name))
    const at = this.#rng.between(1, names.length)
    this.#programs.inside.medium.partition([names.slice(at), names.slice(0, at)], { isOneWay })
    this.#later(() => {
      this.#isPartitioned = false
      this.#programs.net.heal()
    })
  }

  /** Ends a node, and mostly starts it again after a while. */
  #takeDown(run: Run, how: 'crash' | 'silent-crash' | 'close'): void {
    if (this.#programs.running.length <= NODES_KEPT) return
    if (how !== 'close') this.#programs.crash(run, how === 'silent-crash')
    else {
      void this.#programs.close(run)
      if (this.#rng.chance(0.3)) this.#afterTheEnd(run)
      // A process can be killed while it closes.
      if (this.#rng.chance(0.1)) this.#later(() => this.#crashClosing(run), this.#rng.below(500))
    }
    if (this.#rng.chance(0.2) && !ALWAYS_BACK.includes(run.name)) return
    this.#down.add(run.name)
    this.#later(() => this.#comeBack(run.name), this.#rng.pick([0, 5, 200, 2_000, LAST_MS]))
  }

  #crashClosing(run: Run): void {
    if (run.state === 'closing') this.#programs.crash(run, false)
  }

  /** A program that does not look whether its node was closed goes on. */
  #afterTheEnd(run: Run): void {
    const { requests } = this.#programs
    const to = this.#rng.pick(this.#programs.running)?.name ?? 'nobody'
    requests.send(run, { to, deadlineMs: 500 })
    requests.send(run, { to: run.name, deadlineMs: 500 }, true)
    requests.request(run, { to, deadlineMs: 500 })
    requests.broadcast(run, { receipts: true, deadlineMs: 500, bytes: 1 })
    requests.broadcast(run, { receipts: false, topic: 'a', deadlineMs: 500, bytes: 1 })
    requests.history(run, { filter: '#', to, deadlineMs: 500 })
    requests.trace(run, to, 500)
    void run.node.messages().next()
  }

  #comeBack(name: string): void {
    // Its last run may still be closing.
    if (this.#programs.last(name)?.state === 'closing') this.#later(() => this.#comeBack(name), 100)
    else {
      this.#down.delete(name)
      this.#programs.start(name)
    }
  }

  /** One after the other, as a new version is rolled out. */
  #roll(): void {
    if (this.#hasRolled) return
    this.#hasRolled = true
    const gapMs = this.#rng.between(50, 600)
    const how = this.#rng.chance(0.5) ? 'close' : 'crash'
    for (const [index, { name }] of this.#programs.running.entries()) {
      this.#later(() => {
        const run = this.#programs.last(name)
        if (run?.state !== 'runs' || this.#programs.running.length <= NODES_KEPT) return
        if (how === 'close') void this.#programs.close(run)
        else this.#programs.crash(run, false)
        this.#down.add(name)
        this.#comeBack(name)
      }, index * gapMs)
    }
  }

  #storm(): void {
    const room = NODES_MAX - this.#programs.running.length - this.#down.size
    const count = Math.min(room, this.#rng.between(1, 6))
    for (let started = 0; started < count; started++) {
      this.#programs.start(`n${this.#programs.plan.nodes + this.#extra++}`)
    }
  }
}
