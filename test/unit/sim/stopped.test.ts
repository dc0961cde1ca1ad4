// A process that has lost its name, and stands still before whoever runs it can end it, leaves once it goes on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Stage } from '../../../src/sim/stage.ts'
import { SwarmNet } from '../../../src/sim/swarm-net.ts'
import { drawPlan } from '../../../src/sim/swarm-plan.ts'

const PAUSE_MS = 1_000

test('in a swarm', () => {
  const net = new SwarmNet({ ...drawPlan(1), hasBootstrap: false, undialable: 0 })
  let stoppedMs = Number.POSITIVE_INFINITY
  net.observer = {
    onHandled: ({ name }, _, effects) => {
      const node = net.node(name)
      const isStopped = effects.some((one) => one.type === 'notify' && one.notification.type === 'stopped')
      if (!isStopped || node === undefined) return
      stoppedMs = net.nowMs
      net.pause(node, PAUSE_MS)
    },
  }
  for (const name of ['n0', 'n1', 'n2']) net.start(name)
  net.runTo(20_000)
  net.start('n2-twin1', { claims: 'n2' })
  net.runTo(60_000)
  assert.ok(stoppedMs < 50_000)
  assert.equal(net.nodes.filter(({ name }) => name === 'n2').length, 1)
  assert.deepEqual(net.violations, [])
})

test('in a scenario', () => {
  const stage = new Stage({ seed: 1 })
  const run = (ms: number): void => {
    for (const _ of stage.run(ms));
  }
  let stoppedMs = Number.POSITIVE_INFINITY
  stage.watch(({ process }, told) => {
    if (told.type !== 'stopped') return
    stoppedMs = stage.nowMs
    stage.net.pause(process.name, PAUSE_MS)
  })
  for (const name of ['node1', 'node2', 'node3']) stage.start(name)
  run(20_000)
  stage.start('node3-twin', { claims: 'node3' })
  run(40_000)
  assert.ok(stoppedMs < 50_000)
  assert.equal(stage.nodes.filter(({ name }) => name === 'node3').length, 1)
  stage.checkAll()
  assert.deepEqual(stage.violations, [])
})
