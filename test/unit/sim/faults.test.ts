// Everything that can go wrong with a network, one fault after the other.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LinkId } from '../../../src/core/messages.ts'
import { connect, inOneTurn, pair, rig, send, urlOf, withoutTimes } from './medium-rig.ts'

describe('a cut', () => {
  for (const isLost of [true, false]) {
    it(`tells both ends, and what is on its way is ${isLost ? 'lost' : 'delivered first'}`, () => {
      const net = rig()
      const { a, b } = pair(net)
      inOneTurn(net, () => send(a, 'before'))
      net.run(5)
      net.medium.cut('a', 'b', { isLost })
      inOneTurn(net, () => send(a, 'after'))
      net.run(5_000)
      assert.deepEqual(a.told, ['1015 closed link-lost'])
      assert.deepEqual(
        b.told,
        isLost ? ['1015 closed link-lost'] : ['1010 got before', '1015 closed link-lost'],
      )
      assert.equal(net.medium.inFlight, 0)
    })
  }
})

describe('a silent link', () => {
  it('swallows one direction, and neither end is told', () => {
    const net = rig()
    const { a, b } = pair(net)
    net.medium.silence('a', 'b')
    send(a, 'lost')
    send(b, 'heard')
    net.run(60_000)
    assert.deepEqual([withoutTimes(a.told), b.told], [['got heard'], []])
  })

  it('is half-open: an end that gives up is told after its time-out, the other end never', () => {
    const net = rig()
    const { a, b } = pair(net)
    net.medium.halfOpen('a', 'b')
    send(a, 'lost')
    send(b, 'lost')
    net.run(60_000)
    a.host.close(a.links[0] as LinkId, 'silent')
    net.run(60_000)
    assert.deepEqual([a.told, b.told], [['62000 closed silent'], []])
    assert.deepEqual([a.host.linkCount, b.host.linkCount], [0, 1])
    b.host.close(b.links[0] as LinkId, 'silent')
    net.run(60_000)
    assert.deepEqual(withoutTimes(b.told), ['closed silent'])
    assert.equal(net.medium.inFlight, 0)
  })

  it('is forgotten by the next link between the two', () => {
    const net = rig()
    const { a, b } = pair(net)
    net.medium.halfOpen('a', 'b')
    connect(net, a, b)
    send(a, 'hello')
    net.run(100)
    assert.deepEqual(withoutTimes(b.told), ['got hello'])
  })
})

describe('a partition', () => {
  it('holds what crosses, and gives it back in order when TCP tries again', () => {
    const net = rig()
    const { a, b } = pair(net)
    net.medium.partition([['a'], ['b']])
    inOneTurn(net, () => send(a, 'one'))
    net.run(500)
    inOneTurn(net, () => send(a, 'two'))
    net.run(500)
    assert.deepEqual(b.told, [])
    net.medium.heal()
    inOneTurn(net, () => send(a, 'three'))
    net.run(5_000)
    // Sent at 1,000, missed from 1,010 on; tried again after 200, 600 and 1,400 ms.
    assert.deepEqual(withoutTimes(b.told), ['got one', 'got two', 'got three'])
    assert.ok(Number.parseFloat(b.told[0] ?? '') > 2_000)
    assert.ok(Number.parseFloat(b.told[2] ?? '') <= 2_410)
    assert.equal(net.medium.inFlight, 0)
  })

  it('keeps the sides apart and lets each of them go on', () => {
    const net = rig()
    const [a, b, c] = [net.host('a'), net.host('b'), net.host('c')]
    connect(net, a, b)
    connect(net, a, c)
    net.medium.partition([[], ['c']])
    a.host.send({
      type: 'send',
      links: a.links,
      message: { type: 'want', names: [] },
      lane: 'control',
    })
    net.run(5_000)
    assert.deepEqual([withoutTimes(b.told), c.told], [['got want'], []])
  })

  it('can be one-way', () => {
    const net = rig()
    const { a, b } = pair(net)
    net.medium.partition([['a'], ['b']], { isOneWay: true })
    send(a, 'lost')
    send(b, 'heard')
    net.run(5_000)
    assert.deepEqual([withoutTimes(a.told), b.told], [['got heard'], []])
  })

  it('is not told of a link that ended meanwhile before it heals', () => {
    const net = rig()
    const { a, b } = pair(net)
    net.medium.partition([['a'], ['b']])
    a.host.close(a.links[0] as LinkId, 'silent')
    net.run(10_000)
    assert.deepEqual([withoutTimes(a.told), b.told], [['closed silent'], []])
    net.medium.heal()
    net.run(20_000)
    assert.deepEqual(withoutTimes(b.told), ['closed silent'])
    assert.equal(net.medium.inFlight, 0)
  })

  it('is crossed by a dial that began before it healed', () => {
    const net = rig()
    const [a] = [net.host('a'), net.host('b')]
    net.medium.partition([['a'], ['b']])
    a.host.dial(urlOf('b'))
    net.run(500)
    net.medium.heal()
    net.run(10_000)
    assert.deepEqual(a.told, ['1040 connected'], 'the second packet of TCP gets through')
  })

  it('lets no dial through, which is given up after its time-out', () => {
    const net = rig()
    const [a, b] = [net.host('a'), net.host('b')]
    net.medium.partition([['a'], ['b']])
    a.host.dial(urlOf('b'))
    net.run(10_000)
    assert.deepEqual([a.told, b.told], [['5000 dial failed'], []])
  })
})

