// The directory: newest wins, who is told as come and gone, what is forgotten, and its limit.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import { compareRecords, Directory } from '../../../src/core/directory.ts'
import { recordHash } from '../../../src/core/hash.ts'
import type { NodeName } from '../../../src/core/messages.ts'
import { Rng } from '../../../src/core/rng.ts'
import { INCARNATION, nodeName, reachExactly, recordOf } from '../../support/core-rig.ts'

const { unreachableGraceMs, forgetMs } = CORE_DEFAULTS

function directory(limit = 100): Directory {
  return new Directory(recordOf('a', ['b'], { version: 1 }), { ...CORE_DEFAULTS, directoryNodesMax: limit })
}

const edgesOf = (of: Directory, name: string): NodeName[] => {
  const entry = of.get(nodeName(name))
  assert.ok(entry !== undefined)
  return of.edges(entry).map(({ record }) => record.name)
}

test('a record is newer by incarnation, then by instance, then by version', () => {
  const of = (incarnation: number, instance: string, version: number) =>
    recordOf('b', [], { incarnation, instance, version })
  const ascending = [of(1, 'z', 9), of(2, 'x', 1), of(2, 'x', 2), of(2, 'y', 1), of(3, 'a', 0)]
  for (let i = 0; i < ascending.length; i++) {
    for (let j = 0; j < ascending.length; j++) {
      const [a, b] = [ascending[i]!, ascending[j]!]
      assert.equal(Math.sign(compareRecords(a, b)), Math.sign(i - j))
    }
  }
})

test('a record is kept when it is newer, and only then', () => {
  const of = directory()
  assert.equal(of.merge(recordOf('b', ['a'], { version: 2 }), 0), 'newer')
  assert.equal(of.merge(recordOf('b', [], { version: 2 }), 0), 'same')
  assert.equal(of.merge(recordOf('b', [], { version: 1 }), 0), 'older')
  assert.deepEqual(of.get(nodeName('b'))?.record.links, ['a'])
  assert.equal(of.merge(recordOf('b', ['c'], { version: 3 }), 0), 'newer')
  assert.deepEqual(of.get(nodeName('b'))?.record.links, ['c'])
})

test('there is an edge when both ends list each other, and neither is leaving', () => {
  const of = directory()
  of.merge(recordOf('b', ['a', 'c', 'd']), 0)
  of.merge(recordOf('c', ['b']), 0)
  of.merge(recordOf('d', []), 0)
  assert.deepEqual(edgesOf(of, 'b'), ['a', 'c'], 'd does not list b')
  assert.deepEqual(edgesOf(of, 'd'), [])
  of.merge(recordOf('d', ['b'], { version: 3 }), 0)
  assert.deepEqual(edgesOf(of, 'b'), ['a', 'c', 'd'], 'now it does')
  of.merge(recordOf('c', ['b'], { version: 3, state: 'leaving' }), 0)
  assert.deepEqual(edgesOf(of, 'b'), ['a', 'd'])
  assert.deepEqual(edgesOf(of, 'c'), [])
  of.replaceOwn(recordOf('a', [], { version: 2 }))
  assert.deepEqual(edgesOf(of, 'b'), ['d'])
})

test('a peer joins when it is reached, and is gone as unreachable only after the grace', () => {
  const of = directory()
  const b = recordOf('b', ['a'])
  of.merge(b, 0)
  assert.deepEqual(reachExactly(of, ['b'], 10), [{ type: 'peer-join', peer: b }])
  assert.deepEqual(reachExactly(of, [], 20), [], 'not told at once')
  assert.deepEqual(of.expire(20 + unreachableGraceMs - 1), { changes: [], forgotten: [] })
  assert.deepEqual(of.expire(20 + unreachableGraceMs), {
    changes: [{ type: 'peer-leave', name: 'b', reason: 'unreachable' }],
    forgotten: [],
  })
  assert.deepEqual(reachExactly(of, ['b'], 5_000), [{ type: 'peer-join', peer: b }])
})

test('a peer that is back within the grace was never gone', () => {
  const of = directory()
  of.merge(recordOf('b', ['a']), 0)
  reachExactly(of, ['b'], 0)
  reachExactly(of, [], 10)
  assert.deepEqual(reachExactly(of, ['b'], unreachableGraceMs), [])
  assert.equal(of.nextExpiryMs(), undefined)
  assert.deepEqual(of.expire(100_000), { changes: [], forgotten: [] })
})

test('a peer that leaves is told as left, at once', () => {
  const of = directory()
  of.merge(recordOf('b', ['a']), 0)
  reachExactly(of, ['b'], 0)
  of.merge(recordOf('b', [], { version: 3, state: 'leaving' }), 10)
  assert.deepEqual(reachExactly(of, [], 10), [{ type: 'peer-leave', name: 'b', reason: 'left' }])
})

