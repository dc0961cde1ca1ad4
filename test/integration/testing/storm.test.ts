// The production engine in storms: programs that send while links break, nodes crash, stand still, leave and come back.
// Whatever happens, each send ends with the truth, and a network that is left alone comes to rest. A failing seed tells
// the command that replays it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'
import type { Node } from '../../../src/index.ts'
import { createTestNetwork, type TestNetwork } from '../../../src/testing/test-network.ts'

const NODES = 12
const ROUNDS = 40

/** What programs sent and got, to be compared in the end. */
class Book {
  /** By `origin run→destination`: the numbers that arrived there, in order. */
  readonly #got = new Map<string, number[]>()
  readonly #open = new Set<string>()
  readonly #delivered: { key: string; number: number }[] = []
  readonly #runs = new Map<string, number>()
  #last = 0

  /** A run of a node begins. */
  watch(node: Node): void {
    const run = (this.#runs.get(node.name) ?? 0) + 1
    this.#runs.set(node.name, run)
    node.on('message', ({ value }) => {
      const { key, number } = value as { key: string; number: number }
      const numbers = this.#got.get(`${key} run ${run}`) ?? []
      this.#got.set(`${key} run ${run}`, [...numbers, number])
    })
  }

  /** Sends the next number. */
  async send(from: Node, to: string, deadlineMs: number): Promise<void> {
    const number = ++this.#last
    const key = `${from.name} ${this.#runs.get(from.name)}→${to}`
    const entry = `${key} ${number}`
    this.#open.add(entry)
    const outcome = await from.send(to, { key, number }, { deadlineMs })
    this.#open.delete(entry)
    if (outcome.status === 'delivered') this.#delivered.push({ key, number })
  }

  /** The senders that have crashed are not told how it ended. */
  forget(name: string): void {
    for (const entry of this.#open) if (entry.startsWith(`${name} `)) this.#open.delete(entry)
  }

  check(): void {
    assert.deepEqual([...this.#open], [], 'each send has an outcome')
    const arrived = new Set<string>()
    for (const [key, numbers] of this.#got) {
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].sort((a, b) => a - b),
        `${key}: once each, in order`,
      )
      for (const number of numbers) arrived.add(`${key.replace(/ run \d+$/, '')} ${number}`)
    }
    for (const { key, number } of this.#delivered) {
      assert.ok(arrived.has(`${key} ${number}`), `${key} ${number} was delivered`)
    }
    assert.ok(this.#delivered.length > this.#last / 4, `${this.#delivered.length} of ${this.#last} delivered`)
  }
}

async function storm(net: TestNetwork, book: Book): Promise<void> {
  const rng = new Rng(net.seed)
  const running = (): Node => rng.pick(net.nodes) as Node
  const gone = new Set<string>()
  const faults: (() => unknown)[] = [
    () => betweenNeighbors((a, b) => net.cut(a, b)),
    () => betweenNeighbors((a, b) => net.silence(a, b)),
    () => net.pause(running().name, rng.between(1, 15_000)),
    () => net.slow(running().name, rng.chance(0.5) ? Number.POSITIVE_INFINITY : 20_000),
    () => net.partition(net.nodes.filter(() => rng.chance(0.4)).map(({ name }) => name)),
    () => net.heal(),
    () => {
      const { name } = running()
      net.crash(name, { silent: rng.chance(0.5) })
      book.forget(name)
      gone.add(name)
    },
    async () => {
      const node = running()
      await node.close()
      gone.add(node.name)
    },
    ...Array(3).fill(() => back()),
  ]
  const betweenNeighbors = (strike: (a: string, b: string) => void): void => {
    const node = running()
    const others = node.neighbors().filter(({ name }) => net.nodes.some((other) => other.name === name))
    const other = rng.pick(others)
    if (other !== undefined) strike(node.name, other.name)
  }
  const back = async (): Promise<void> => {
    const name = rng.pick([...gone])
    if (name === undefined) return
    gone.delete(name)
    book.watch(await net.restart(name))
  }
  for (let round = 0; round < ROUNDS; round++) {
    const names = Array.from({ length: NODES }, (_, i) => `node${i + 1}`)
    for (const node of net.nodes) {
      void book.send(node, rng.pick(names.filter((name) => name !== node.name)) ?? '', rng.between(50, 8_000))
    }
    if (net.nodes.length > 3 || gone.size === 0) await rng.pick(faults)?.()
    else await back()
    await net.advance(rng.between(0, 1_000))
  }
  net.heal()
  while (gone.size > 0) await back()
  for (const { name } of net.nodes) net.slow(name, Number.POSITIVE_INFINITY)
}

const SEED = process.env.HEARSAY_SEED
const FIRST = Math.floor(Math.random() * 1e9)

for (const seed of SEED === undefined ? Array.from({ length: 6 }, (_, i) => FIRST + i) : [Number(SEED)]) {
  test(`after a storm (seed ${seed})`, async () => {
    try {
      const book = new Book()
      await using net = createTestNetwork({
        seed,
        jitterMs: seed % 3 === 0 ? 30 : 0,
        dialFailure: (seed % 5) / 20,
      })
      await net.start(2, { listen: false })
      await net.start(NODES - 2)
      for (const node of net.nodes) book.watch(node)
      await storm(net, book)
      await net.settled()
      // Who stands still goes on within 15 s; deadlines are at most 8 s.
      await net.advance(25_000)
      book.check()
      const sends = net.nodes.flatMap((from) =>
        net.nodes.filter((to) => to !== from).map((to) => from.send(to.name, {})),
      )
      for (const outcome of await Promise.all(sends)) assert.equal(outcome.status, 'delivered')
    } catch (error) {
      console.error(`replay: HEARSAY_SEED=${seed} node --test test/integration/testing/storm.test.ts`)
      throw error
    }
  })
}
