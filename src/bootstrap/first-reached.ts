// Reaches one of several nodes: the first in their order that answers. One that swallows a dial holds the others up for a
// moment only. It must not know what is done with the connection.
//
// The staggered attempts of RFC 8305, section 5 ("Happy Eyeballs").

import type { LineConnection, LineDial } from '../net/line-client.ts'

/** How long a dial is waited for before the next one begins beside it, in ms (RFC 8305 has 250). */
const HEAD_START_MS = 500

/** The node that was reached, or one line for people that says why the last one was not. */
export type Reached<Node> =
  | { readonly node: Node; readonly connection: LineConnection }
  | { readonly node?: undefined; readonly detail: string }

/**
 * See the head of the file. Never rejects.
 * @param nodes in the order in which they are wanted, at least one
 * @param dial connects to one; `signal` gives it up, as a failure. @param end gives all of it up
 */
export function firstReached<Node>(
  nodes: readonly Node[],
  dial: (node: Node, signal: AbortSignal) => Promise<LineDial>,
  end: AbortSignal,
): Promise<Reached<Node>> {
  return new Promise((resolve) => {
    const others = new AbortController()
    const signal = AbortSignal.any([end, others.signal])
    let next = 0
    let underWay = 0
    let isOver = false
    let timer: NodeJS.Timeout | undefined
    const settle = (reached: Reached<Node>): void => {
      isOver = true
      clearTimeout(timer)
      resolve(reached)
      others.abort()
    }
    const ended = (node: Node, dialled: LineDial): void => {
      underWay--
      // Two may answer in one turn.
      if (isOver) {
        if (dialled.ok) dialled.connection.close()
      } else if (dialled.ok) settle({ node, connection: dialled.connection })
      else if (!end.aborted && next < nodes.length) begin()
      else if (end.aborted || underWay === 0) settle({ detail: dialled.detail })
    }
    const begin = (): void => {
      clearTimeout(timer)
      if (next === nodes.length) return
      const node = nodes[next++] as Node
      underWay++
      timer = setTimeout(begin, HEAD_START_MS)
      void dial(node, signal).then((dialled) => ended(node, dialled))
    }
    begin()
  })
}
