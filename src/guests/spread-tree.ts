// A broadcast as it went through the overlay, drawn from its receipts: who got it from whom. Pure functions.
// Receipts come from other nodes, so they may say anything: each is drawn once, whatever `via` says.

import type { Receipt } from '../answers.ts'
import { printable } from '../wire/printable.ts'
import { byName, msText } from './wording.ts'

/** The branches of a tree in front of a name. */
const [FORK, LAST, PIPE, BLANK] = ['├── ', '└── ', '│   ', '    ']

interface Branch {
  readonly name: string
  readonly receipt: Receipt | undefined
  readonly children: Branch[]
}

/**
 * One line for each node, the origin first. A node from which no receipt came, but from which others say that they got
 * the broadcast, stands under the origin, marked as silent; what is in no tree at all stands there as well.
 */
export function spreadTree(origin: string, receipts: readonly Receipt[]): string[] {
  const lines = [printable(origin)]
  const root = branches(origin, receipts)
  // Not recursive: how deep it is, other nodes say.
  const stack = drawable(root, '')
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { branch, indent, isLast } = next
    const { receipt, name } = branch
    const facts = receipt === undefined ? 'no receipt' : msText(receipt.tookMs)
    lines.push(`${indent}${isLast ? LAST : FORK}${printable(name)} (${facts})`)
    stack.push(...drawable(branch, indent + (isLast ? BLANK : PIPE)))
  }
  return lines
}

/** How many links the longest way has. */
export function depthOf(receipts: readonly Receipt[]): number {
  return receipts.reduce((most, { hops }) => Math.max(most, hops), 0)
}

/** The children, the last one first, as a stack wants them. */
function drawable(parent: Branch, indent: string) {
  const sorted = [...parent.children].sort(byName)
  return sorted.map((branch, index) => ({ branch, indent, isLast: index === sorted.length - 1 })).reverse()
}

function branches(origin: string, receipts: readonly Receipt[]): Branch {
  const root: Branch = { name: origin, receipt: undefined, children: [] }
  const all = new Map<string, Branch>([[origin, root]])
  for (const receipt of receipts) {
    if (!all.has(receipt.name)) all.set(receipt.name, { name: receipt.name, receipt, children: [] })
  }
  const parents = new Map<Branch, Branch>()
  for (const branch of [...all.values()]) {
    if (branch === root) continue
    const via = branch.receipt?.via ?? ''
    let parent = all.get(via)
    if (parent === undefined) {
      parent = { name: via === '' ? '?' : via, receipt: undefined, children: [] }
      all.set(via, parent)
      parents.set(parent, root)
    }
    parents.set(branch, parent)
  }
  for (const branch of parents.keys()) if (!leadsTo(root, branch, parents)) parents.set(branch, root)
  for (const [branch, parent] of parents) parent.children.push(branch)
  return root
}

/** Whether the way up ends at the root, and not in a circle. */
function leadsTo(root: Branch, branch: Branch, parents: ReadonlyMap<Branch, Branch>): boolean {
  const seen = new Set<Branch>()
  for (let at: Branch | undefined = branch; at !== undefined; at = parents.get(at)) {
    if (at === root) return true
    if (seen.has(at)) return false
    seen.add(at)
  }
  return false
}
