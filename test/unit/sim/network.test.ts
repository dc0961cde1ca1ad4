// Simulated overlays: runs that can be replayed, processes that leave nothing behind, clocks, and the codec switched off.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextJob } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SimNetwork, type SimOptions } from '../../../src/sim/network.ts'
import { converge, namesOf, network, outcomesOf, payloadOf, toldSince } from '../../support/core-sim.ts'

/** Some of everything: start, traffic, a partition, a crash, a restart, a slow reader, a leave. */
function eventfulRun(options: SimOptions, readBytesPerS: number | undefined = 2_000): SimNetwork {
  const net = network(20, options)
  net.run(2_000)
  net.partition([], namesOf(5))
  for (const name of namesOf(10)) net.send(name, 'node20', payloadOf(1))
  net.broadcast('node12', payloadOf(2))
  net.run(3_000)
  net.heal()
  net.crash('node7')
  net.slow('node9', readBytesPerS)
  net.pause('node10', 1_500)
  net.run(2_000)
  net.restart('node7')
  net.leave('node3')
  for (const name of ['node7', 'node9', 'node10']) net.broadcast(name, payloadOf(3))
  net.run(8_000)
  return net
}

describe('a run', () => {
  const trace = (seed: number): string => {
    const lines: string[] = []
    const net: SimNetwork = eventfulRun({
      seed,
      bootstrap: true,
      dialFailure: 0.1,
      jitter: { kind: 'exponential', minMs: 0, meanMs: 2, maxMs: 100 },
      bytesPerS: 1_000_000,
      keepNotices: false,
      onFrame: (from, to, message, bytes) => lines.push(`${from} ${to} ${bytes} ${text(message)}`),
      observer: {
        onNotice: ({ name, nowMs }, notification) => lines.push(`${name} ${nowMs} ${text(notification)}`),
      },
    })
    lines.push(`${net.nowMs} ${net.medium.traffic.bundles} ${net.medium.queue.size}`)
    return lines.join('\n')
  }
  const text = (value: object): string =>
    JSON.stringify(value, (_, part) =>
      part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part,
    )

  it('is the same to the byte for the same seed, and another one for another', () => {
    const first = trace(1)
    assert.ok(first.length > 1_000_000)
    assert.ok(trace(1) === first)
    assert.ok(trace(2) !== first)
  })

  it('ends the same way with and without codec', () => {
    const [on, off] = [true, false].map((codec) => {
      // Nothing that goes by bytes, which are estimates without codec.
      const net = eventfulRun({ seed: 3, codec }, Number.POSITIVE_INFINITY)
      return {
        notices: net.notices.map(({ notification, ...rest }) => ({ ...rest, ...notification })),
        frames: new Map([...net.sent].map(([type, { frames }]) => [type, frames])),
      }
    })
    assert.ok(on !== undefined && off !== undefined)
    const differs = on.notices.findIndex((notice, i) => !isDeepStrictEqual(notice, off.notices[i]))
    assert.equal(differs, -1, 'the first notice that differs')
    assert.deepEqual(off.frames, on.frames)
  })

  it('keeps no notices when an observer takes them', () => {
    let told = 0
    const net = network(5, { seed: 4, keepNotices: false, observer: { onNotice: () => told++ } })
    net.run(1_000)
    assert.ok(told >= 20)
    assert.deepEqual(net.notices, [])
  })

  it('shows each step with its effects to an observer, in the order of time', () => {
    const steps = new Map<string, number>()
    let lastMs = 0
    const net: SimNetwork = new SimNetwork({
      seed: 5,
      observer: {
        onHandled: ({ name, overlay }, input, effects) => {
          assert.ok(net.nowMs >= lastMs)
          lastMs = net.nowMs
          assert.equal(overlay.self.name, name)
          if (input.type === 'start') assert.ok(effects.some(({ type }) => type === 'timer'))
          steps.set(input.type, (steps.get(input.type) ?? 0) + 1)
        },
      },
    })
    net.start('node1')
    net.start('node2')
    net.run(1_000)
    assert.deepEqual([steps.get('start'), steps.get('link-open')], [2, 2])
    assert.ok((steps.get('received') ?? 0) > 2)
  })
})

/** What is held for so long is held for good. */
const HELD_MS = 10_000

