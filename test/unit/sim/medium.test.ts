// The medium without faults: dials, bundles, lanes, order, bounds, ends, counters.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LinkId, Message } from '../../../src/core/messages.ts'
import { LINK_DEFAULTS } from '../../../src/net/link-options.ts'
import { LANE_BYTES_MAX } from '../../../src/sim/medium.ts'
import { connect, inOneTurn, message, pair, rig, send, urlOf, withoutTimes } from './medium-rig.ts'

it('has the lanes that links have', () => {
  assert.deepEqual(LANE_BYTES_MAX, LINK_DEFAULTS.laneBytesMax)
})

describe('a dial', () => {
  it('takes the round trips of TCP and of the handshake, and opens both ends once', () => {
    const net = rig()
    const [a, b] = [net.host('a'), net.host('b')]
    a.host.dial(urlOf('b'))
    net.run(10_000)
    assert.deepEqual(b.told, ['30 accepted'])
    assert.deepEqual(a.told, ['40 connected'])
    assert.deepEqual([a.host.linkCount, b.host.linkCount], [1, 1])
  })

  it('is refused after a round trip where nobody listens', () => {
    const net = rig()
    const a = net.host('a')
    net.host('b', false)
    a.host.dial(urlOf('b'))
    net.run(10_000)
    assert.deepEqual(a.told, ['20 dial failed'])
  })

  it('reaches the host itself, too', () => {
    const net = rig()
    const a = net.host('a')
    a.host.dial(urlOf('a'))
    net.run(100)
    assert.deepEqual(a.told, ['30 accepted', '40 connected'])
  })

  it('says nothing more after its host has ended', () => {
    for (const { endMs, told } of [
      { endMs: 5, told: [] },
      { endMs: 25, told: [] },
      { endMs: 35, told: ['30 accepted', '45 closed link-lost'] },
    ]) {
      const net = rig()
      const [a, b] = [net.host('a'), net.host('b')]
      a.host.dial(urlOf('b'))
      net.run(endMs)
      a.host.end()
      net.run(10_000)
      assert.deepEqual([a.told, b.told], [[], told], `ended after ${endMs} ms`)
      assert.deepEqual([...net.medium.hosts], [b.host])
    }
  })

  it('leads to one host only: two cannot have one URL', () => {
    const net = rig()
    const a = net.host('a')
    assert.throws(() => net.host('a'), TypeError)
    a.host.crash()
    net.host('a')
  })
})

describe('a bundle', () => {
  it('carries what one turn puts on a link, in the order of the lanes', () => {
    const net = rig()
    const { a, b } = pair(net)
    inOneTurn(net, () => {
      send(a, 'b1', 'broadcast')
      send(a, 'd1', 'direct')
      send(a, 'c1', 'control')
      send(a, 'd2', 'direct')
    })
    inOneTurn(net, () => send(a, 'next', 'control'))
    net.run(100)
    assert.deepEqual(withoutTimes(b.told), ['got c1 d1 d2 b1', 'got next'])
    assert.equal(net.medium.traffic.bundles, 2)
  })

  it('is for one receiver: what a relay writes into it, another one does not see', () => {
    const net = rig()
    const [a, b, c] = [net.host('a'), net.host('b'), net.host('c')]
    connect(net, a, b)
    connect(net, a, c)
    a.host.send({ type: 'send', links: a.links, message: message('x'), lane: 'direct' })
    net.run(100)
    const [atB, atC] = [b, c].map(({ events }) => {
      const event = events[0]
      assert.ok(event?.type === 'received')
      return event.messages[0] as Message & { raw: Uint8Array }
    })
    atB?.raw.fill(255)
    assert.deepEqual(atC?.raw.subarray(0, 4), new Uint8Array([0x30, 0, 15, 1]))
  })

  it('is at most 64 KiB, unless one frame is larger', () => {
    const net = rig()
    const { a, b } = pair(net)
    inOneTurn(net, () => {
      for (let i = 0; i < 5; i++) send(a, `m${i}`, 'direct', 25_000)
      send(a, 'large', 'direct', 100_000)
      send(a, 'last')
    })
    net.run(100)
    assert.deepEqual(withoutTimes(b.told), ['got m0 m1', 'got m2 m3', 'got m4', 'got large', 'got last'])
  })

  it('keeps its order whatever the jitter', () => {
    const net = rig({ jitter: { kind: 'exponential', minMs: 0, meanMs: 30, maxMs: 1_000 } })
    const { a, b } = pair(net)
    for (let i = 0; i < 100; i++) {
      send(a, `${i}`)
      net.run(5)
    }
    net.run(2_000)
    assert.deepEqual(
      withoutTimes(b.told),
      Array.from({ length: 100 }, (_, i) => `got ${i}`),
    )
  })
})

