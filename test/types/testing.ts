// What the types of the test kit promise to a program. See node.ts for how this is used.

import type { createNode, Node } from '../../src/index.ts'
import {
  createTestNetwork,
  type TestNetwork,
  TestNetworkError,
  type TestNetworkErrorCode,
  type TestNetworkOptions,
} from '../../src/testing/test-network.ts'
import { exactly } from './expect.ts'

const all: Required<TestNetworkOptions> = {
  seed: 7,
  latencyMs: [1, 2],
  jitterMs: 0,
  bytesPerSecond: 1e6,
  dialFailure: 0.1,
  patienceMs: 1_000,
  config: { heartbeatMs: 100 },
}
const net: TestNetwork = createTestNetwork(all)
// @ts-expect-error there is no such option
createTestNetwork({ latency: 5 })

// A program that takes createNode as an argument can be given that of the network.
export const create: typeof createNode = net.createNode

export async function start(): Promise<void> {
  const [a, b] = await net.start(['a', 'b'])
  exactly<Node>()(a)
  exactly<Node>()(b)
  // @ts-expect-error there is no third one
  const [, , c] = await net.start(['a', 'b'])
  exactly<undefined>()(c)
  const many = await net.start(3)
  exactly<Node[]>()(many)
  exactly<Node>()(net.node('a'))
  // @ts-expect-error each has a name of its own
  await net.start(3, { name: 'a' })
  await net.until(() => a.peers().length === 1)
  await using other = createTestNetwork()
  exactly<TestNetwork>()(other)
}

exactly<TestNetworkErrorCode>()(new TestNetworkError('closed', '').code)
// @ts-expect-error there is no such code
new TestNetworkError('clozed', '')