describe('a reader that is slow', () => {
  it('reads as fast as it can; what is behind waits, and comes', () => {
    const net = rig()
    const { a, b } = pair(net)
    b.host.slow(1_000)
    for (let i = 0; i < 3; i++) inOneTurn(net, () => send(a, `m${i}`, 'direct', 470))
    net.run(5_000)
    assert.deepEqual(withoutTimes(b.told), ['got m0', 'got m1', 'got m2'])
    const times = b.told.map((line) => Math.round(Number.parseFloat(line) / 100))
    assert.deepEqual(times, [15, 20, 25])
  })

  it('fills the lanes of who sends: refused at first, and `stalled` when nothing moves for 10 s', () => {
    const net = rig({ kernelBytesMax: 5_000, socketBytesMax: 5_000, laneBytesMax: 5_000 })
    const { a, b } = pair(net)
    b.host.slow(1)
    let sent = 0
    for (; a.told.length === 0 && sent < 100; sent++) inOneTurn(net, () => send(a, `m${sent}`, 'direct', 950))
    assert.ok(sent >= 15 && sent <= 20, `${sent} were taken`)
    net.run(9_000)
    assert.deepEqual(withoutTimes(a.told), [`refused m${sent - 1}`])
    net.run(2_000)
    assert.deepEqual(withoutTimes(a.told).at(-1), 'closed stalled')
    net.run(60_000_000)
    assert.deepEqual(withoutTimes(b.told).at(-1), 'closed link-lost')
    assert.deepEqual([net.medium.inFlight, net.medium.queuedBytes, net.queue.size], [0, 0, 0])
  })

  it('is not held up by what it was in the middle of when it was slow', () => {
    const net = rig()
    const { a, b } = pair(net)
    b.host.slow(1)
    inOneTurn(net, () => send(a, 'large', 'direct', 900))
    net.run(1_000)
    assert.deepEqual(b.told, [])
    b.host.slow(undefined)
    net.run(1)
    assert.deepEqual(withoutTimes(b.told), ['got large'])
  })

  it('does not stall as long as it reads', () => {
    const net = rig({ kernelBytesMax: 5_000, socketBytesMax: 5_000 })
    const { a, b } = pair(net)
    b.host.slow(500)
    for (let i = 0; i < 40; i++) inOneTurn(net, () => send(a, `m${i}`, 'direct', 950))
    net.run(120_000)
    const read = withoutTimes(b.told).flatMap((line) => line.slice(4).split(' '))
    assert.deepEqual(
      read,
      Array.from({ length: 40 }, (_, i) => `m${i}`),
    )
    assert.deepEqual(a.told, [])
  })
})

describe('a pause', () => {
  it('holds what arrives, and what is due comes behind it', () => {
    const net = rig()
    const { a, b } = pair(net)
    b.host.pause(1_000)
    b.host.afterPause({ happen: () => b.told.push(`${net.queue.nowMs} timer`) })
    inOneTurn(net, () => send(a, 'one'))
    inOneTurn(net, () => send(a, 'two'))
    net.run(999)
    assert.deepEqual(b.told, [])
    net.run(5_000)
    assert.deepEqual(b.told, ['2000 got one', '2000 got two', '2000 timer'])
  })

  it('holds what happens on links, and tells it in order, before what has arrived on them', () => {
    const net = rig()
    const { a, b } = pair(net)
    const c = net.host('c')
    b.host.pause(10_000)
    b.host.afterPause({ happen: () => b.told.push(`${net.queue.nowMs} timer`) })
    c.host.dial(urlOf('b'))
    b.host.dial('ws://nobody:5000/')
    net.run(1_000)
    send(a, 'of a')
    net.run(10)
    send(c, 'of c')
    net.run(10)
    net.medium.cut('a', 'b', { isLost: false })
    net.run(8_979)
    assert.deepEqual(b.told, [])
    net.run(1)
    assert.deepEqual(b.told, [
      '11000 dial failed',
      '11000 accepted',
      '11000 got of a',
      '11000 got of c',
      '11000 closed link-lost',
      '11000 timer',
    ])
  })

  it('does not hold the end of a link that the process closes all the same, as it leaves', () => {
    const net = rig()
    const { b } = pair(net)
    b.host.pause(60_000)
    b.host.end()
    net.run(2_000)
    assert.deepEqual(b.told, ['2000 closed shutting-down'])
    assert.ok(b.host.isGone)
  })

  it('is as long as the longest of two', () => {
    const net = rig()
    const { b } = pair(net)
    b.host.pause(1_000)
    b.host.pause(100)
    b.host.afterPause({ happen: () => b.told.push(`${net.queue.nowMs} timer`) })
    net.run(5_000)
    assert.deepEqual(b.told, ['2000 timer'])
  })

  it('can be ended before its time, once, and says nothing of the next one', () => {
    const net = rig()
    const { a, b } = pair(net)
    b.host.pause(1_000)
    b.host.afterPause({ happen: () => b.told.push(`${net.queue.nowMs} timer`) })
    send(a, 'one')
    net.run(500)
    b.host.resume()
    b.host.resume()
    net.run(100)
    assert.deepEqual(b.told, ['1500 got one', '1500 timer'])
    b.host.pause(1_000)
    send(a, 'two')
    net.run(5_000)
    assert.deepEqual(b.told.slice(2), ['2600 got two'])
  })
})

