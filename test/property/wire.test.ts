// Frames and bundles, whatever is in them: what is written comes out again, and nothing that comes in can do harm.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Message } from '../../src/core/messages.ts'
import { decodeBundle, encodeBundle, framedSize, writeFramed } from '../../src/wire/bundle.ts'
import { decodeFrame } from '../../src/wire/decode.ts'
import { encodeFrame } from '../../src/wire/encode.ts'
import { FRAME_TYPES, HEADER_BYTES } from '../../src/wire/frames.ts'
import { isPeerUrl } from '../../src/wire/validate.ts'
import { hello, jsonValue, message, peerEvents, relayedMessage, welcome } from '../support/arbitraries.ts'

const RUNS = { numRuns: 1_000 }

/** The message as its origin would make it. */
function withoutRaw(message: Message): Message {
  if (!('raw' in message)) return message
  const { raw: _, ...rest } = message
  return rest
}

function decoded(frame: Uint8Array): Message {
  const result = decodeFrame(frame)
  assert.ok(result.ok, result.ok ? '' : result.detail)
  return result.message
}

/** Decoding gave an answer, and when that is a message, it is one that can be written again and means the same. */
function checkAnswer(frame: Uint8Array): void {
  const result = decodeFrame(frame)
  if (!result.ok) {
    assert.match(result.detail, /expected/)
    return
  }
  if (result.message.type === 'unknown') return
  const plain = withoutRaw(result.message)
  assert.deepEqual(withoutRaw(decoded(encodeFrame(plain))), plain)
}

const knownType = fc.constantFrom(...Object.values(FRAME_TYPES))

/** A valid frame with one thing done to it: a bit flipped, an end cut off, a part removed, doubled or replaced. */
const mutatedFrame = fc
  .tuple(message, message, fc.nat(), fc.nat(), fc.constantFrom('flip', 'cut', 'remove', 'insert', 'splice'))
  .map(([first, second, a, b, mutation]) => {
    const frame = encodeFrame(first)
    const at = a % frame.length
    switch (mutation) {
      case 'flip': {
        const copy = frame.slice()
        copy[at] = (copy[at] as number) ^ (1 << (b & 7))
        return copy
      }
      case 'cut':
        return frame.slice(0, at)
      case 'remove':
        return joined(frame.subarray(0, at), frame.subarray(at + 1 + (b % 8)))
      case 'insert':
        return joined(
          frame.subarray(0, at),
          frame.subarray(at >> 1, (at >> 1) + 1 + (b % 8)),
          frame.subarray(at),
        )
      default: {
        const other = encodeFrame(second)
        return joined(frame.subarray(0, at), other.subarray(b % other.length))
      }
    }
  })

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]))
}

test('a message of any type comes out of its frame as it went in', () => {
  fc.assert(
    fc.property(message, (message) => {
      const frame = encodeFrame(message)
      const result = decoded(frame)
      assert.deepEqual(withoutRaw(result), message)
      if ('raw' in result) assert.deepEqual(result.raw, frame)
    }),
    RUNS,
  )
})

test('a frame cut off anywhere is refused, or ends in a shorter payload', () => {
  fc.assert(
    fc.property(message, (message) => {
      const frame = encodeFrame(message)
      for (let size = 0; size < Math.min(frame.length, 600); size++) {
        const result = decodeFrame(frame.subarray(0, size))
        if (!result.ok) continue
        const shorter = result.message
        assert.ok(shorter.type === 'direct' || (shorter.type === 'gossip' && shorter.kind === 'payload'))
      }
    }),
    { numRuns: 100 },
  )
})

test('random bytes decode to a message or to what is wrong with them', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), checkAnswer), RUNS)
})

test('random bytes behind a known type decode to a message or to what is wrong with them', () => {
  fc.assert(
    fc.property(knownType, fc.uint8Array({ maxLength: 200, size: 'max' }), (type, body) => {
      checkAnswer(joined(Uint8Array.of(type), body))
    }),
    RUNS,
  )
})

