// A broadcast's tree, as it is drawn: also from receipts that lie or are missing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Receipt } from '../../../src/answers.ts'
import { depthOf, spreadTree } from '../../../src/guests/spread-tree.ts'

const receipt = (name: string, via: string, hops = 1): Receipt => ({ name, via, hops, tookMs: hops * 1.5 })

test('each node stands under the one that it got it from, node2 before node10', () => {
  const receipts = [
    receipt('node10', 'node1'),
    receipt('node2', 'node1'),
    receipt('node4', 'node3', 3),
    receipt('node3', 'node2', 2),
    receipt('node5', 'node2', 2),
  ]
  assert.deepEqual(spreadTree('node1', receipts), [
    'node1',
    '├── node2 (1.5 ms)',
    '│   ├── node3 (3.0 ms)',
    '│   │   └── node4 (4.5 ms)',
    '│   └── node5 (3.0 ms)',
    '└── node10 (1.5 ms)',
  ])
  assert.equal(depthOf(receipts), 3)
  assert.deepEqual([spreadTree('node1', []), depthOf([])], [['node1'], 0])
})

test('who passed it on without a receipt of its own is marked', () => {
  assert.deepEqual(spreadTree('a', [receipt('c', 'b', 2), receipt('d', '', 1)]), [
    'a',
    '├── ? (no receipt)',
    '│   └── d (1.5 ms)',
    '└── b (no receipt)',
    '    └── c (3.0 ms)',
  ])
})

test('whatever receipts say, each node is drawn once, and nothing acts on a terminal', () => {
  const circle = [
    receipt('b', 'c'),
    receipt('c', 'b'),
    receipt('d', 'd'),
    receipt('a', 'b'),
    receipt('b', 'x'),
  ]
  const lines = spreadTree('a', circle)
  assert.deepEqual(lines.map((line) => line.replace(/^\W*|\W.*$/g, '').slice(0, 1)).sort(), [
    'a',
    'b',
    'c',
    'd',
  ])
  assert.deepEqual(spreadTree('a', [receipt('b', '\u001b[2J')])[1], '└── \\u001b[2J (no receipt)')
  const chain = Array.from({ length: 2_000 }, (_, i) => receipt(`n${i + 1}`, `n${i}`))
  assert.equal(spreadTree('n0', chain).length, 2_001)
})
