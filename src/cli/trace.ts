// `hearsay trace`: the way to a node with the links on it, or the ways of a broadcast to all nodes as a tree.

import type { Receipt, TraceHop } from '../answers.ts'
import { depthOf, spreadTree } from '../guests/spread-tree.ts'
import { printable } from '../wire/printable.ts'
import { type Answer, ask, refusal } from './ask.ts'
import { command } from './command.ts'
import { type CliContext, painter } from './context.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { ANSWER_SLACK_MS, reportOutcome } from './send.ts'
import { table } from './table.ts'

/** The command. */
export const trace = command({
  name: 'trace',
  summary: 'Show the way to a node, or those of a broadcast to all',
  details:
    'Prints the nodes that a message would pass now, with the round trip of each link and the bytes that wait on it. ' +
    "With '*' it sends a broadcast that no program sees, and draws the tree that it took. " +
    `The exit code is ${EXIT.notDelivered} when there is no way, or not to all.`,
  positionals: [{ name: 'to', isNode: true, description: "Name of the node, or '*' for all" }],
  options: ['at', 'deadlineMs', 'json'],
  examples: [
    ['trace node8', 'from the node on port 5001'],
    ["trace '*'", 'the broadcast tree of the node on port 5001'],
  ],
  async run({ at, deadlineMs, json }, { to }, context) {
    const path = `/trace/${encodeURIComponent(to)}?deadlineMs=${deadlineMs}`
    // Each node on the way may take as long, and one that does ends it.
    const answer = await ask({ at, path, timeoutMs: 2 * deadlineMs + ANSWER_SLACK_MS }, context)
    if (json) context.stdout.write(`${JSON.stringify(answer.body)}\n`)
    if (to === '*') return reportSpread(answer, { at, json }, context)
    const hops = hopsOf(answer)
    if (answer.status !== 200) {
      if (typeof answer.body.reason !== 'string') throw refusal(answer, at, context)
      if (!json) {
        if (hops.length > 1) context.stdout.write(`${wayTable(hops, to)}\n`)
        context.stderr.write(`${failureText(answer, to, context)}\n`)
      }
      return EXIT.notDelivered
    }
    if (!json) context.stdout.write(`${wayTable(hops, to)}\n`)
    return EXIT.ok
  },
})

/** The nodes of a way; the link in a row is the one that leads to its node. */
export function wayTable(hops: readonly TraceHop[], to: string): string {
  const rows = [['HOP', 'NODE', 'LINK RTT', 'QUEUED']]
  rows.push(['0', printable(hops[0]?.node ?? to), '', ''])
  for (const [index, { next, rttMs, queuedBytes }] of hops.entries()) {
    if (next === undefined) continue
    rows.push([
      String(index + 1),
      printable(next),
      rttMs === undefined ? '?' : `${rttMs.toFixed(1)} ms`,
      queuedBytes === undefined ? '?' : `${queuedBytes} B`,
    ])
  }
  return table(rows, [0, 2, 3])
}

function hopsOf({ body }: Answer): readonly TraceHop[] {
  const { hops } = body
  return Array.isArray(hops) ? hops : []
}

function failureText({ body }: Answer, to: string, context: CliContext): string {
  const paint = painter(context.stderr, context.env)
  const why = `${body.error} (${body.reason}, says ${body.at})`
  return `${paint('red', 'no way')} to ${printable(`${to}: ${why}`)}`
}

function reportSpread(
  answer: Answer,
  { at, json }: { readonly at: string; readonly json: boolean },
  context: CliContext,
): ExitCode {
  const { id, receipts, reached, of, missing } = answer.body
  if (answer.status !== 200 || !Array.isArray(receipts) || typeof id !== 'string') {
    return reportOutcome(answer, { at, to: 'all', silent: json }, context)
  }
  const isComplete = reached === of
  if (!json) {
    const depth = depthOf(receipts as readonly Receipt[])
    const tookMs = Math.max(0, ...receipts.map((one: Receipt) => one.tookMs))
    const [origin = ''] = id.split('/')
    const lines = spreadTree(origin, receipts as readonly Receipt[])
    const reach = `reached ${reached} of ${of} in ${tookMs.toFixed(1)} ms, over ${depth} ${depth === 1 ? 'link' : 'links'} at most`
    context.stdout.write(`${[...lines, '', reach].join('\n')}\n`)
    if (!isComplete && Array.isArray(missing)) {
      context.stderr.write(`not reached: ${printable(missing.join(' '))}\n`)
    }
  }
  return isComplete ? EXIT.ok : EXIT.notDelivered
}
