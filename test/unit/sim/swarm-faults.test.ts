// The end of a swarm's faults: nothing of them goes on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'
import { SwarmFaults } from '../../../src/sim/swarm-faults.ts'
import { SwarmNet } from '../../../src/sim/swarm-net.ts'
import { drawPlan } from '../../../src/sim/swarm-plan.ts'

test('when all faults are over nobody stands still any more', () => {
  const net = new SwarmNet(drawPlan(1))
  for (const name of ['n0', 'n1', 'n2']) net.start(name)
  net.runTo(1_000)
  for (const node of net.nodes) net.pause(node, 10_000)
  assert.equal(net.awake.length, 0)
  new SwarmFaults(net, new Rng(1)).calm()
  assert.equal(net.awake.length, net.nodes.length)
})
