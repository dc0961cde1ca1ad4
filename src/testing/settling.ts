// When a network has come to rest: what every node must know of the others. Looks at nodes as programs do.

import type { Node } from '../node/node.ts'

/**
 * What keeps nodes that can reach each other from being settled; `undefined`: nothing. Settled are nodes of which each
 * has all others as its peers and no more, and sees the same links between them.
 */
export function unsettled(nodes: readonly Node[]): string | undefined {
  const names = nodes.map(({ name }) => name).sort(byText)
  let picture: string | undefined
  for (const node of nodes) {
    const peers = new Set(node.peers().map(({ name }) => name))
    const missing = names.filter((name) => name !== node.name && !peers.has(name))
    if (missing.length > 0) return `${node.name} does not know ${someOf(missing)}`
    const gone = [...peers].filter((name) => !names.includes(name))
    if (gone.length > 0) return `${node.name} still knows ${someOf(gone)}`
    const seen = pictureOf(node)
    picture ??= seen
    if (seen !== picture) return `${nodes[0]?.name} and ${node.name} see different links`
  }
  return undefined
}

/** Which runs are up, and who says to be linked to whom. */
function pictureOf(node: Node): string {
  const up = node.topology().nodes.filter(({ state }) => state === 'up')
  return up
    .map(({ name, incarnation, links }) => `${name} ${incarnation}: ${[...links].sort(byText).join(' ')}`)
    .sort(byText)
    .join('\n')
}

function someOf(names: readonly string[]): string {
  const some = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${some} and ${names.length - 5} more` : some
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
