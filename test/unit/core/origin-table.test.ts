// A neighbor that invents names cannot fill the memory, nor push out what is remembered of real nodes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Directory } from '../../../src/core/directory.ts'
import type { NodeName, PeerRecord } from '../../../src/core/messages.ts'
import { OriginTable } from '../../../src/core/origin-table.ts'

const NODES_MAX = 10
const record = (name: string): PeerRecord => ({
  name: name as NodeName,
  incarnation: 1,
  instance: 'run',
  version: 1,
  state: 'up',
  links: [],
})

test('invented names make room for each other, and known ones stay', () => {
  const config = { directoryNodesMax: NODES_MAX, unreachableGraceMs: 1_000, forgetMs: 600_000 }
  const directory = new Directory(record('self'), config)
  const table = new OriginTable<number>(directory, NODES_MAX)
  const known = Array.from({ length: NODES_MAX - 1 }, (_, i) => `node${i}` as NodeName)
  for (const name of known) directory.merge(record(name), 0)
  known.forEach((name, i) => {
    table.set(name, i)
  })
  for (let i = 0; i < 20_000; i++) table.set(`invented${i}` as NodeName, i)
  assert.ok(table.size <= NODES_MAX + 1_024, `${table.size} are held`)
  known.forEach((name, i) => {
    assert.equal(table.get(name), i)
  })
  assert.equal(table.get('invented19999' as NodeName), 19_999)
  assert.equal(table.get('invented0' as NodeName), undefined)
})
