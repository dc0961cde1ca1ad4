// The two stores behind broadcast trees against plain models: what was announced and has not come, and what is kept for
// those who missed it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Timer } from '../../src/core/events.ts'
import type { Gossip } from '../../src/core/messages.ts'
import { Missing, type Wanted } from '../../src/core/missing.ts'
import { PayloadCache } from '../../src/core/payload-cache.ts'
import { Turn } from '../../src/core/turn.ts'
import { gossipOf, linkId, nodeName } from '../support/core-rig.ts'

const RUNS = { numRuns: Number(process.env.HEARSAY_RUNS ?? 500) }

// Missing.

const CONFIG = { graftAfterMs: 500, graftRecordAfterMs: 25, graftAgainMs: 250, missingMax: 6 }
const LAST_MS = CONFIG.graftAgainMs + CONFIG.graftAfterMs

type Step =
  | { readonly do: 'announced'; readonly link: number; readonly isUrgent: boolean; readonly sequence: number }
  | { readonly do: 'received'; readonly sequence: number }
  | { readonly do: 'down'; readonly link: number }
  | { readonly do: 'wait'; readonly ms: number }

const sequence = fc.integer({ min: 1, max: 9 })
const link = fc.integer({ min: 1, max: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('announced' as const), link, isUrgent: fc.boolean(), sequence }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('received' as const), sequence }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('down' as const), link }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 25, 130, 250, 700) }),
  },
)

/** One broadcast that is waited for. */
interface Awaited {
  announcers: number[]
  isAsked: boolean
  dueMs: number
}

/** A list that is searched through each time. */
class Model {
  readonly awaited = new Map<number, Awaited>()
  readonly asked: string[] = []
  missed = 0

  announced(sequence: number, link: number, isUrgent: boolean, nowMs: number): void {
    const known = this.awaited.get(sequence)
    if (known === undefined) {
      if (this.awaited.size >= CONFIG.missingMax) return
      const awaited = { announcers: [link], isAsked: false, dueMs: nowMs + CONFIG.graftAfterMs }
      this.awaited.set(sequence, awaited)
      if (isUrgent) this.ask(sequence, awaited, nowMs)
    } else if (isUrgent && !known.isAsked) {
      known.announcers = [link, ...known.announcers.filter((other) => other !== link)]
      this.ask(sequence, known, nowMs)
    } else {
      const wasLast = known.announcers.length === 0 && known.isAsked && known.dueMs - nowMs > 0
      if (!known.announcers.includes(link)) known.announcers.push(link)
      if (wasLast && this.lasts.delete(sequence)) known.dueMs = nowMs + CONFIG.graftAgainMs
    }
  }

  /** Those of which the last announcer was asked when nobody else was left. */
  readonly lasts = new Set<number>()

  ask(sequence: number, awaited: Awaited, nowMs: number): void {
    const link = awaited.announcers.shift()
    this.lasts.delete(sequence)
    if (link === undefined) {
      this.awaited.delete(sequence)
      this.missed++
      return
    }
    this.asked.push(`${sequence} on ${link}`)
    awaited.isAsked = true
    if (awaited.announcers.length === 0) this.lasts.add(sequence)
    awaited.dueMs = nowMs + (awaited.announcers.length === 0 ? LAST_MS : CONFIG.graftAgainMs)
  }

  linkDown(link: number, nowMs: number): void {
    for (const [sequence, awaited] of this.awaited) {
      const had = awaited.announcers.length
      awaited.announcers = awaited.announcers.filter((other) => other !== link)
      if (!awaited.isAsked || had !== 1 || awaited.announcers.length === 1) continue
      this.lasts.add(sequence)
      awaited.dueMs = nowMs + LAST_MS
    }
  }

  runTo(nowMs: number): void {
    for (;;) {
      const due = [...this.awaited].filter(([, { dueMs }]) => dueMs <= nowMs)
      if (due.length === 0) return
      const [sequence, awaited] = due.reduce((a, b) => (b[1].dueMs < a[1].dueMs ? b : a))
      this.ask(sequence, awaited, awaited.dueMs)
    }
  }
}

/** The table, driven as an overlay drives it. */
class Table {
  readonly #turn = new Turn()
  readonly missing = new Missing(CONFIG, this.#turn)
  readonly asked: string[] = []
  missed = 0
  nowMs = 0
  #armed: { readonly timer: Timer; readonly dueMs: number }[] = []

  at(act: () => void): void {
    this.#turn.begin(this.nowMs)
    act()
    for (const effect of this.#turn.effects) {
      if (effect.type === 'timer') {
        this.#armed.push({ timer: effect.timer, dueMs: this.nowMs + effect.afterMs })
      } else if (effect.type === 'notify') this.missed++
    }
  }

  note(wanted: Wanted): void {
    for (const [link, ranges] of wanted) {
      for (const { first, behindLast } of ranges) {
        for (let sequence = first; sequence < behindLast; sequence++)
          this.asked.push(`${sequence} on ${link}`)
      }
    }
  }

  runTo(untilMs: number): void {
    for (;;) {
      const next = this.#armed.reduce<{ timer: Timer; dueMs: number } | undefined>(
        (a, b) => (a === undefined || b.dueMs < a.dueMs ? b : a),
        undefined,
      )
      if (next === undefined || next.dueMs > untilMs) break
      this.#armed = this.#armed.filter((armed) => armed !== next)
      this.nowMs = next.dueMs
      const { timer } = next
      this.at(() => {
        if (timer.kind === 'graft') this.note(this.missing.due(timer.token))
      })
    }
    this.nowMs = untilMs
  }
}

