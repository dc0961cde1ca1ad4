// Whether a network of programs has come to rest as it should: everybody knows everybody, what each says of itself, and
// the same links. It must not change anything.

import type { NodeName } from '../core/messages.ts'
import { insideOf } from '../node/inside.ts'
import { HISTORY_TAG } from '../node/member-options.ts'
import { unsettled } from '../testing/settling.ts'
import type { Run } from './book.ts'

/** What is not yet as it has to be when nothing strikes any more; `undefined` when all is. */
export function restProblem(runs: readonly Run[]): string | undefined {
  return unsettled(runs.map(({ node }) => node)) ?? profileProblem(runs)
}

/** Everybody knows what each is for, and what its program listens to. */
function profileProblem(runs: readonly Run[]): string | undefined {
  for (const run of runs) {
    const said = saidBy(run)
    for (const other of runs) {
      const record = insideOf(other.node).overlay.directory.get(run.name as NodeName)?.record
      const heard = textOf(record?.tags ?? [], record?.topics ?? [])
      if (heard !== said) return `${run.label} says ${said}, and ${other.label} has ${heard}`
    }
  }
  return undefined
}

function saidBy({ tags, keeper, subscriptions }: Run): string {
  const filters = [...new Set([...subscriptions].map(({ filter }) => filter))]
  return textOf(keeper === undefined ? tags : [...tags, HISTORY_TAG], filters)
}

function textOf(tags: readonly string[], topics: readonly string[]): string {
  return `${tags.join(' ')} | ${topics.join(' ')}`
}
