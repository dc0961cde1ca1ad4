import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findNodes } from '../../../src/dashboard/page/search-index.ts'
import { FakeOverlay } from '../../support/fake-overlay.ts'

const { nodes } = new FakeOverlay({ nodes: 30 }).line(0)
const found = (text: string) => findNodes(nodes, text).map(({ name }) => name)

describe('the search', () => {
  it('finds the exact name first, then beginnings, in the order people count', () => {
    assert.deepEqual(found('node2').slice(0, 3), ['node2', 'node20', 'node21'])
    assert.deepEqual(found('NODE30'), ['node30'])
  })

  it('finds by tag, topic and URL, and says by what', () => {
    assert.deepEqual(found('sensor'), ['node5', 'node10', 'node15', 'node20', 'node25', 'node30'])
    assert.deepEqual(findNodes(nodes, 'weather')[0], { name: 'node7', by: 'weather/#' })
    assert.deepEqual(findNodes(nodes, 'ws://node3:')[0], { name: 'node3', by: 'ws://node3:5000' })
  })

  it('finds nothing for nothing', () => {
    assert.deepEqual(found('  '), [])
    assert.deepEqual(found('nobody'), [])
  })
})
