// What the types of `hearsay/browser` promise to a program. See node.ts for how this is used.

import {
  type BrowserNode,
  type BrowserNodeOptions,
  createNode,
  HearsayError,
  type SendAnswer,
} from '../../src/browser.ts'
import type { Node, NodeOptions } from '../../src/index.ts'
import { exactly } from './expect.ts'

const all: Required<BrowserNodeOptions> = {
  name: 'anna',
  bootstrap: ['wss://example.org'],
  peers: [],
  tags: ['page'],
  history: 10,
  logger: console as unknown as Required<NodeOptions>['logger'],
  config: { heartbeatMs: 1_000 },
  link: { closeTimeoutMs: 500 },
}
const made = createNode(all)
exactly<Promise<BrowserNode>>()(made)
// @ts-expect-error nobody dials a page
createNode({ listen: 5_000 })
// @ts-expect-error a page keeps no files
createNode({ record: { file: 'a' } })

export async function use(node: BrowserNode): Promise<void> {
  exactly<SendAnswer>()(await node.send('node8', { hello: 'there' }))
  for await (const { from } of node.messages()) exactly<string>()(from)
  // @ts-expect-error no Prometheus asks a page
  node.metrics()
  // @ts-expect-error nobody posts to a page
  node.deliver({ sender: 'a', msg: 1 })
  exactly<boolean>()(new Error() instanceof HearsayError)
}

// What takes a node of a page takes any node.
declare const node: Node
use(node)
