// What a peer may do wrong on a link: each ends that link with its reason, at both ends, and touches no other link.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Reason } from '../../../src/core/reasons.ts'
import { encodeBundle } from '../../../src/wire/bundle.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { frame, type LinkRecord, Rig, until } from './rig.ts'

/** Opens a rig with a good link, runs `harm` beside it, and checks that the good link works all the while. */
async function besideGoodLink(t: TestContext, harm: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await Rig.open(t)
  const good = await rig.pair()
  good.near.link.send(frame(1), 'direct')
  await until('the good link works before', () => good.far.marks.length === 1)
  await harm(rig)
  for (let mark = 2; mark <= 101; mark++) good.near.link.send(frame(mark, 1_000), 'direct')
  good.far.link.send(frame(1), 'control')
  await until(
    'the good link works after',
    () => good.far.marks.length === 101 && good.near.marks.length === 1,
  )
  assert.deepEqual([good.near.ends.length, good.far.ends.length], [0, 0])
}

async function ended(far: LinkRecord, reason: Reason, detail: RegExp): Promise<void> {
  const end = await far.end()
  assert.equal(end.reason, reason)
  assert.equal(end.remote, false)
  assert.match(end.detail, detail)
}

test('rubbish is malformed', (t) =>
  besideGoodLink(t, async (rig) => {
    const { socket, far } = await rig.stranger()
    socket.send(Buffer.from('this is no bundle of frames at all'))
    const [code, text] = await once(socket, 'close')
    assert.equal(code, 4020)
    assert.match(String(text), /^frame 0: /)
    await ended(far, 'malformed', /^frame 0: /)
    assert.deepEqual(far.batches, [])
  }))

test('an empty message is malformed', (t) =>
  besideGoodLink(t, async (rig) => {
    const { socket, far } = await rig.stranger()
    socket.send(Buffer.alloc(0))
    await ended(far, 'malformed', /expected at least one frame/)
  }))

test('half a frame: what came before it is delivered, in one call, before the end', (t) =>
  besideGoodLink(t, async (rig) => {
    const { socket, far } = await rig.stranger()
    const whole = encodeBundle([frame(1), frame(2), frame(3)])
    socket.send(whole.subarray(0, whole.length - 10))
    socket.send(encodeBundle([frame(4)]))
    await ended(far, 'malformed', /^frame 2: /)
    assert.deepEqual(far.marks, [1, 2])
    assert.deepEqual(far.calls, ['messages', 'closed'])
  }))

test('a text message is not-binary', (t) =>
  besideGoodLink(t, async (rig) => {
    const { socket, far } = await rig.stranger()
    socket.send('hello?')
    const [code] = await once(socket, 'close')
    assert.equal(code, 4024)
    await ended(far, 'not-binary', /binary frames only/)
  }))

test('a message over the limit is too-large, at both ends', (t) =>
  besideGoodLink(t, async (rig) => {
    const { near, far } = await rig.pair()
    near.socket.send(Buffer.alloc(LIMITS.messageBytesMax + 1))
    await ended(far, 'too-large', /WS_ERR_UNSUPPORTED_MESSAGE_LENGTH/)
    const told = await near.end()
    assert.deepEqual([told.reason, told.remote], ['too-large', true])
  }))

test('fragments that add up to more than the limit are too-large', (t) =>
  besideGoodLink(t, async (rig) => {
    const { socket, far } = await rig.stranger()
    for (let part = 0; part < 5; part++) socket.send(Buffer.alloc(300_000), { fin: false })
    await ended(far, 'too-large', /WS_ERR_UNSUPPORTED_MESSAGE_LENGTH/)
  }))

test('the header of a frame of 2^60 bytes costs nothing', (t) =>
  besideGoodLink(t, async (rig) => {
    const { client, far } = await rig.rawStranger()
    client.socket.write(Buffer.from([0x82, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]))
    await ended(far, 'too-large', /WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH/)
    client.socket.destroy()
  }))