test('what was announced is asked for, given up and let go as a plain list would do it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const table = new Table()
      const model = new Model()
      const idOf = (sequence: number) =>
        ({ kind: 'payload', origin: nodeName('z'), incarnation: 1, sequence }) as const
      const wait = (ms: number): void => {
        const untilMs = table.nowMs + ms
        table.runTo(untilMs)
        model.runTo(untilMs)
      }
      for (const step of steps) {
        if (step.do === 'announced') {
          const { sequence, isUrgent } = step
          const wanted: Wanted = new Map()
          const announcer = { link: linkId(step.link), hops: 1 }
          table.at(() => table.missing.announced(idOf(sequence), announcer, isUrgent ? wanted : undefined))
          table.note(wanted)
          model.announced(sequence, step.link, isUrgent, table.nowMs)
        } else if (step.do === 'received') {
          const others = table.missing.received(idOf(step.sequence)).map(({ link }) => Number(link))
          assert.deepEqual(others, model.awaited.get(step.sequence)?.announcers ?? [])
          model.awaited.delete(step.sequence)
          model.lasts.delete(step.sequence)
        } else if (step.do === 'down') {
          table.at(() => table.missing.linkDown(linkId(step.link)))
          model.linkDown(step.link, table.nowMs)
        } else wait(step.ms)
        assert.equal(table.missing.size, model.awaited.size)
        assert.ok(table.missing.size <= CONFIG.missingMax)
      }
      wait(10 * LAST_MS)
      assert.equal(table.missing.size, 0, 'nothing is waited for without end')
      // Of those that are due at the same time any may be first.
      const inOrder = (texts: readonly string[]): string[] => [...texts].sort()
      assert.deepEqual(inOrder(table.asked), inOrder(model.asked))
      assert.equal(table.missed, model.missed)
    }),
    RUNS,
  )
})

// The cache.

const BYTES_MAX = 2_000
const ENTRY_BYTES = 256

const broadcast = fc.record({
  origin: fc.constantFrom('x', 'y', 'z'),
  incarnation: fc.integer({ min: 1, max: 2 }),
  sequence: fc.integer({ min: 1, max: 5 }),
  size: fc.constantFrom(0, 10, 300, 1_743, 1_744, 1_745),
  isReceived: fc.boolean(),
  laterMs: fc.integer({ min: 0, max: 2 }),
})

test('the cache keeps the newest that fit, and finds them by name, by time and by the byte', () => {
  fc.assert(
    fc.property(fc.array(broadcast, { maxLength: 60, size: 'max' }), (broadcasts) => {
      const cache = new PayloadCache(BYTES_MAX)
      let model: { gossip: Gossip; atMs: number; size: number }[] = []
      const names = new Set<string>()
      let nowMs = 0
      for (const { origin, incarnation, sequence, size, isReceived, laterMs } of broadcasts) {
        const name = `${origin}/${incarnation}/${sequence}`
        if (names.has(name)) continue
        names.add(name)
        nowMs += laterMs
        const made = gossipOf(origin, sequence, 'x'.repeat(size), { incarnation })
        const gossip = isReceived ? { ...made, raw: made.payload } : made
        const kept = cache.add(gossip, nowMs)
        assert.deepEqual(kept, gossip)
        if (size + ENTRY_BYTES <= BYTES_MAX) {
          model.push({ gossip, atMs: nowMs, size: size + ENTRY_BYTES })
          while (model.reduce((sum, { size }) => sum + size, 0) > BYTES_MAX) model = model.slice(1)
        }
        assert.equal(cache.size, model.length)
        assert.equal(
          cache.bytes,
          model.reduce((sum, { size }) => sum + size, 0),
        )
        // Of two runs' broadcasts of one number the one that came last can be had.
        const isLast = (entry: (typeof model)[number]): boolean =>
          model.findLast(
            ({ gossip }) =>
              gossip.origin === entry.gossip.origin && gossip.sequence === entry.gossip.sequence,
          ) === entry
        for (const entry of model) {
          const { origin, incarnation, sequence } = entry.gossip
          assert.deepEqual(cache.get(origin, incarnation, sequence), isLast(entry) ? entry.gossip : undefined)
        }
        for (const ms of [0, nowMs - 1, nowMs]) {
          const since = model.filter((entry) => entry.atMs >= ms && isLast(entry))
          assert.deepEqual(
            [...cache.since(ms)],
            since.map(({ gossip }) => gossip),
          )
        }
      }
    }),
    RUNS,
  )
})
