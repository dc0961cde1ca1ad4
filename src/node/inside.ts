// What is inside of a running node, for the simulator, for tests and for the command line: its core, who waits for what, and
// where messages can be poured into. Not part of what programs see, so that it can change with the engine.
// Nothing else can be changed by it.

import type { Overlay } from '../core/overlay.ts'
import type { Conversation } from './conversation.ts'
import type { Streams } from './streams.ts'

/** What a node is made of. */
export interface NodeInside {
  readonly overlay: Overlay
  readonly conversation: Pick<Conversation, 'inspect'>
  readonly streams: Pick<Streams, 'pour'>
}

const insides = new WeakMap<object, NodeInside>()

/** A node shows what is inside of it. */
export function showInside(node: object, inside: NodeInside): void {
  insides.set(node, inside)
}

/** What is inside of a node. @throws TypeError for what is no node */
export function insideOf(node: object): NodeInside {
  const inside = insides.get(node)
  if (inside === undefined) throw new TypeError('this is no node')
  return inside
}
