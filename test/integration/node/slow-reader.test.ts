// A neighbor that stops reading while the node broadcasts: its link ends as stalled, memory stays bounded, and everybody
// else gets everything.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startNode, until } from '../../support/node-rig.ts'
import { STRANGER, Stranger } from '../../support/node-stranger.ts'

const MIB = 1_048_576
const CHUNK_BYTES = 65_536
const TOTAL_BYTES = 64 * MIB

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes that are in use. */
function memoryBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('a neighbor that does not read', () => {
  test('is cut off as stalled; memory is bounded; the others get everything', async (t) => {
    // Nobody looks for lost peers meanwhile.
    const config = { healIntervalMs: 60_000 }
    const victim = await startNode(t, 'victim', { config, link: { progressTimeoutMs: 4_000 } })
    const healthy = await startNode(t, 'healthy', { config, peers: [victim.url] })
    await Promise.all([victim.knows('healthy'), healthy.knows('victim')])
    const stranger = await Stranger.join(t, victim.url)
    // From now on its receive buffer fills, and then the victim's send buffer.
    stranger.socket.pause()
    let received = 0
    healthy.node.on('message', ({ value }) => {
      received += (value as Uint8Array).length
    })
    const chunk = new Uint8Array(CHUNK_BYTES)
    const beforeBytes = memoryBytes()
    let largestBytes = 0
    let sent = 0
    while (sent < TOTAL_BYTES) {
      for (let count = 0; count < 16; count++) {
        assert.equal((await victim.node.broadcast(chunk)).status, 'sent')
        sent += CHUNK_BYTES
      }
      await until('the healthy neighbor keeps up', () => received >= sent)
      healthy.messages.length = 0
      largestBytes = Math.max(largestBytes, memoryBytes() - beforeBytes)
      // Spread over more than the time in which a link without progress is given up.
      await delay(10)
    }
    assert.equal(received, TOTAL_BYTES)
    await until('the slow link is gone', () => victim.down.length > 0)
    assert.deepEqual(victim.down, [`${STRANGER} stalled`])
    assert.deepEqual(healthy.down, [])
    assert.equal(victim.node.stats().linksEnded.stalled, 1)
    assert.ok((victim.node.drops()['queue-full'] ?? 0) > 0, 'what the slow link had no room for is counted')
    // Its lanes may hold 4 MiB of broadcasts, the socket 256 KiB and a bundle; both nodes keep 4 MiB of broadcasts.
    t.diagnostic(`${(largestBytes / MIB).toFixed(1)} MiB more in use at most`)
    assert.ok(largestBytes < 24 * MIB, `${(largestBytes / MIB).toFixed(1)} MiB more in use`)
    assert.equal((await victim.node.send('healthy', 'still there')).status, 'delivered')
  })
})
