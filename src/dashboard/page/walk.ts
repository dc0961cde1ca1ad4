// From node to node by direction, as arrow keys do in the picture. Pure.

import { otherEnd, type Scene, type SceneNode } from './scene.ts'

/** The neighbor that lies most in a direction; without a selection the watched node, or any. */
export function nextNode(
  scene: Scene,
  name: string | undefined,
  [dx, dy]: readonly [number, number],
): SceneNode | undefined {
  const from = name === undefined ? undefined : scene.node(name)
  if (from === undefined) return scene.nodes.find((node) => node.isSelf) ?? scene.nodes[0]
  let [found, best]: [SceneNode | undefined, number] = [undefined, 0]
  // Plain HTTP peers have no links: from there, and to there, any node may be the next one.
  const others = from.links.length > 0 ? from.links.map((link) => otherEnd(link, from)) : scene.nodes
  for (const other of others) {
    const [x, y] = [(other.x ?? 0) - (from.x ?? 0), (other.y ?? 0) - (from.y ?? 0)]
    const distance = Math.hypot(x, y)
    if (distance === 0) continue
    const cosine = (x * dx + y * dy) / distance
    const score = from.links.length > 0 ? cosine : cosine / distance
    if (cosine > 0.2 && score > best) [found, best] = [other, score]
  }
  return found
}