describe('a process that is gone', () => {
  for (const how of ['crash', 'leave'] as const) {
    for (const bootstrap of [false, true]) {
      it(`after a ${how} has left no timer, link, byte or memory${bootstrap ? ', nor at the bootstrap' : ''}`, async () => {
        const net = network(6, { seed: 6, bootstrap })
        converge(net)
        net.run(1_000)
        const processes = namesOf(6).map((name) => net.process(name))
        const overlays = processes.map(({ overlay }) => new WeakRef(overlay))
        assert.ok(processes.every(({ pendingTimers }) => pendingTimers > 0))
        for (const name of namesOf(6)) {
          net[how](name)
          net.run(30)
        }
        assert.ok(processes.every(({ pendingTimers, isRunning }) => pendingTimers === 0 && !isRunning))
        net.run(2_000)
        if (bootstrap) {
          assert.deepEqual(net.bootstrap?.registry.peers(), [])
          net.crashBootstrap()
        }
        assert.deepEqual([...net.medium.hosts], [])
        assert.deepEqual([net.medium.inFlight, net.medium.queuedBytes], [0, 0])
        // Time-outs of dials that have ended long ago.
        net.run(5_000)
        assert.equal(net.medium.queue.size, 0)
        processes.length = 0
        assert.deepEqual(await heldAfterGc(overlays), [])
      })
    }
  }

  it('is not held by those that it was linked to', async () => {
    const net = network(3, { seed: 7 })
    converge(net)
    const overlay = [new WeakRef(net.overlay('node2'))]
    net.crash('node2', { isTold: false })
    net.run(10)
    assert.deepEqual(await heldAfterGc(overlay), [], 'while their ends of the links are open still')
    assert.equal(net.process('node1').host.linkCount, 2)
  })

  it('answers nothing any more', () => {
    const net = network(2, { seed: 8 })
    const before = net.process('node1')
    net.crash('node1')
    before.feed({ type: 'send', id: 1, to: before.overlay.self.name, payload: payloadOf(1) })
    assert.deepEqual(toldSince(net, 0, 'outcome'), [])
    assert.throws(() => net.overlay('node1'), TypeError)
  })
})

/** Those that stay, however often garbage is collected: code that is being compiled may hold something for a while. */
async function heldAfterGc<T extends WeakKey>(refs: readonly WeakRef<T>[]): Promise<T[]> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const endMs = performance.now() + HELD_MS
  for (;;) {
    // What a weak reference was made of or has given is held to the end of the job.
    await nextJob()
    gc()
    const held = refs.flatMap((ref) => ref.deref() ?? [])
    if (held.length === 0 || performance.now() > endMs) return held
  }
}

describe('faults of processes', () => {
  it('a pause stops timers and what is sent, and what was sent meanwhile goes after it', () => {
    const net = network(2, { seed: 9 })
    converge(net)
    net.pause('node1', 3_000)
    const id = net.send('node1', 'node2', payloadOf(1))
    const before = net.medium.traffic.of('direct').frames
    net.run(2_990)
    assert.equal(net.medium.traffic.of('direct').frames, before)
    net.run(500)
    assert.equal(outcomesOf(net).get(id)?.status, 'delivered')
    assert.deepEqual(toldSince(net, 0, 'neighbor-down'), [], 'shorter than three heartbeats')
  })

  it('a process that stands still cannot leave', () => {
    const net = network(2, { seed: 9 })
    converge(net)
    net.pause('node1', 3_000)
    assert.throws(() => net.leave('node1'), { name: 'TypeError', message: /^node1 stands still/ })
    net.run(3_500)
    net.leave('node1')
    net.run(100)
    assert.deepEqual(
      toldSince(net, 0, 'peer-leave').map(({ notification }) => notification.reason),
      ['left'],
    )
  })

  it('a long pause is noticed by the others, and the process is back afterwards', () => {
    const net = network(3, { seed: 10 })
    converge(net)
    net.pause('node1', 20_000)
    net.run(15_000)
    assert.deepEqual(
      toldSince(net, 0, 'peer-leave')
        .map(({ node }) => node)
        .sort(),
      ['node2', 'node3'],
    )
    net.run(6_000)
    converge(net, 10_000)
  })

  it('a half-open link is found by its silence, at both ends', () => {
    const net = network(2, { seed: 11 })
    converge(net)
    net.halfOpen('node1', 'node2')
    net.run(9_000)
    assert.deepEqual(
      new Set(toldSince(net, 0, 'neighbor-down').map(({ notification }) => notification.reason)),
      new Set(['silent']),
    )
    converge(net, 5_000)
  })

  it('clocks that run fast or slow, and dates that are off, make no difference', () => {
    const net = network(20, { seed: 12 }, (name) => ({
      clockRate: 1 + (Number(name.slice(4)) - 10) / 500,
      dateOffsetMs: Number(name.slice(4)) * 1_000_000,
    }))
    converge(net)
    net.run(60_000)
    assert.deepEqual(
      toldSince(net, 0, 'neighbor-down').filter(({ atMs }) => atMs > 30_000),
      [],
    )
    const ids = namesOf(19).map((name) => net.send(name, 'node20', payloadOf(1)))
    net.run(1_000)
    for (const id of ids) assert.equal(outcomesOf(net).get(id)?.status, 'delivered')
  })

  it('a restart keeps what the node was set up as, and takes a date that went back', () => {
    const net = network(5, { seed: 13 }, (name) => ({ dialable: name !== 'node5' }))
    converge(net)
    const { incarnation } = net.overlay('node5').self
    net.restart('node5', { dateOffsetMs: -900_000 })
    assert.ok(net.overlay('node5').self.incarnation < incarnation)
    assert.equal(net.overlay('node5').self.url, undefined)
    net.run(1_000)
    converge(net)
    assert.ok(net.overlay('node5').self.incarnation > incarnation, 'raised above the old run')
  })
})
