// Connections killed in every way at random moments, from a seed: each link is told its end exactly once, and what
// was delivered is a prefix of what was sent. HEARSAY_SEED replays a run.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lane } from '../../../src/core/events.ts'
import { REASONS, type Reason } from '../../../src/core/reasons.ts'
import { LANES } from '../../../src/net/lanes.ts'
import { frame, type LinkRecord, Rig, turn, until } from './rig.ts'

/** mulberry32: enough for choosing what to break. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

const REASON_NAMES = Object.keys(REASONS) as Reason[]

/** The ways in which a connection is harmed; `end` is the one that does it. */
const HARMS: readonly ((end: LinkRecord, random: (below: number) => number) => void)[] = [
  (end) => end.socket.terminate(),
  (end, random) => end.link.close(REASON_NAMES[random(REASON_NAMES.length)] as Reason),
  (end) => end.socket.close(1000),
  (end) => end.socket.close(),
  (end) => end.socket.send('text where binary belongs'),
  (end) => end.socket.send(Buffer.from('rubbish')),
  (end) => end.socket.send(Buffer.alloc(1_048_577)),
  (end) => {
    end.link.close('left')
    end.socket.terminate()
  },
  (end) => {
    end.socket.pause()
    end.link.close('trimmed')
  },
]

const seeds =
  process.env.HEARSAY_SEED === undefined
    ? [1, 2, 3, Date.now() % 1_000_000]
    : [Number(process.env.HEARSAY_SEED)]

for (const seed of seeds) {
  test(`each link ends exactly once, seed ${seed}`, async (t) => {
    const random = randomOf(seed)
    const rig = await Rig.open(t)
    const options = { closeTimeoutMs: 50 }
    const pairs = []
    for (let count = 0; count < 25; count++) pairs.push(await rig.pair({ near: options, far: options }))
    const sent = new Map<LinkRecord, Map<Lane, number>>()
    const ends = pairs.flatMap(({ near, far }) => [near, far])
    const harmed = new Set<LinkRecord>()
    for (const end of ends) sent.set(end, new Map(LANES.map((lane) => [lane, 0])))

    while (harmed.size < pairs.length) {
      for (const end of ends) {
        const counts = sent.get(end) as Map<Lane, number>
        for (let count = random(4); count > 0; count--) {
          const lane = LANES[random(3)] as Lane
          const next = (counts.get(lane) ?? 0) + 1
          // The lane is told by the remainder.
          const taken = end.link.send(
            frame(next * 3 + LANES.indexOf(lane), random(3) === 0 ? 20_000 : 50),
            lane,
          )
          if (taken) counts.set(lane, next)
        }
      }
      if (random(3) === 0) {
        const pair = pairs[random(pairs.length)] as (typeof pairs)[number]
        if (!harmed.has(pair.near)) {
          harmed.add(pair.near)
          const harm = HARMS[random(HARMS.length)] as (typeof HARMS)[number]
          harm(random(2) === 0 ? pair.near : pair.far, random)
        }
      }
      if (random(2) === 0) await turn()
    }

    await until(`all ${ends.length} ends are told`, () => ends.every((end) => end.ends.length > 0))
    await turn()
    await turn()
    for (const { near, far } of pairs) {
      for (const [end, other] of [
        [near, far],
        [far, near],
      ] as const) {
        assert.equal(end.ends.length, 1)
        assert.equal(end.calls.indexOf('closed'), end.calls.length - 1, 'nothing is delivered after the end')
        for (const [index, lane] of LANES.entries()) {
          const got = end.marks.filter((mark) => mark % 3 === index).map((mark) => (mark - index) / 3)
          assert.ok(got.length <= (sent.get(other)?.get(lane) ?? 0))
          assert.deepEqual(
            got,
            got.map((_, place) => place + 1),
          )
        }
        assert.deepEqual(end.link.queuedBytes, { control: 0, direct: 0, broadcast: 0 })
        const stats = end.link.stats()
        const taken = [...(sent.get(end)?.values() ?? [])].reduce((sum, count) => sum + count, 0)
        assert.equal(stats.framesSent + stats.framesDropped, taken)
        assert.equal(stats.inFlightBytes, 0)
      }
    }
    await until('no connection is left', () => rig.listener.stats().connections === 0)
  })
}
