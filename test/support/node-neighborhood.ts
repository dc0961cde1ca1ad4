// A node with two healthy neighbors that exchange messages all the while, to show that whatever a stranger does to the
// node in the middle touches nobody else.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { NodeOptions } from '../../src/index.ts'
import { meshed, type RecordedNode, startNode, until } from './node-rig.ts'

/** Three nodes, each linked to the others, and the traffic among them. */
export class Neighborhood {
  /** The one that strangers come to. */
  readonly victim: RecordedNode
  readonly left: RecordedNode
  readonly right: RecordedNode
  readonly #failures: string[] = []
  readonly #flows: Promise<void>[] = []
  #rounds = 0
  #isOver = false

  private constructor(victim: RecordedNode, left: RecordedNode, right: RecordedNode) {
    this.victim = victim
    this.left = left
    this.right = right
  }

  /** The options are for all three nodes. */
  static async start(t: TestContext, given: NodeOptions = {}): Promise<Neighborhood> {
    // Nobody looks for lost peers meanwhile: their dials would be in the counts.
    const options = { ...given, config: { healIntervalMs: 60_000, ...given.config } }
    const victim = await startNode(t, 'victim', options)
    const left = await startNode(t, 'left', { ...options, peers: [victim.url] })
    const right = await startNode(t, 'right', { ...options, peers: [victim.url] })
    await meshed([victim, left, right])
    const neighborhood = new Neighborhood(victim, left, right)
    neighborhood.#flows.push(neighborhood.#flow())
    t.after(() => {
      neighborhood.#isOver = true
    })
    return neighborhood
  }

  /** The nodes. */
  get all(): readonly RecordedNode[] {
    return [this.victim, this.left, this.right]
  }

  /**
   * Ends the traffic and fails unless every message has arrived, once and in order, some of them after this call, over
   * the very links that there were before the stranger came.
   */
  async unharmed(): Promise<void> {
    const { victim, left, right } = this
    const before = this.#rounds
    await until('messages still arrive', () => this.#rounds >= before + 3 || this.#failures.length > 0)
    this.#isOver = true
    await Promise.all(this.#flows)
    assert.deepEqual(this.#failures, [])
    for (const [node, from] of [
      [victim, 'left'],
      [right, 'victim'],
      [left, 'right'],
    ] as const) {
      const direct = node.messages.filter((message) => message.from === from && !message.broadcast)
      assert.deepEqual(
        direct.map(({ value }) => value),
        Array.from({ length: this.#rounds }, (_, round) => round),
      )
    }
    const rounds = this.#rounds
    const toAll = Array.from({ length: rounds }, (_, round) => `round ${round}`)
    for (const node of [left, right]) {
      await node.got(toAll.at(-1))
      const got = node.messages.filter((message) => message.from === 'victim' && message.broadcast)
      assert.deepEqual(
        got.map(({ value }) => value),
        toAll,
      )
    }
    const ofVictim = (line: string): boolean => line.startsWith('victim ')
    const ofNeighbors = (line: string): boolean => /^(left|right) /.test(line)
    assert.deepEqual([...victim.down, ...victim.left].filter(ofNeighbors), [])
    for (const node of [left, right]) assert.deepEqual([...node.down, ...node.left].filter(ofVictim), [])
    for (const { stopped } of this.all) assert.deepEqual(stopped, [])
    assert.deepEqual(
      victim.neighborNames.filter((name) => name === 'left' || name === 'right'),
      ['left', 'right'],
    )
  }

  /** Sends round after round: left to victim to right to left, and from the victim to all. */
  async #flow(): Promise<void> {
    const { victim, left, right } = this
    while (!this.#isOver) {
      const round = this.#rounds
      const outcomes = await Promise.all([
        left.node.send('victim', round),
        victim.node.send('right', round),
        right.node.send('left', round),
        victim.node.broadcast(`round ${round}`),
      ])
      if (this.#isOver && victim.node.health().live === false) return
      for (const outcome of outcomes)
        if (outcome.status === 'failed') this.#failures.push(JSON.stringify(outcome))
      this.#rounds++
      // Traffic, not load.
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
}
