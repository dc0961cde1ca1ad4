// Handing on what was kept: what is given stays as it was when it was asked for, or its reader is told that it is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SendPart } from '../../../src/node/answering.ts'
import { type Note, seal } from '../../../src/node/envelope.ts'
import { History, MESSAGE_BYTES } from '../../../src/node/history.ts'
import { pastAnswerer } from '../../../src/node/past.ts'
import { decodePayload } from '../../../src/wire/payload.ts'
import { nodeName } from '../../support/core-rig.ts'

const question: Note = { from: nodeName('b'), number: 7, value: { filter: 't' }, hops: 1, headers: {} }
const ONE = seal(1, {}).length + MESSAGE_BYTES

/** A history with room for three, which are there. */
function three() {
  const history = new History(100, { topicsMax: 10, bytesMax: 3 * ONE })
  const add = (value: number) => history.add({ from: 'a', topic: 't' }, seal(value, {}))
  for (const value of [1, 2, 3]) add(value)
  const values: unknown[] = []
  const part: SendPart = (payload) => {
    const decoded = decodePayload(payload)
    values.push(decoded.ok && decoded.value)
    return Promise.resolve({ sent: Promise.resolve(true) })
  }
  return { history, add, values, part }
}

test('what newer ones push out while it is given is given all the same', async () => {
  const { history, add, values, part } = three()
  const answer = await pastAnswerer(history)(question, (payload) => {
    if (values.length === 0) for (const value of [4, 5, 6]) add(value)
    return part(payload)
  })
  assert.deepEqual([answer, values], [{ count: 3 }, [1, 2, 3]])
  assert.equal(history.inspect().readers, 0)
})

test('but not for ever: with too much of it the reader is told that it has not got all', async () => {
  const { history, add, values, part } = three()
  const answering = pastAnswerer(history)(question, (payload) => {
    if (values.length === 0) for (const value of [4, 5, 6, 4, 5, 6]) add(value)
    return part(payload)
  })
  await assert.rejects(async () => answering, /newer broadcasts have taken the place/)
  const { readers, lentBytes } = history.inspect()
  assert.deepEqual([values, readers, lentBytes], [[1], 0, 0])
})