describe('dials that fail', () => {
  it('are refused or never answered, with the probability that was asked for', () => {
    const net = rig({ dialFailure: 0.5 })
    const a = net.host('a')
    net.host('b')
    for (let i = 0; i < 400; i++) {
      a.host.dial(urlOf('b'))
      net.run(10_000)
    }
    const counts = new Map<string, number>()
    a.told.forEach((line, i) => {
      const what = line.endsWith('connected')
        ? 'connected'
        : `failed after ${Number.parseFloat(line) - 10_000 * i}`
      counts.set(what, (counts.get(what) ?? 0) + 1)
    })
    assert.deepEqual([...counts.keys()].sort(), ['connected', 'failed after 20', 'failed after 5000'])
    assert.ok((counts.get('connected') ?? 0) > 160 && (counts.get('connected') ?? 0) < 240)
    net.medium.failDials(1)
    a.told.length = 0
    a.host.dial(urlOf('b'))
    net.run(10_000)
    assert.deepEqual(withoutTimes(a.told), ['dial failed'])
  })

  it('get no answer from behind a firewall, which lets dials out', () => {
    const net = rig()
    const [a, b] = [net.host('a'), net.host('b')]
    b.host.isFirewalled = true
    a.host.dial(urlOf('b'))
    net.run(10_000)
    assert.deepEqual(a.told, ['5000 dial failed'])
    b.host.dial(urlOf('a'))
    net.run(100)
    assert.deepEqual(withoutTimes(b.told), ['connected'])
  })
})

describe('a crash', () => {
  for (const isLost of [true, false]) {
    it(`ends its links; what it has sent is ${isLost ? 'lost' : 'delivered'}`, () => {
      const net = rig()
      const { a, b } = pair(net)
      inOneTurn(net, () => send(a, 'sent'))
      send(b, 'to nobody')
      net.run(5)
      a.host.crash({ isLost })
      inOneTurn(net, () => send(b, 'to nobody'))
      net.run(5_000)
      assert.deepEqual(a.told, [])
      assert.deepEqual(withoutTimes(b.told), isLost ? ['closed link-lost'] : ['got sent', 'closed link-lost'])
      assert.deepEqual([...net.medium.hosts], [b.host])
      assert.deepEqual([net.medium.inFlight, net.queue.size], [0, 0])
    })
  }

  it('draws for each link whether what is on its way is lost', () => {
    const outcomes = new Set<number>()
    for (let seed = 0; seed < 20; seed++) {
      const net = rig({ seed })
      const { a, b } = pair(net)
      inOneTurn(net, () => send(a, 'sent'))
      a.host.crash()
      net.run(100)
      outcomes.add(b.told.length)
    }
    assert.deepEqual([...outcomes].sort(), [1, 2])
  })

  it('of the whole machine is told to nobody', () => {
    const net = rig()
    const { a, b } = pair(net)
    a.host.crash({ isTold: false })
    send(b, 'to nobody')
    net.run(60_000)
    assert.deepEqual(b.told, [])
    b.host.close(b.links[0] as LinkId, 'silent')
    net.run(2_000)
    assert.deepEqual(withoutTimes(b.told), ['closed silent'])
    assert.deepEqual([net.medium.inFlight, net.queue.size], [0, 0])
  })

  it('in the middle of a pause leaves nothing', () => {
    const net = rig()
    const { a, b } = pair(net)
    b.host.pause(1_000)
    b.host.afterPause({ happen: () => b.told.push('timer') })
    send(a, 'unread')
    net.run(500)
    b.host.crash()
    net.run(5_000)
    assert.deepEqual([b.told, net.medium.inFlight, net.queue.size], [[], 0, 0])
  })
})
