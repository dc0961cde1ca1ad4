// `hearsay topology`: who is linked to whom, as one node sees it.

import type { Topology } from '../http/node-host.ts'
import { printable } from '../wire/printable.ts'
import { type Answer, ASK_TIMEOUT_MS, ask, refusal } from './ask.ts'
import { command } from './command.ts'
import { EXIT } from './exit-codes.ts'

/** The command. */
export const topology = command({
  name: 'topology',
  summary: 'Show who is linked to whom',
  details: 'Prints the network as one node sees it: as text, as JSON, or as a graph for Graphviz (dot).',
  positionals: [],
  options: ['at', 'format', 'json'],
  examples: [
    ['topology', 'as the node on port 5001 sees it'],
    ['topology --format dot > net.dot', 'for Graphviz: dot -Tsvg net.dot > net.svg'],
  ],
  async run(values, _words, context) {
    const answer = await ask({ at: values.at, path: '/topology', timeoutMs: ASK_TIMEOUT_MS }, context)
    const view = topologyOf(answer)
    if (view === undefined) throw refusal(answer, values.at, context)
    const format = values.json ? 'json' : values.format
    context.stdout.write(`${FORMATS[format](view)}\n`)
    return EXIT.ok
  },
})

const FORMATS = { text: textOf, json: (view: Topology) => JSON.stringify(view), dot: dotOf }

function topologyOf(answer: Answer): Topology | undefined {
  const { nodes, links } = answer.body
  if (answer.status !== 200 || !Array.isArray(nodes) || !Array.isArray(links)) return undefined
  return answer.body as unknown as Topology
}

/** A line for each node: its name, its neighbors, and its state where that is not `up`. */
export function textOf(view: Topology): string {
  const width = Math.max(0, ...view.nodes.map((node) => node.name.length))
  const lines = view.nodes.map((node) => {
    const state = node.state === 'up' ? '' : ` [${node.state}]`
    const links = node.links.length === 0 ? '(no links)' : node.links.join(' ')
    return printable(`${node.name.padEnd(width)}  ${links}${state}`)
  })
  const many = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
  lines.push(
    '',
    `${many(view.nodes.length, 'node')}, ${many(view.links.length, 'link')}, as ${view.self} sees it`,
  )
  return lines.join('\n')
}

/** An undirected graph for Graphviz. */
export function dotOf(view: Topology): string {
  const lines = [
    'graph hearsay {',
    '  layout=neato; overlap=false; node [shape=ellipse, fontname="sans-serif"];',
  ]
  for (const node of view.nodes) {
    lines.push(`  ${quoted(node.name)}${node.state === 'up' ? '' : ' [style=dashed]'};`)
  }
  for (const [a, b] of view.links) lines.push(`  ${quoted(a)} -- ${quoted(b)};`)
  lines.push('}')
  return lines.join('\n')
}

// A string of the DOT language.
function quoted(text: string): string {
  return `"${printable(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