describe('bandwidth', () => {
  it('delays by the size of what is sent', () => {
    const net = rig({ bytesPerS: 10_000 })
    const { a, b } = pair(net)
    const startMs = net.queue.nowMs
    inOneTurn(net, () => send(a, 'one', 'direct', 950))
    inOneTurn(net, () => send(a, 'two', 'direct', 950))
    net.run(1_000)
    const tookMs = b.told.map((line) => Math.round(Number.parseFloat(line) - startMs))
    assert.deepEqual(tookMs, [108, 206], '98 ms for each, and the latency')
  })

  it('lets control overtake what waits on the lanes, and bounds each of them', () => {
    const options = { bytesPerS: 10_000, kernelBytesMax: 1_000, socketBytesMax: 1_000, laneBytesMax: 5_000 }
    const net = rig(options)
    const { a, b } = pair(net)
    for (let i = 0; i < 12; i++) inOneTurn(net, () => send(a, `d${i}`, 'direct', 950))
    assert.deepEqual(withoutTimes(a.told), ['refused d9', 'refused d10', 'refused d11'])
    inOneTurn(net, () => send(a, 'control', 'control'))
    assert.ok(net.medium.queuedBytes > 5_000)
    net.run(5_000)
    const order = withoutTimes(b.told).flatMap((line) => line.slice(4).split(' '))
    assert.deepEqual(order, ['d0', 'd1', 'd2', 'd3', 'control', 'd4', 'd5', 'd6', 'd7', 'd8'])
    assert.equal(net.medium.queuedBytes, 0)
  })
})

describe('the end of a link', () => {
  it('comes once at both ends, behind what waited on the control lane and without the rest', () => {
    const net = rig()
    const { a, b } = pair(net)
    inOneTurn(net, () => {
      send(a, 'direct', 'direct')
      send(a, 'control', 'control')
      a.host.close(a.links[0] as LinkId, 'trimmed')
      send(a, 'late', 'control')
      a.host.close(a.links[0] as LinkId, 'left')
      assert.deepEqual(a.told, [], 'nothing is fed from within a call')
    })
    send(b, 'not read any more')
    net.run(5_000)
    assert.deepEqual(withoutTimes(b.told), ['got control', 'closed trimmed'])
    assert.deepEqual(a.told, ['1020 closed trimmed'])
    assert.deepEqual([a.host.linkCount, b.host.linkCount, net.medium.inFlight], [0, 0, 0])
  })

  it('comes once where both ends close', () => {
    const net = rig()
    const { a, b } = pair(net)
    a.host.close(a.links[0] as LinkId, 'trimmed')
    b.host.close(b.links[0] as LinkId, 'crossed-dial')
    net.run(5_000)
    assert.deepEqual(a.told, ['1010 closed trimmed'])
    assert.deepEqual(b.told, ['1010 closed crossed-dial'])
  })

  it('is the end of a host that leaves', () => {
    const net = rig()
    const { a, b } = pair(net)
    a.host.close(a.links[0] as LinkId, 'left')
    a.host.end()
    assert.ok(!a.host.isGone)
    net.run(5_000)
    assert.deepEqual(withoutTimes(a.told), ['closed left'])
    assert.deepEqual(withoutTimes(b.told), ['closed left'])
    assert.ok(a.host.isGone)
    assert.deepEqual([...net.medium.hosts], [b.host])
    assert.equal(net.queue.size, 0)
  })

  it('comes to a link that a host has left open, even where nothing comes through any more', () => {
    for (const isHalfOpen of [false, true]) {
      const net = rig()
      const { a, b } = pair(net)
      if (isHalfOpen) net.medium.halfOpen('a', 'b')
      a.host.end()
      net.run(5_000)
      assert.deepEqual(withoutTimes(a.told), ['closed shutting-down'])
      assert.deepEqual(withoutTimes(b.told), isHalfOpen ? [] : ['closed shutting-down'])
      assert.deepEqual([...net.medium.hosts], [b.host])
    }
  })
})

describe('counters', () => {
  it('count frames and bytes by type, for all and for each host, and show what is delivered', () => {
    const seen: string[] = []
    const net = rig({ onFrame: (from, to, { type }, bytes) => seen.push(`${from}>${to} ${type} ${bytes}`) })
    const { a, b } = pair(net)
    inOneTurn(net, () => {
      send(a, 'one')
      send(a, 'two')
    })
    send(b, 'three')
    net.run(100)
    const { bytes } = a.host.traffic.of('direct')
    assert.deepEqual(seen, [
      `a>b direct ${bytes / 2}`,
      `a>b direct ${bytes / 2}`,
      `b>a direct ${bytes / 2 + 2}`,
    ])
    assert.deepEqual(a.host.traffic.byType(), new Map([['direct', { frames: 2, bytes }]]))
    assert.equal(a.host.traffic.bundles, 1)
    assert.deepEqual(net.medium.traffic.total(), { frames: 3, bytes: (bytes / 2) * 3 + 2 })
  })

  it('hold without codec, where messages are copies without bytes', () => {
    const net = rig({ codec: false })
    const { a, b } = pair(net)
    const sent = { ...message('x'), raw: new Uint8Array(9) }
    a.host.send({ type: 'send', links: a.links, message: sent, lane: 'direct' })
    net.run(100)
    const event = b.events[0]
    assert.ok(event?.type === 'received')
    assert.deepEqual(event.messages, [message('x')])
    assert.notEqual(event.messages[0], sent)
    assert.equal(a.host.traffic.of('direct').frames, 1)
  })
})
