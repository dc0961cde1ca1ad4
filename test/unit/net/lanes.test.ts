// What waits on a link: the order in which it leaves, how it is bundled, and that it is bounded.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import type { Lane } from '../../../src/core/events.ts'
import { LANES, Lanes } from '../../../src/net/lanes.ts'
import { framedSize } from '../../../src/wire/bundle.ts'

const LIMIT = 1_000_000
const BUNDLE = 1_000

function lanesOf(limit = LIMIT, bundle = BUNDLE): Lanes {
  return new Lanes({ control: limit, direct: limit, broadcast: limit }, bundle)
}

/** A frame of this size that begins with a number. */
function frame(mark: number, size = 4): Uint8Array {
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, mark)
  return bytes
}

/** The frames in a bundle, told by an independent reader of the length prefixes. */
function framesOf(bundle: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = []
  let offset = 0
  while (offset < bundle.length) {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bundle[offset++] as number
      length += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    frames.push(bundle.subarray(offset, offset + length))
    offset += length
  }
  assert.equal(offset, bundle.length)
  return frames
}

/** Puts a frame at the end of a lane, as bytes or written in place. */
function put(end: ReturnType<Lanes['end']>, bytes: Uint8Array, inPlace: boolean): boolean {
  if (!inPlace) return end.push(bytes)
  const writer = end.reserve(bytes.length)
  if (writer === undefined) return false
  writer.copy(bytes)
  end.commit()
  return true
}

const markOf = (bytes: Uint8Array): number => Buffer.from(bytes).readUInt32BE(0)

function takeAll(lanes: Lanes): number[][] {
  const bundles: number[][] = []
  for (let bundle = lanes.take(); bundle; bundle = lanes.take()) {
    const frames = framesOf(bundle.bytes)
    assert.equal(frames.length, bundle.frames)
    bundles.push(frames.map(markOf))
  }
  return bundles
}

test('control leaves before direct before broadcast, first in first out', () => {
  const lanes = lanesOf()
  lanes.end('broadcast').push(frame(5))
  lanes.end('direct').push(frame(3))
  lanes.end('control').push(frame(1))
  lanes.end('broadcast').push(frame(6))
  lanes.end('control').push(frame(2))
  lanes.end('direct').push(frame(4))
  assert.deepEqual(takeAll(lanes), [[1, 2, 3, 4, 5, 6]])
})

test('a bundle is filled up to its limit', () => {
  const lanes = lanesOf(LIMIT, 50)
  for (let mark = 0; mark < 25; mark++) lanes.end('direct').push(frame(mark))
  assert.deepEqual(
    takeAll(lanes).map((marks) => marks.length),
    [10, 10, 5],
  )
})

test('a frame larger than a bundle goes alone, in its place', () => {
  const lanes = lanesOf(LIMIT, 50)
  lanes.end('direct').push(frame(1))
  lanes.end('direct').push(frame(2, 500))
  lanes.end('direct').push(frame(3))
  assert.deepEqual(takeAll(lanes), [[1], [2], [3]])
})

test('what did not fit is not overtaken by a smaller frame of a later lane', () => {
  const lanes = lanesOf(LIMIT, 50)
  lanes.end('control').push(frame(1, 40))
  lanes.end('control').push(frame(2, 40))
  lanes.end('direct').push(frame(3))
  assert.deepEqual(takeAll(lanes), [[1], [2, 3]])
})

test('a large frame of a later lane does not ride with an earlier one', () => {
  const lanes = lanesOf(LIMIT, 50)
  lanes.end('broadcast').push(frame(3, 500))
  lanes.end('direct').push(frame(2))
  lanes.end('control').push(frame(1))
  assert.deepEqual(takeAll(lanes), [[1, 2], [3]])
})