test('what breaks RFC 6455 is protocol-error', (t) =>
  besideGoodLink(t, async (rig) => {
    const cases: readonly (readonly [string, number[]])[] = [
      ['EXPECTED_MASK', [0x82, 0x01, 0x00]],
      ['INVALID_OPCODE', [0x83, 0x80, 1, 2, 3, 4]],
      ['UNEXPECTED_RSV_2_3', [0xb2, 0x80, 1, 2, 3, 4]],
      ['UNEXPECTED_RSV_1', [0xc2, 0x80, 1, 2, 3, 4]],
      ['INVALID_CONTROL_PAYLOAD_LENGTH', [0x89, 0xfe, 0, 200, 1, 2, 3, 4]],
      ['EXPECTED_FIN', [0x09, 0x80, 1, 2, 3, 4]],
      ['INVALID_CLOSE_CODE', [0x88, 0x82, 0, 0, 0, 0, 0, 1]],
      ['INVALID_OPCODE', [0x80, 0x80, 1, 2, 3, 4]],
    ]
    for (const [name, bytes] of cases) {
      const { client, far } = await rig.rawStranger()
      client.socket.write(Buffer.from(bytes))
      await ended(far, 'protocol-error', new RegExp(`WS_ERR_${name}`))
      await until('the connection is closed', () => client.closed)
    }
  }))

test('invalid UTF-8 is malformed', (t) =>
  besideGoodLink(t, async (rig) => {
    const { client, far } = await rig.rawStranger()
    client.socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]))
    await ended(far, 'malformed', /WS_ERR_INVALID_UTF8/)
    client.socket.destroy()
  }))

test('a peer that never answers the close frame and never hangs up is cut', (t) =>
  besideGoodLink(t, async (rig) => {
    rig.acceptOptions = { closeTimeoutMs: 30 }
    const { client, far } = await rig.rawStranger()
    client.socket.pause()
    client.socket.write(Buffer.from([0x83, 0x80, 1, 2, 3, 4]))
    await ended(far, 'protocol-error', /WS_ERR_INVALID_OPCODE/)
    client.socket.destroy()
  }))

test('a connection that breaks in the middle of a message is link-lost, and the half is not delivered', (t) =>
  besideGoodLink(t, async (rig) => {
    const { client, far } = await rig.rawStranger()
    client.socket.end(Buffer.from([0x82, 0xa0, 0, 0, 0, 0, 1, 2, 3]))
    assert.equal((await far.end()).reason, 'link-lost')
    assert.deepEqual(far.batches, [])
  }))

test('rubbish after close does not change why the link ended', (t) =>
  besideGoodLink(t, async (rig) => {
    const { client, far } = await rig.rawStranger()
    far.link.close('full')
    client.socket.write(Buffer.from([0x83, 0x80, 1, 2, 3, 4]))
    assert.equal((await far.end()).reason, 'full')
    client.socket.destroy()
  }))

test('a flood after close is not delivered and does not keep the link', (t) =>
  besideGoodLink(t, async (rig) => {
    rig.acceptOptions = { closeTimeoutMs: 100 }
    const { client, far } = await rig.rawStranger()
    far.link.close('full')
    const one = encodeBundle([frame(1)])
    const message = Buffer.concat([Buffer.from([0x82, 0x80 | one.length, 0, 0, 0, 0]), one])
    const flood = Buffer.concat(Array.from({ length: 500 }, () => message))
    await until('the link ends', () => {
      if (!client.closed) client.socket.write(flood)
      return far.ends.length > 0
    })
    assert.equal(far.ends[0]?.reason, 'full')
    assert.deepEqual(far.batches, [])
    client.socket.destroy()
  }))

test('any bytes after the handshake end the link with a reason or are waited for, never with an exception', (t) =>
  besideGoodLink(t, (rig) =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.boolean(),
        async (bytes, framed) => {
          const { client, far } = await rig.rawStranger()
          const message = framed
            ? Buffer.concat([
                Buffer.from([0x82, 0xfe, bytes.length >> 8, bytes.length & 0xff, 0, 0, 0, 0]),
                bytes,
              ])
            : bytes
          client.socket.end(message)
          await far.end()
          await until('the connection is closed', () => client.closed)
          assert.equal(far.ends.length, 1)
        },
      ),
      { numRuns: 100 },
    ),
  ))
