// Looking for a node: what is left of the time goes onto the wire, where it is a whole number of ms.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { NodeName } from '../../../src/core/messages.ts'
import { Seeking } from '../../../src/node/seeking.ts'

it('says what is left in whole ms, whatever the clock says', async () => {
  let nowMs = 417.123
  const seeking = new Seeking({
    overlay: { isLearning: () => true, isRunning: true, neighbors: new Map() },
    nowMs: () => nowMs,
    timers: {
      wait: async (ms) => {
        nowMs += ms + 0.3
      },
    },
  })
  const options = { deadlineMs: 500, signal: undefined }
  assert.deepEqual(await seeking.find(() => 'b' as NodeName, options), { name: 'b', leftMs: 500 })
  let looks = 0
  const found = await seeking.find(() => (++looks < 3 ? undefined : ('b' as NodeName)), options)
  assert.deepEqual(found, { name: 'b', leftMs: 399 })
})