test('a JSON body with one value exchanged decodes to a message or to what is wrong with it', () => {
  const exchanged = fc
    .tuple(fc.oneof(hello, welcome, peerEvents), fc.nat(), jsonValue)
    .map(([message, at, value]) => {
      const frame = encodeFrame(message)
      const body = JSON.parse(new TextDecoder().decode(frame.subarray(HEADER_BYTES))) as Record<
        string,
        unknown
      >
      const keys = Object.keys(body)
      body[keys[at % keys.length]!] = value
      return joined(frame.subarray(0, HEADER_BYTES), new TextEncoder().encode(JSON.stringify(body)))
    })
  fc.assert(fc.property(exchanged, checkAnswer), RUNS)
})

test('a damaged frame decodes to a message or to what is wrong with it', () => {
  fc.assert(fc.property(mutatedFrame, checkAnswer), { numRuns: 3_000 })
})

test('passing a frame on changes the two bytes of the hops and nothing else', () => {
  fc.assert(
    fc.property(relayedMessage, fc.nat(255), fc.nat(255), (message, a, b) => {
      const hops = Math.min(a, b)
      const hopsLeft = 255 - Math.max(a, b)
      const frame = encodeFrame(message)
      const before = frame.slice()
      const arrived = decoded(frame)
      const passedOn = encodeFrame({ ...arrived, hopsLeft, hops } as Message)
      assert.equal((arrived as typeof message).raw, passedOn)
      before[2] = hopsLeft
      before[3] = hops
      assert.deepEqual(passedOn, before)
      assert.deepEqual(withoutRaw(decoded(passedOn)), { ...message, hopsLeft, hops })
    }),
    RUNS,
  )
})

test('a bundle gives back its frames, in order', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), (messages) => {
      const frames = messages.map(encodeFrame)
      const bundle = encodeBundle(frames)
      assert.equal(
        bundle.length,
        frames.reduce((sum, frame) => sum + framedSize(frame), 0),
      )
      const result = decodeBundle(bundle)
      assert.equal(result.error, undefined)
      assert.deepEqual(result.messages.map(withoutRaw), messages)
    }),
    { numRuns: 300 },
  )
})

test('a bundle that a link fills by itself is the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 4, maxLength: 400, size: 'max' }), { minLength: 1, maxLength: 9 }),
      (frames) => {
        const target = new Uint8Array(10_000)
        let offset = 0
        for (const frame of frames) offset = writeFramed(target, offset, frame)
        assert.deepEqual(target.slice(0, offset), encodeBundle(frames))
      },
    ),
    { numRuns: 300 },
  )
})

test('a bundle cut off anywhere gives the whole frames before the cut', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), fc.nat(), (messages, at) => {
      const frames = messages.map(encodeFrame)
      const bundle = encodeBundle(frames)
      const cut = at % bundle.length
      let whole = 0
      for (let end = 0; whole < frames.length; whole++) {
        end += framedSize(frames[whole]!)
        if (end > cut) break
      }
      const result = decodeBundle(bundle.subarray(0, cut))
      assert.deepEqual(result.messages.map(withoutRaw), messages.slice(0, whole))
      const onBoundary = encodedSize(frames.slice(0, whole)) === cut && cut > 0
      assert.equal(result.error === undefined, onBoundary)
    }),
    { numRuns: 300 },
  )
})

function encodedSize(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, frame) => sum + framedSize(frame), 0)
}

test('random bytes never break the bundle decoder', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), (bytes) => {
      const { messages, error } = decodeBundle(bytes)
      assert.ok(messages.length > 0 || error !== undefined)
    }),
    RUNS,
  )
})

test('what a URL parser makes of any text can be sent, unless it is too long', () => {
  const anything = fc.tuple(
    fc.constantFrom('ws://a/', 'https://a/?', 'http://', 'wss://u'),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(anything, ([start, rest]) => {
      const parsed = URL.parse(`${start}${rest}`)
      if (parsed === null) return
      parsed.hash = ''
      assert.ok(isPeerUrl(parsed.href), parsed.href)
    }),
    RUNS,
  )
})
