// Links over real sockets: bundles, lanes, what waits for a slow reader, and how links end.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { REASONS, type Reason } from '../../../src/core/reasons.ts'
import { FrameTooLargeError, Link } from '../../../src/net/link.ts'
import { LINK_DEFAULTS } from '../../../src/net/link-options.ts'
import { WsSocket } from '../../../src/net/ws-socket.ts'
import { encodeBundle } from '../../../src/wire/bundle.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { frame, LinkRecord, Rig, turn, until } from './rig.ts'

const MIB = 1_048_576

test('what is sent in one turn arrives as one WebSocket message, in order', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  const marks = Array.from({ length: 100 }, (_, index) => index + 1)
  for (const mark of marks) assert.equal(near.link.send(frame(mark), 'direct'), true)
  await until('all have arrived', () => far.marks.length === 100)
  assert.deepEqual(far.marks, marks)
  assert.equal(far.batches.length, 1)
  assert.equal(near.link.stats().bundlesSent, 1)
  assert.equal(near.link.stats().framesSent, 100)
  assert.equal(near.link.stats().bytesSent, far.link.stats().bytesReceived)
  assert.equal(far.link.stats().framesReceived, 100)
  assert.ok((far.link.stats().lastReceivedAtMs ?? 0) >= far.link.stats().openedAtMs)
})

test('both ends send and receive', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  near.link.send(frame(1), 'direct')
  far.link.send(frame(2), 'direct')
  await until('both have arrived', () => near.marks.length === 1 && far.marks.length === 1)
  assert.deepEqual([near.marks, far.marks], [[2], [1]])
})

test('more than a bundle holds leaves in few messages', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  for (let mark = 1; mark <= 1_000; mark++) near.link.send(frame(mark, 256), 'direct')
  await until('all have arrived', () => far.marks.length === 1_000)
  const bytes = far.link.stats().bytesReceived
  assert.equal(far.batches.length, Math.ceil(bytes / LIMITS.bundleBytesMax))
})

test('a full bundle leaves before its turn is over, what is left of it at the end', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  for (let mark = 1; mark <= 3; mark++) near.link.send(frame(mark, LIMITS.bundleBytesMax / 2), 'direct')
  assert.ok(near.link.stats().bundlesSent > 0)
  assert.ok(near.link.queuedBytes.direct > 0)
  await turn()
  assert.equal(near.link.queuedBytes.direct, 0)
  await until('all have arrived', () => far.marks.length === 3)
  assert.deepEqual(far.marks, [1, 2, 3])
})

test('the answer to a long read leaves before all of it is read', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  const seen: number[] = []
  far.onMessages = () => {
    if (far.batches.length === 1) far.link.send(frame(9), 'control')
    seen.push(far.link.stats().bundlesSent)
  }
  // What is read in one turn is handed over in one go, as if it had come while the process was busy.
  for (let mark = 1; mark <= 8; mark++) {
    far.socket.emit('message', encodeBundle([frame(mark, 60_000)]), true)
  }
  assert.deepEqual(seen, [0, 0, 0, 1, 1, 1, 1, 1])
  await until('it has arrived', () => near.marks.length === 1)
})

test('control leaves first, then direct, then broadcast', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  near.link.send(frame(5), 'broadcast')
  near.link.send(frame(3), 'direct')
  near.link.send(frame(1), 'control')
  near.link.send(frame(6), 'broadcast')
  near.link.send(frame(4), 'direct')
  near.link.send(frame(2), 'control')
  await until('all have arrived', () => far.marks.length === 6)
  assert.deepEqual(far.marks, [1, 2, 3, 4, 5, 6])
})

test('a lone frame leaves at the end of its turn', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  near.link.send(frame(1), 'direct')
  assert.equal(near.link.stats().bundlesSent, 0)
  await turn()
  assert.equal(near.link.stats().bundlesSent, 1)
  assert.equal(near.link.queuedBytes.direct, 0)
  await until('it has arrived', () => far.marks.length === 1)
})