for (const { state, reason } of [
  { state: 'up', reason: 'unreachable' },
  { state: 'leaving', reason: 'left' },
] as const) {
  test(`a peer that is started again while it was reachable is gone as ${reason} and has joined`, () => {
    const of = directory()
    of.merge(recordOf('b', ['a']), 0)
    reachExactly(of, ['b'], 0)
    of.merge(recordOf('b', ['a'], { version: 3, state }), 10)
    const again = recordOf('b', ['a'], { incarnation: INCARNATION + 1, instance: 'b-2', version: 0 })
    of.merge(again, 10)
    of.merge({ ...again, version: 1 }, 10)
    assert.deepEqual(reachExactly(of, ['b'], 10), [
      { type: 'peer-leave', name: 'b', reason },
      { type: 'peer-join', peer: { ...again, version: 1 } },
    ])
  })
}

test('a run that raises its incarnation is the same run', () => {
  const of = directory()
  of.merge(recordOf('b', ['a']), 0)
  reachExactly(of, ['b'], 0)
  of.merge(recordOf('b', ['a'], { incarnation: INCARNATION + 5 }), 10)
  assert.deepEqual(reachExactly(of, ['b'], 10), [])
})

test('an unreachable record is forgotten after ten minutes, and its slot is used again', () => {
  const of = directory()
  of.merge(recordOf('b', ['a']), 0)
  reachExactly(of, ['b'], 0)
  reachExactly(of, [], 500)
  const slot = of.get(nodeName('b'))?.slot
  assert.equal(of.nextExpiryMs(), 500 + unreachableGraceMs)
  of.expire(500 + unreachableGraceMs)
  assert.equal(of.nextExpiryMs(), 500 + forgetMs)
  assert.deepEqual(of.expire(500 + forgetMs - 1).forgotten, [])
  assert.deepEqual(of.expire(500 + forgetMs), { changes: [], forgotten: ['b'] })
  assert.equal(of.get(nodeName('b')), undefined)
  assert.deepEqual(edgesOf(of, 'a'), [], 'no edge leads to it')
  of.merge(recordOf('c', []), 0)
  assert.equal(of.get(nodeName('c'))?.slot, slot)
  assert.equal(of.slotsEnd, 2)
})

test('at the limit an unreachable record makes room; without one a new name is refused', () => {
  const of = directory(3)
  of.merge(recordOf('b', ['a']), 0)
  of.merge(recordOf('c', ['a']), 0)
  reachExactly(of, ['b'], 0)
  assert.equal(of.merge(recordOf('d', ['a']), 2_999), 'full', 'c is too new: it would be news again at once')
  assert.equal(of.merge(recordOf('d', ['a']), 3_000), 'newer', 'c, which nobody has reached, makes room')
  assert.deepEqual([...of.entries].map(({ record }) => record.name).sort(), ['a', 'b', 'd'])
  reachExactly(of, ['b', 'd'], 3_000)
  assert.equal(of.merge(recordOf('e', ['a']), 3_000), 'full')
  assert.equal(of.merge(recordOf('d', [], { version: 9 }), 3_000), 'newer', 'who is known may change')
  reachExactly(of, ['b'], 3_010)
  assert.equal(of.merge(recordOf('e', ['a']), 9_000), 'full', 'd is not told as gone yet')
  of.expire(3_010 + unreachableGraceMs)
  assert.equal(of.merge(recordOf('e', ['a']), 9_000), 'newer')
  assert.equal(of.size, 3)
})

test('the hash is of the reachable records only', () => {
  const of = directory()
  const own = recordHash(nodeName('a'), INCARNATION, 1)
  assert.deepEqual(of.hash, own)
  of.merge(recordOf('b', ['a']), 0)
  assert.deepEqual(of.hash, own)
  reachExactly(of, ['b'], 0)
  const b = recordHash(nodeName('b'), INCARNATION, 2)
  assert.deepEqual(of.hash, { high: (own.high ^ b.high) >>> 0, low: (own.low ^ b.low) >>> 0 })
  assert.equal(of.reachableCount, 2)
  reachExactly(of, [], 10)
  assert.deepEqual(of.hash, own)
  of.replaceOwn(recordOf('a', [], { version: 2 }))
  assert.deepEqual(of.hash, recordHash(nodeName('a'), INCARNATION, 2))
})

test('an own record that is not newer is a bug of ours', () => {
  assert.throws(() => directory().replaceOwn(recordOf('a', [], { version: 1 })), { name: 'InvariantError' })
  assert.throws(() => directory().merge(recordOf('a', [], { version: 5 }), 0), { name: 'InvariantError' })
})

for (const count of [10, 500]) {
  test(`a sample of ${count} records has each at most once, never the own, and only accepted ones`, () => {
    const of = directory(1_000)
    for (let i = 0; i < count; i++) of.merge(recordOf(`n${i}`, []), 0)
    const even = ({ record }: { record: { name: string } }): boolean => Number(record.name.slice(1)) % 2 === 0
    const seen = new Set<string>()
    for (let seed = 0; seed < 300; seed++) {
      const names = of.sample(new Rng(seed), 4, even).map(({ record }) => record.name)
      assert.equal(new Set(names).size, names.length)
      assert.ok(names.length <= 4 && names.length >= 1)
      for (const name of names) {
        assert.ok(even({ record: { name } }))
        seen.add(name)
      }
    }
    assert.ok(seen.size > count / 4, `${seen.size} of ${count / 2} are drawn at some time`)
  })
}
