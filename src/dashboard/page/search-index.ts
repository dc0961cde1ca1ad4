// Finds nodes by name, tag or URL. Pure.

import type { SeenNode } from '../../guests/overlay-lines.ts'

/** A node that was found, and by what. */
export interface Hit {
  readonly name: string
  /** The tag or URL that it was found by; absent: its name. */
  readonly by?: string
}

const ORDER = new Intl.Collator('en', { numeric: true })

/** Nodes for a text: names that begin with it first, then names that have it, then tags, then URLs. Case does not matter. */
export function findNodes(nodes: Iterable<SeenNode>, text: string): Hit[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return []
  const ranked: (readonly [number, Hit])[] = []
  for (const node of nodes) {
    const found = rank(node, wanted)
    if (found !== undefined) ranked.push(found)
  }
  return ranked
    .sort(([a, one], [b, other]) => a - b || ORDER.compare(one.name, other.name))
    .map(([, hit]) => hit)
}

function rank({ name, tags, topics, url }: SeenNode, wanted: string): readonly [number, Hit] | undefined {
  const lower = name.toLowerCase()
  if (lower === wanted) return [0, { name }]
  if (lower.startsWith(wanted)) return [1, { name }]
  if (lower.includes(wanted)) return [2, { name }]
  const by = [...(tags ?? []), ...(topics ?? [])].find((each) => each.toLowerCase().includes(wanted))
  if (by !== undefined) return [3, { name, by }]
  if (url?.toLowerCase().includes(wanted) === true) return [4, { name, by: url }]
  return undefined
}