test('a frame larger than a bundle goes alone', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  near.link.send(frame(1), 'direct')
  near.link.send(frame(2, 500_000), 'direct')
  near.link.send(frame(3), 'direct')
  near.link.send(frame(4, LIMITS.payloadBytesMax), 'direct')
  await until('all have arrived', () => far.marks.length === 4)
  assert.deepEqual(
    far.batches.map((batch) => batch.length),
    [1, 1, 1, 1],
  )
  assert.deepEqual(far.marks, [1, 2, 3, 4])
})

test('the largest frame passes, one byte more is the caller’s mistake', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  const overhead = frame(1, 0).length
  const largest = frame(1, LIMITS.payloadBytesMax)
  assert.ok(largest.length <= LIMITS.frameBytesMax && overhead > 0)
  assert.throws(() => near.link.send(new Uint8Array(LIMITS.frameBytesMax + 1), 'direct'), FrameTooLargeError)
  near.link.send(largest, 'direct')
  await until('it has arrived', () => far.marks.length === 1)
})

test('a reader that does not read: lanes refuse at their limit and memory stays bounded', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  far.socket.pause()
  const chunk = 65_536
  let offered = 0
  let taken = 0
  let mark = 0
  const before = process.memoryUsage().arrayBuffers
  // Views into 64 KiB, as relayed frames are: what waits must not keep all of that alive.
  while (offered < 40_000) {
    for (let count = 0; count < 20; count++) {
      const whole = new Uint8Array(chunk)
      const bytes = frame(mark + 1, 1_000)
      whole.set(bytes, 1_000)
      offered++
      if (near.link.send(whole.subarray(1_000, 1_000 + bytes.length), 'direct')) {
        taken++
        mark++
      }
    }
    await turn()
  }
  const stats = near.link.stats()
  assert.ok(taken < offered)
  assert.equal(stats.framesRefused, offered - taken)
  const laneBytesMax = LINK_DEFAULTS.laneBytesMax.direct
  assert.ok(stats.queuedBytes.direct <= laneBytesMax && stats.queuedBytes.direct > laneBytesMax - 2_000)
  assert.ok(stats.inFlightBytes <= 262_144 + LIMITS.bundleBytesMax)
  const grown = process.memoryUsage().arrayBuffers - before
  // 40,000 frames of 64 KiB were offered, 2.5 GiB; some garbage that is not collected yet is part of the measure.
  assert.ok(grown < 256 * MIB, `array buffers grew by ${Math.round(grown / MIB)} MiB`)

  far.socket.resume()
  await until('all that was taken has arrived', () => far.marks.length === taken)
  assert.deepEqual(
    far.marks,
    Array.from({ length: taken }, (_, index) => index + 1),
  )
  assert.equal(near.link.send(frame(mark + 1), 'direct'), true)
  await until('the link works as before', () => far.marks.length === taken + 1)
})

test('control overtakes what waits, and has a limit of its own', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  far.socket.pause()
  let direct = 0
  while (near.link.send(frame(direct + 1, 10_000), 'direct')) {
    direct++
    if (direct % 50 === 0) await turn()
  }
  assert.equal(near.link.send(frame(1_000_001), 'control'), true)
  const waiting = Math.floor(near.link.queuedBytes.direct / frame(1, 10_000).length)
  assert.ok(waiting > 100)
  far.socket.resume()
  await until('all have arrived', () => far.marks.length === direct + 1)
  const place = far.marks.indexOf(1_000_001)
  assert.ok(
    direct - place >= waiting - 10,
    `${direct - place} of ${waiting} waiting frames came behind control`,
  )
})

test('a full lane leaves the others open', async (t) => {
  const laneBytesMax = { control: 1_000, direct: 1_000, broadcast: 1_000 }
  const { near } = await (await Rig.open(t)).pair({ near: { laneBytesMax } })
  let count = 0
  while (near.link.send(frame(1), 'broadcast')) count++
  assert.ok(count > 0 && near.link.queuedBytes.broadcast <= 1_000)
  assert.equal(near.link.send(frame(1), 'direct'), true)
  while (near.link.send(frame(1), 'control'));
  assert.ok(near.link.queuedBytes.control <= 1_000)
})

