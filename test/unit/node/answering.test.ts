// Requests that others make: when an answer goes out, and how long it may take then.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Answering } from '../../../src/node/answering.ts'
import { nodeName } from '../../support/core-rig.ts'

test('an answer that has waited for room may take only what is left of the time that its asker waits', async () => {
  let waitedMs = 0
  const answer = await new Promise<{ readonly to: string; readonly deadlineMs: number | undefined }>(
    (resolve) => {
      const sending = {
        hasRoom: () => waitedMs >= 60,
        sendSealed: (to: string, _: Uint8Array, { deadlineMs }: { deadlineMs?: number | undefined } = {}) => {
          resolve({ to, deadlineMs })
          return Promise.resolve({ status: 'delivered', id: 'a/1/1', hops: 1, rttMs: 1 } as const)
        },
      }
      const timers = {
        wait: (ms: number) => {
          waitedMs += ms
          return Promise.resolve()
        },
      }
      const answering = new Answering({ sending, timers, about: {}, drop: () => assert.fail('it is sent') })
      answering.handle(() => 'answer')
      answering.asked({ from: nodeName('b'), number: 5, value: null, hops: 1, headers: { within: '500' } })
    },
  )
  assert.deepEqual(answer, { to: 'b', deadlineMs: 440 })
})
