// What a program is given of a message belongs to it alone: it may be looked at through other arrays, kept, and transferred
// to another thread, whatever else the node has.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNode, type Node, type NodeMessage } from '../../../src/index.ts'

const SIZES = [1, 40, 100, 1_000, 3_000, 20_000]

test('bytes have a buffer of their own, and taking it away harms nothing else', async () => {
  await using b = await createNode({ name: 'b', host: '127.0.0.1', listen: 0 })
  await using a = await createNode({
    name: 'a',
    host: '127.0.0.1',
    listen: 0,
    peers: [`ws://127.0.0.1:${b.port}`],
  })
  await Promise.all([a.ready(), b.ready()])
  const came: NodeMessage[] = []
  const arrived = new Promise<void>((resolve) => {
    b.on('message', (message) => {
      const { value } = message
      assert.ok(value instanceof Uint8Array)
      assert.equal(value.byteOffset, 0)
      assert.equal(value.buffer.byteLength, value.length)
      // As a worker gets it: what the buffer was part of has nothing any more.
      came.push({ ...message, value: structuredClone(value, { transfer: [value.buffer as ArrayBuffer] }) })
      if (came.length === 4 * SIZES.length) resolve()
    })
  })
  // In one turn: they travel in one bundle.
  const sent = [...SIZES, ...SIZES].map((size, index) => a.send('b', bytesOf(size, index)))
  const cast = [...SIZES, ...SIZES].map((size, index) => a.broadcast(bytesOf(size, index)))
  for (const { status } of await Promise.all(sent)) assert.equal(status, 'delivered')
  for (const { status } of await Promise.all(cast)) assert.equal(status, 'sent')
  await arrived
  for (const broadcast of [false, true]) {
    const values = came.filter((message) => message.broadcast === broadcast).map(({ value }) => value)
    const expected = [...SIZES, ...SIZES].map((size, index) => bytesOf(size, index))
    assert.deepEqual(values.map(text).sort(), expected.map(text).sort())
  }
  assert.deepEqual(b.drops(), {})
  await stillSends(b)
})

async function stillSends(b: Node): Promise<void> {
  for (const size of SIZES) assert.equal((await b.send('a', bytesOf(size, size))).status, 'delivered')
}

function bytesOf(size: number, mark: number): Uint8Array {
  return new Uint8Array(size).fill(mark + 1)
}

function text(value: unknown): string {
  return Buffer.from(value as Uint8Array).toString('latin1')
}
