// What nodes tell of their messages, added up by one who watches, is what there was: with all parts of it as they are, but for
// the overlay between them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LinkId, NodeName } from '../../../src/core/messages.ts'
import { Rng } from '../../../src/core/rng.ts'
import type { WatchedLine } from '../../../src/guests/overlay-lines.ts'
import { silentLogger } from '../../../src/logger.ts'
import { seal } from '../../../src/node/envelope.ts'
import { messageOf } from '../../../src/node/report-form.ts'
import { Reporting } from '../../../src/node/reporting.ts'
import { Sightings } from '../../../src/node/sightings.ts'
import { Watching } from '../../../src/node/watching.ts'
import { decodePayload, type JsonValue } from '../../../src/wire/payload.ts'
import { HandClock } from '../../support/hand-clock.ts'

const link = 1 as LinkId
const payload = seal('hello', {})
const outcome = { status: 'delivered', id: '', hops: 1, rttMs: 1 } as const

/** A node to which messages come. */
class Seer {
  readonly name: NodeName
  readonly sightings: Sightings
  readonly reporting: Reporting
  #sequence = 0

  constructor(index: number, clock: HandClock, report: (from: NodeName, value: unknown) => void) {
    const name = `n${index}` as NodeName
    this.name = name
    const overlay = { neighbors: new Map([['next' as NodeName, { id: link }]]), wayTo: () => ({ id: link }) }
    this.sightings = new Sightings({ name, overlay: overlay as never, logger: silentLogger })
    this.reporting = new Reporting({
      name,
      overlay: overlay as never,
      links: { queuedBytes: () => 0, receivedBytes: () => 0 },
      sightings: this.sightings,
      sending: {
        tell: (_, payload) => {
          const decoded = decodePayload(payload)
          if (decoded.ok) report(name, decoded.value)
          return Promise.resolve(outcome)
        },
      },
      timers: clock,
      nowMs: () => clock.nowMs,
      rng: new Rng(index),
      stats: () => ({
        sent: { direct: {}, broadcast: {}, request: {}, http: {} },
        received: { direct: 0, broadcast: 0, http: 0 },
        relayed: 0,
        dropped: {},
      }),
      toOwn: (told) => report(name, JSON.parse(JSON.stringify(messageOf(told)))),
    })
  }

  see(count: number): void {
    for (let i = 0; i < count; i++) {
      const message = {
        type: 'direct',
        hopsLeft: 5,
        hops: 2,
        destination: 'd' as NodeName,
        destinationIncarnation: 0,
        origin: `o${this.name}` as NodeName,
        originIncarnation: 7,
        sequence: ++this.#sequence,
        floor: 1,
        payload,
      } as const
      this.sightings.received({ type: 'received', link, messages: [message] })
    }
  }
}

class Rig extends HandClock {
  readonly lines: WatchedLine[] = []
  readonly seers: readonly Seer[]
  truth = 0

  constructor(nodes: number) {
    super()
    this.seers = Array.from(
      { length: nodes },
      (_, i) => new Seer(i, this, (from, value) => watching.reported(from, value)),
    )
    const ask = (call: unknown) => {
      for (const { reporting } of this.seers) reporting.asked('n0' as NodeName, call as JsonValue)
    }
    const watching = new Watching({
      name: 'n0' as NodeName,
      overlay: {
        self: { name: 'n0' },
        directory: {
          entries: [],
          edges: () => [],
          get: () => undefined,
          hash: { high: 0, low: 0 },
          size: nodes,
          reachableCount: nodes,
        },
      } as never,
      httpPeers: () => [],
      casting: {
        tell: (payload) => {
          const decoded = decodePayload(payload)
          if (decoded.ok) ask(decoded.value)
        },
      },
      timers: this,
      nowMs: () => this.nowMs,
      wallMs: () => this.nowMs,
      askOwn: () => {},
    })
    watching.watch((line) => this.lines.push(line))
  }

  /** Time passes in which each node sees so many messages a second. */
  async work(seconds: number, perS: (node: number) => number): Promise<void> {
    for (let i = 0; i < seconds * 20; i++) {
      this.seers.forEach((seer, node) => {
        const count = perS(node) / 20
        seer.see(count)
        this.truth += count
      })
      await this.pass(50)
    }
  }

  /** As the page adds it up. */
  get told(): number {
    let sum = 0
    for (const line of this.lines)
      if (line.event === 'traffic') sum += (line.steps.length + line.leftOut) * line.oneIn
    return sum
  }
}

for (const [what, load] of [
  ['at all nodes', () => 1_000],
  ['at two of twelve', (node: number) => (node < 2 ? 4_000 : 20)],
] as const) {
  test(`steps times oneIn, and what was left out, follow the truth: load ${what}`, async () => {
    const rig = new Rig(12)
    await rig.work(2, () => 20)
    const highest = load(0) * (what === 'at all nodes' ? 12 : 2) + 240
    for (const [phase, perS] of [
      ['more', load],
      ['less', () => 20],
      ['none', () => 0],
    ] as const) {
      for (let second = 0; second < 6; second++) {
        const before = rig.told
        await rig.work(1, perS)
        // In no second it is far above what there was in any.
        const told = rig.told - before
        assert.ok(told <= highest * 1.5, `${told} in second ${second} of ${phase}, with at most ${highest}`)
      }
      await rig.work(2, () => 0)
      const [told, truth] = [rig.told, rig.truth]
      assert.ok(Math.abs(told - truth) <= truth / 10, `${told} of ${truth} after ${phase}`)
    }
  })
}