test('a lane that has no room refuses, the others do not', () => {
  const lanes = lanesOf(10)
  assert.equal(lanes.end('direct').push(frame(1)), true)
  assert.equal(lanes.end('direct').push(frame(2)), true)
  assert.equal(lanes.end('direct').push(frame(3)), false)
  assert.equal(lanes.end('control').push(frame(4)), true)
  assert.deepEqual(lanes.queuedBytes, { control: 5, direct: 10, broadcast: 0 })
  assert.deepEqual(takeAll(lanes), [[4, 1, 2]])
  assert.equal(lanes.end('direct').push(frame(3)), true)
})

test('room that was reserved and not filled is nothing', () => {
  const lanes = lanesOf()
  assert.ok(lanes.end('direct').reserve(400))
  assert.deepEqual(lanes.queuedBytes, { control: 0, direct: 0, broadcast: 0 })
  lanes.end('direct').push(frame(1))
  assert.ok(lanes.end('direct').reserve(400))
  assert.deepEqual(takeAll(lanes), [[1]])
})

test('only the lanes asked for are taken', () => {
  const lanes = lanesOf()
  lanes.end('direct').push(frame(2))
  lanes.end('control').push(frame(1))
  assert.deepEqual(framesOf(lanes.take(['control'])?.bytes ?? new Uint8Array()).map(markOf), [1])
  assert.equal(lanes.take(['control']), undefined)
  assert.equal(lanes.clear(), 1)
  assert.equal(lanes.take(), undefined)
  assert.deepEqual(lanes.queuedBytes, { control: 0, direct: 0, broadcast: 0 })
})

test('a frame is copied at once: what it was cut from may change', () => {
  const lanes = lanesOf()
  const read = new Uint8Array(65_536)
  for (const [mark, start] of [0, 5_000, 20_000, 40_000].entries()) {
    const view = read.subarray(start, start + (mark + 1) * 100)
    new DataView(view.buffer, view.byteOffset).setUint32(0, mark)
    lanes.end('direct').push(view)
  }
  read.fill(0xff)
  assert.deepEqual(takeAll(lanes), [[0, 1, 2], [3]])
})

test('memory of bundles that have left is used again, and never that of one which is still looked at', () => {
  const lanes = lanesOf(LIMIT, 4_096)
  const fill = (mark: number): void => {
    for (let count = 0; count < 4; count++) lanes.end('direct').push(frame(mark, 1_000))
  }
  const buffers = new Set<ArrayBufferLike>()
  for (let round = 0; round < 20; round++) {
    fill(2 * round)
    const first = lanes.take()
    fill(2 * round + 1)
    const second = lanes.take()
    assert.ok(first && second)
    assert.notEqual(first.bytes.buffer, second.bytes.buffer)
    assert.deepEqual(framesOf(first.bytes).map(markOf), Array(4).fill(2 * round))
    for (const bundle of [first, second]) {
      buffers.add(bundle.bytes.buffer)
      lanes.recycle(bundle)
    }
  }
  assert.ok(buffers.size <= 3, `${buffers.size} blocks for 40 bundles`)
})

/** Pushes views into fresh memory of 64 KiB each, as relayed frames are, and gives weak references to that memory. */
function pushViews(lanes: Lanes, lane: Lane, count: number): WeakRef<ArrayBuffer>[] {
  return Array.from({ length: count }, (_, index) => {
    const read = new Uint8Array(65_536)
    const view = read.subarray(100, 120)
    new DataView(read.buffer, 100).setUint32(0, index)
    assert.ok(lanes.end(lane).push(view))
    return new WeakRef(read.buffer)
  })
}

