// What is counted as control, and what as a frame with a broadcast's payload.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Gossip, Message, NodeName } from '../../../src/core/messages.ts'
import { payloadOf } from '../../../src/sim/ledger.ts'
import { bytesBetween, Meter } from '../../../src/sim/meter.ts'

const broadcast = (id: number, kind: Gossip['kind'] = 'payload'): Gossip => ({
  type: 'gossip',
  kind,
  hopsLeft: 5,
  hops: 1,
  origin: 'node1' as NodeName,
  incarnation: 1,
  sequence: id,
  payload: kind === 'payload' ? payloadOf(id, 64) : new Uint8Array(0),
})
const prune: Message = { type: 'prune', origins: ['node1' as NodeName] }

describe('the meter', () => {
  it('counts the frames that carried each broadcast, whoever received them', () => {
    const meter = new Meter()
    for (const to of ['node2', 'node3', 'node3']) meter.frame('node1', to, broadcast(7), 100)
    meter.frame('node2', 'node3', broadcast(8), 100)
    assert.deepEqual([meter.payloadFrames(7), meter.payloadFrames(8), meter.payloadFrames(9)], [3, 1, 0])
  })

  it('takes everything but payloads for control: records, too, and apart what the bootstrap has part in', () => {
    const meter = new Meter()
    meter.frame('node1', 'node2', broadcast(1), 100)
    meter.frame('node1', 'node2', broadcast(2, 'record'), 180)
    meter.frame('node1', 'node2', prune, 10)
    meter.frame('node1', 'node2', prune, 12)
    meter.frame('node1', 'bootstrap', prune, 3)
    meter.frame('bootstrap', 'node1', prune, 4)
    assert.deepEqual(
      meter.controlBytes(),
      new Map([
        ['record', 180],
        ['prune', 22],
        ['bootstrap', 7],
      ]),
    )
  })

  it('tells what came between two snapshots', () => {
    const meter = new Meter()
    meter.frame('node1', 'node2', prune, 10)
    const before = meter.controlBytes()
    meter.frame('node1', 'node2', prune, 5)
    meter.frame('node1', 'node2', broadcast(2, 'record'), 180)
    assert.deepEqual(
      bytesBetween(before, meter.controlBytes()),
      new Map([
        ['prune', 5],
        ['record', 180],
      ]),
    )
    assert.deepEqual(before, new Map([['prune', 10]]))
  })
})
