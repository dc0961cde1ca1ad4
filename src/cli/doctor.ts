// `hearsay doctor`: whether a node could run here and be reached, and what to do where not.

import { httpUrlOf } from '../http/peer-urls.ts'
import { defaultUrl } from '../node/options.ts'
import { printable } from '../wire/printable.ts'
import { command } from './command.ts'
import { type CliContext, painter } from './context.ts'
import { examine, type Finding } from './doctor-checks.ts'
import { EXIT } from './exit-codes.ts'
import { nodeNameOf } from './node-name.ts'

/** The command. */
export const doctor = command({
  name: 'doctor',
  summary: 'Look for what would keep a node from running here',
  details:
    'Takes the options that the node is to get, and checks one thing after the other: Node.js, the bootstrap, WebSocket, ' +
    'clocks, the name, the port, and the URL that others are to dial. Each line says what to do where something is wrong. ' +
    `The exit code is ${EXIT.failure} when something is. Whether others reach the URL it sees from this machine only: try ` +
    'it from another one, with curl.',
  positionals: [],
  options: ['name', 'port', 'url', 'bootstrap', 'host', 'noListen', 'json'],
  examples: [
    [
      'doctor --bootstrap http://localhost:5000 --port 5001',
      'before a node is started with the same options',
    ],
    ['doctor', 'in a container, which has them in its environment'],
  ],
  async run(values, _words, context) {
    const { name: _, url, port, host, noListen, bootstrap, json } = values
    const plan = {
      name: nodeNameOf(values, context.hostname),
      port,
      host,
      listens: !noListen,
      url:
        url ??
        (host === undefined ? `http://${context.hostname}:${port}` : httpUrlOf(defaultUrl(host, port))),
      urlIsGiven: url !== undefined,
      bootstrap,
    }
    let problems = 0
    for await (const finding of examine(plan, context)) {
      if (finding.status === 'problem') problems++
      context.stdout.write(`${json ? JSON.stringify(finding) : textOf(finding, context)}\n`)
    }
    return problems === 0 ? EXIT.ok : EXIT.failure
  },
})

const MARKS = {
  ok: ['green', 'ok'],
  warning: ['yellow', '!!'],
  problem: ['red', 'XX'],
  skipped: ['dim', '--'],
} as const

function textOf({ check, status, text, advice }: Finding, { stdout, env }: CliContext): string {
  const paint = painter(stdout, env)
  const [colour, mark] = MARKS[status]
  const line = `${paint(colour, mark)}  ${printable(`${check}: ${text}`)}`
  return advice === undefined ? line : `${line}\n    ${paint('bold', `-> ${advice}`)}`
}
