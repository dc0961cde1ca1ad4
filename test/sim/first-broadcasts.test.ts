// What is broadcast before the first link reaches everybody, also when both ends dial at the same moment.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimNetwork } from '../../src/sim/network.ts'

test('two nodes that start together and broadcast at once hear each other, whatever dials cross', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const net = new SimNetwork({ seed })
    net.start('node1')
    net.start('node2')
    net.feed('node1', { type: 'contacts', contacts: [{ url: 'ws://node2:5000/' }] })
    for (const name of net.names) net.broadcast(name, new Uint8Array([1]))
    net.run(5_000)
    const heard = net.notices.filter(({ notification }) => notification.type === 'message')
    const replay = `seed ${seed}: node --test test/sim/first-broadcasts.test.ts`
    assert.deepEqual(heard.map(({ node }) => node).sort(), ['node1', 'node2'], replay)
  }
})
