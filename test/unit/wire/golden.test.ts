// The bytes on the wire, as they are published: a change here breaks every other implementation and every node that
// still runs the version before. `UPDATE_GOLDEN=1 node --test test/unit/wire/golden.test.ts` writes the file anew.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Message } from '../../../src/core/messages.ts'
import { decodeBundle, encodeBundle } from '../../../src/wire/bundle.ts'
import { decodeFrame } from '../../../src/wire/decode.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { FRAME_TYPES } from '../../../src/wire/frames.ts'
import { decodePayload, encodePayload } from '../../../src/wire/payload.ts'
import { MESSAGE_SAMPLES, PAYLOAD_SAMPLES } from '../../support/wire-samples.ts'

const FILE = new URL('../../golden/frames.golden.json', import.meta.url)
const BUNDLED = ['heartbeat', 'direct', 'gossip of a record']

interface Golden {
  /** What the frame says (bytes as hex) and the frame. */
  readonly frames: Record<string, { readonly message: unknown; readonly hex: string }>
  readonly bundle: { readonly frames: readonly string[]; readonly hex: string }
  readonly payloads: Record<
    string,
    { readonly value: unknown; readonly headers?: unknown; readonly hex: string }
  >
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** As JSON would have it, with bytes as hex. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, element) => (element instanceof Uint8Array ? { hex: hex(element) } : element)),
  )
}

function sample(name: string): Message {
  const message = MESSAGE_SAMPLES[name]
  assert.ok(message, `there is no sample "${name}"`)
  return message
}

function current(): Golden {
  const frames = Object.entries(MESSAGE_SAMPLES).map(([name, message]) => [
    name,
    { message: plain(message), hex: hex(encodeFrame(message)) },
  ])
  const payloads = Object.entries(PAYLOAD_SAMPLES).map(([name, { value, headers }]) => [
    name,
    {
      value: plain(value),
      ...(headers === undefined ? {} : { headers }),
      hex: hex(encodePayload(value, headers)),
    },
  ])
  return {
    frames: Object.fromEntries(frames),
    bundle: { frames: BUNDLED, hex: hex(encodeBundle(BUNDLED.map((name) => encodeFrame(sample(name))))) },
    payloads: Object.fromEntries(payloads),
  }
}

if (process.env.UPDATE_GOLDEN === '1') writeFileSync(FILE, `${JSON.stringify(current(), null, 2)}\n`)
const golden = JSON.parse(readFileSync(FILE, 'utf8')) as Golden

function withoutRaw(message: Message): Message {
  if (!('raw' in message)) return message
  const { raw: _, ...rest } = message
  return rest
}

test('there is a sample of every frame type', () => {
  const types = new Set(Object.values(MESSAGE_SAMPLES).map((message) => message.type))
  assert.deepEqual([...types].sort(), Object.keys(FRAME_TYPES).sort())
  assert.deepEqual(Object.keys(golden.frames), Object.keys(MESSAGE_SAMPLES))
  assert.deepEqual(Object.keys(golden.payloads), Object.keys(PAYLOAD_SAMPLES))
})

for (const [name, message] of Object.entries(MESSAGE_SAMPLES)) {
  test(`frame: ${name}`, () => {
    const stored = golden.frames[name]
    assert.ok(stored)
    assert.deepEqual(stored.message, plain(message))
    assert.equal(hex(encodeFrame(message)), stored.hex)
    const result = decodeFrame(unhex(stored.hex))
    assert.ok(result.ok)
    assert.deepEqual(withoutRaw(result.message), message)
  })
}

test('bundle', () => {
  const messages = golden.bundle.frames.map(sample)
  assert.equal(hex(encodeBundle(messages.map(encodeFrame))), golden.bundle.hex)
  const result = decodeBundle(unhex(golden.bundle.hex))
  assert.equal(result.error, undefined)
  assert.deepEqual(result.messages.map(withoutRaw), messages)
})

for (const [name, { value, headers }] of Object.entries(PAYLOAD_SAMPLES)) {
  test(`payload: ${name}`, () => {
    const stored = golden.payloads[name]
    assert.ok(stored)
    assert.deepEqual(stored.value, plain(value))
    assert.deepEqual(stored.headers, headers)
    assert.equal(hex(encodePayload(value, headers)), stored.hex)
    assert.deepEqual(decodePayload(unhex(stored.hex)), { ok: true, value, ...(headers && { headers }) })
  })
}