test('a link without progress is stalled, a link beside it is not', async (t) => {
  const rig = await Rig.open(t)
  const stuck = await rig.pair({ near: { progressTimeoutMs: 50 } })
  const beside = await rig.pair({ near: { progressTimeoutMs: 50 } })
  stuck.far.socket.pause()
  let mark = 0
  const feed = (): void => {
    while (stuck.near.link.send(frame(1, 100_000), 'direct'));
    beside.near.link.send(frame(++mark), 'direct')
  }
  await until('the stuck link ends', () => {
    feed()
    return stuck.near.ends.length > 0
  })
  assert.equal(stuck.near.ends[0]?.reason, 'stalled')
  assert.equal(stuck.near.ends[0]?.remote, false)
  assert.match(stuck.near.ends[0]?.detail ?? '', /no progress for 50 ms with \d+ bytes in flight/)
  assert.equal(stuck.near.link.send(frame(1), 'control'), false)
  assert.equal(stuck.near.link.stats().queuedBytes.direct, 0)
  assert.ok(stuck.near.link.stats().framesDropped > 0)
  await until('the other link has delivered all', () => beside.far.marks.length === mark)
  assert.deepEqual(beside.near.ends, [])
  // The reader finds out when it reads again.
  stuck.far.socket.resume()
  assert.equal((await stuck.far.end()).reason, 'link-lost')
})

test('a slow reader that makes progress is not stalled', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair({ near: { progressTimeoutMs: 200 } })
  let sent = 0
  while (near.link.send(frame(sent + 1, 50_000), 'direct')) sent++
  // Reads one turn in two for longer than the timeout.
  const end = performance.now() + 600
  await until('the timeout has passed three times', () => {
    if (far.socket.isPaused) far.socket.resume()
    else far.socket.pause()
    while (near.link.send(frame(sent + 1, 50_000), 'direct')) sent++
    return performance.now() > end
  })
  far.socket.resume()
  await until('all have arrived', () => far.marks.length === sent)
  assert.deepEqual(near.ends, [])
})

test('each reason arrives at the other end, from either side', async (t) => {
  const rig = await Rig.open(t)
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const { near, far } = await rig.pair()
    const [closing, told] = REASONS[reason].closeCode % 2 === 0 ? [near, far] : [far, near]
    closing.link.close(reason)
    const { text } = REASONS[reason]
    assert.deepEqual(await told.end(), { reason, remote: true, detail: text })
    assert.deepEqual(await closing.end(), { reason, remote: false, detail: text })
  }
})

test('a detail takes the place of the text, cut to what a close frame holds', async (t) => {
  const rig = await Rig.open(t)
  const one = await rig.pair()
  one.near.link.close('full', 'node8 has 8 links already')
  assert.equal((await one.far.end()).detail, 'node8 has 8 links already')
  const two = await rig.pair()
  two.near.link.close('full', 'ü'.repeat(200))
  assert.equal((await two.far.end()).detail, 'ü'.repeat(61))
  assert.equal((await two.near.end()).detail, 'ü'.repeat(200))
})

test('close sends what waits on control, drops the rest, and counts it', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  near.link.send(frame(3), 'direct')
  near.link.send(frame(1), 'control')
  near.link.send(frame(4), 'broadcast')
  near.link.send(frame(2), 'control')
  near.link.close('left')
  assert.equal(near.link.isOpen, false)
  assert.equal((await far.end()).reason, 'left')
  assert.deepEqual(far.marks, [1, 2])
  assert.equal(near.link.stats().framesDropped, 2)
})

test('close sends what waits on control behind a full socket, too', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  far.socket.pause()
  await until('direct is refused', () => !near.link.send(frame(1, 100_000), 'direct'))
  await turn()
  for (let mark = 1_001; mark <= 1_010; mark++) near.link.send(frame(mark, 50_000), 'control')
  near.link.close('left')
  far.socket.resume()
  assert.equal((await far.end()).reason, 'left')
  assert.deepEqual(
    far.marks.filter((mark) => mark > 1_000),
    Array.from({ length: 10 }, (_, index) => 1_001 + index),
  )
  assert.equal((await near.end()).reason, 'left')
})