/** How much of that memory is still there, after a full collection. */
async function alive(references: readonly WeakRef<ArrayBuffer>[]): Promise<number> {
  // A weak reference is kept for the turn in which it was made or looked at.
  await new Promise((resolve) => setTimeout(resolve))
  collect()
  return references.filter((reference) => reference.deref() !== undefined).length
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('frames that wait keep only their own bytes', async () => {
  const lanes = lanesOf(LIMIT, 210)
  assert.equal(await alive(pushViews(lanes, 'direct', 20)), 0)
  assert.deepEqual(
    takeAll(lanes).flat(),
    Array.from({ length: 20 }, (_, mark) => mark),
  )
})

test('any sequence of frames and takes loses nothing, reorders nothing and counts right', () => {
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('push' as const),
        lane: fc.constantFrom<Lane>(...LANES),
        size: fc.oneof(fc.integer({ min: 4, max: 60 }), fc.integer({ min: 4, max: 20_000 })),
        inPlace: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ do: 'take' as const }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 10, max: 500 }), (steps, bundleMax) => {
      const limit = 30_000
      const lanes = lanesOf(limit, bundleMax)
      const model: Record<Lane, { mark: number; size: number }[]> = { control: [], direct: [], broadcast: [] }
      const waiting = (lane: Lane): number =>
        model[lane].reduce((sum, { size }) => sum + framedSize(new Uint8Array(size)), 0)
      const takeOne = (): boolean => {
        const bundle = lanes.take()
        if (bundle === undefined) return false
        const frames = framesOf(bundle.bytes)
        assert.ok(bundle.bytes.length <= bundleMax || frames.length === 1)
        for (const got of frames) {
          const lane = LANES.find((name) => model[name].length > 0)
          assert.ok(lane !== undefined)
          const expected = model[lane].shift()
          assert.deepEqual({ mark: markOf(got), size: got.length }, expected)
        }
        lanes.recycle(bundle)
        return true
      }
      let mark = 0
      for (const one of steps) {
        if (one.do === 'take') takeOne()
        else {
          const bytes = frame(mark, one.size)
          const fits = waiting(one.lane) + framedSize(bytes) <= limit
          assert.equal(put(lanes.end(one.lane), bytes, one.inPlace), fits)
          if (fits) model[one.lane].push({ mark, size: one.size })
          mark++
        }
        assert.deepEqual(lanes.queuedBytes, {
          control: waiting('control'),
          direct: waiting('direct'),
          broadcast: waiting('broadcast'),
        })
      }
      while (takeOne());
      assert.ok(LANES.every((lane) => model[lane].length === 0))
    }),
    { numRuns: 200 },
  )
})

test('a lane that never runs empty keeps its order over many rounds', () => {
  const lanes = lanesOf(LIMIT, 50)
  let pushed = 0
  let taken = 0
  for (; pushed < 100; pushed++) lanes.end('direct').push(frame(pushed))
  for (let round = 0; round < 1_000; round++) {
    for (let count = 0; count < 10; count++) lanes.end('direct').push(frame(pushed++))
    for (const got of framesOf(lanes.take()?.bytes ?? new Uint8Array())) assert.equal(markOf(got), taken++)
  }
  assert.equal(lanes.queuedFrames, pushed - taken)
  assert.equal(pushed - taken, 100)
})

test('memory that has left is given back when nobody has needed it for a while', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const MIB = 1_048_576
  const bundle = 65_536
  const lanes = lanesOf(64 * MIB, bundle)
  const references: WeakRef<ArrayBufferLike>[] = []
  // All of them wait at one time: 16 MiB.
  ;(() => {
    for (let count = 0; count < 256; count++) lanes.end('direct').push(frame(count, bundle - 3))
    for (let taken = lanes.take(); taken; taken = lanes.take()) {
      references.push(new WeakRef(taken.bytes.buffer))
      lanes.recycle(taken)
    }
  })()
  const bytes = async (): Promise<number> => {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    return references.filter((reference) => reference.deref() !== undefined).length * bundle
  }
  assert.equal(await bytes(), 16 * MIB, 'it is kept for whoever needs it next')
  // The first look sees what was spare at its least before: nothing.
  for (let looks = 0; looks < 2; looks++) t.mock.timers.tick(5_000)
  assert.ok((await bytes()) <= 4 * MIB)
})