test('onClosed comes once, not from within close, and nothing is delivered after close', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  for (let mark = 1; mark <= 10; mark++) {
    far.link.send(frame(mark), 'direct')
    await turn()
  }
  near.link.close('trimmed')
  const delivered = near.batches.length
  near.link.close('left')
  near.link.close('trimmed')
  assert.equal(near.ends.length, 0)
  assert.equal(near.link.send(frame(1), 'control'), false)
  assert.equal((await near.end()).reason, 'trimmed')
  await far.end()
  await turn()
  assert.equal(near.ends.length, 1)
  assert.equal(far.ends.length, 1)
  assert.equal(near.batches.length, delivered)
  near.link.close('left')
  await turn()
  assert.deepEqual([near.ends.length, near.ends[0]?.reason], [1, 'trimmed'])
})

test('both ends close at once: each reports its own reason, once', async (t) => {
  const { near, far } = await (await Rig.open(t)).pair()
  near.link.close('trimmed')
  far.link.close('left')
  assert.deepEqual([(await near.end()).reason, (await far.end()).reason], ['trimmed', 'left'])
  await turn()
  assert.deepEqual([near.ends.length, far.ends.length], [1, 1])
})

test('a closing handshake that does not finish is cut', async (t) => {
  const rig = await Rig.open(t)
  // Not from our dialer: this one would wait for 30 s by itself.
  const { socket, far } = await rig.stranger()
  const near = new LinkRecord(socket, { closeTimeoutMs: 30 })
  far.socket.pause()
  near.link.close('silent')
  assert.deepEqual(await near.end(), { reason: 'silent', remote: false, detail: REASONS.silent.text })
  far.socket.resume()
  assert.equal((await far.end()).reason, 'silent')
})

test('close codes of other implementations', async (t) => {
  const rig = await Rig.open(t)
  const cases: readonly (readonly [number | undefined, Reason])[] = [
    [1000, 'shutting-down'],
    [1001, 'shutting-down'],
    [undefined, 'shutting-down'],
    [1011, 'link-lost'],
    [3000, 'link-lost'],
    [4999, 'link-lost'],
  ]
  for (const [code, reason] of cases) {
    const { socket, far } = await rig.stranger()
    socket.close(code, code === undefined ? undefined : 'bye')
    const end = await far.end()
    assert.equal(end.reason, reason)
    assert.equal(end.remote, true)
    if (code !== undefined) assert.equal(end.detail, `closed with code ${code}: bye`)
  }
})

test('a broken connection is link-lost at the other end', async (t) => {
  const rig = await Rig.open(t)
  const one = await rig.pair()
  one.near.socket.terminate()
  assert.deepEqual(await one.far.end(), {
    reason: 'link-lost',
    remote: true,
    detail: REASONS['link-lost'].text,
  })
  const two = await rig.rawStranger()
  two.client.socket.resetAndDestroy()
  assert.equal((await two.far.end()).reason, 'link-lost')
})

test('a link can be made of a socket that is already closed, and not of one that connects', async (t) => {
  const rig = await Rig.open(t)
  const socket = new WebSocket(rig.url, 'hearsay.1')
  assert.throws(() => new WsSocket(socket), TypeError)
  await once(socket, 'open')
  socket.terminate()
  await once(socket, 'close')
  const ends: Reason[] = []
  const link = new Link(new WsSocket(socket), {
    onMessages: () => {},
    onClosed: (end) => ends.push(end.reason),
  })
  assert.deepEqual(ends, [])
  assert.equal(link.isOpen, false)
  assert.equal(link.send(frame(1), 'control'), false)
  link.close('left')
  await until('the end is told', () => ends.length > 0)
  assert.deepEqual(ends, ['link-lost'])
})

test('an exception of a handler surfaces', async (t) => {
  const rig = await Rig.open(t)
  const { socket } = await rig.stranger()
  new Link(new WsSocket(socket), {
    onMessages: () => {
      throw new Error('a bug of ours')
    },
    onClosed: () => {},
  })
  const bundle = Buffer.from([frame(1).length, ...frame(1)])
  assert.throws(() => socket.emit('message', bundle, true), /a bug of ours/)
})
