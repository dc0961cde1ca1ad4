// What `hearsay doctor` looks at before a node is started: each check answers with findings, which say what is and, where
// something is wrong, what to do. Nothing is registered or changed: a port is opened for a moment, and closed again.

import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { dial } from '../net/dialer.ts'
import { createServer } from '../net/node-http.ts'
import { normalizeUrl, placeOf, withoutQuery } from '../net/url.ts'
import { version } from '../node/version.ts'
import { type Answer, ask } from './ask.ts'
import { type CliContext, CliError } from './context.ts'
import { isNewEnough, NODE_MAJOR_MIN } from './node-version.ts'

/** What a check has found. The texts are as they are: whoever prints them makes them printable. */
export interface Finding {
  readonly check: string
  /** `warning`: it may work all the same; `problem`: it will not. */
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped'
  readonly text: string
  /** What to do. */
  readonly advice?: string
}

/** The node that is to be started. */
export interface Plan {
  readonly name: string
  readonly port: number
  readonly host: string | undefined
  readonly listens: boolean
  /** What others are to dial. */
  readonly url: string
  /** Whether somebody has chosen that. */
  readonly urlIsGiven: boolean
  readonly bootstrap: readonly string[]
}

const TIMEOUT_MS = 5_000
/** Clocks that differ by less are no matter; the header that tells it has whole seconds. */
const CLOCK_MS_MAX = 5_000

/** All checks, one after the other. */
export async function* examine(plan: Plan, context: CliContext): AsyncGenerator<Finding> {
  yield nodeJs(process.versions.node)
  yield { check: 'hearsay', status: 'ok', text: `version ${version()}` }
  if (plan.bootstrap.length === 0) {
    yield {
      check: 'bootstrap',
      status: 'warning',
      text: 'none is given',
      advice: 'Give one with --bootstrap or BOOTSTRAP_URL, unless nodes find each other by --peers',
    }
  }
  for (const at of plan.bootstrap) yield* bootstrapChecks(at, plan, context)
  yield* await doorChecks(plan, context)
}

/** Whether this Node.js is new enough. */
export function nodeJs(running: string): Finding {
  const check = 'Node.js'
  if (isNewEnough(running)) return { check, status: 'ok', text: `version ${running}` }
  return {
    check,
    status: 'problem',
    text: `version ${running} is too old`,
    advice: `Install Node.js ${NODE_MAJOR_MIN} or newer`,
  }
}

// The bootstrap

async function* bootstrapChecks(at: string, plan: Plan, context: CliContext): AsyncGenerator<Finding> {
  const sentMs = Date.now()
  const answer = await tryAsk(at, '/', context)
  const receivedMs = Date.now()
  const check = `bootstrap ${withoutQuery(at)}`
  if (answer instanceof Error) {
    yield {
      check,
      status: 'problem',
      text: answer.message,
      advice: `Start it, or correct --bootstrap (BOOTSTRAP_URL)`,
    }
    return
  }
  const { message } = answer.body
  if (message !== 'Bootstrap node is running!') {
    const isNode = typeof message === 'string' && /^Node .* is running!$/.test(message)
    yield {
      check,
      status: 'problem',
      text: isNode ? 'that is a node, and no bootstrap' : 'what answers there is no hearsay bootstrap',
      advice: isNode ? 'Give it with --peers (HEARSAY_PEERS) instead' : 'Correct --bootstrap (BOOTSTRAP_URL)',
    }
    return
  }
  yield { check, status: 'ok', text: `answers, ${answer.body.peers} peers are registered` }
  yield await handshake(at)
  yield clock(answer.date, sentMs, receivedMs)
  yield await nameCheck(at, plan, context)
}

/** Whether a link could be opened: proxies in between are known to take WebSockets apart. */
function handshake(at: string): Promise<Finding> {
  const check = 'WebSocket'
  return new Promise((resolve) => {
    dial(
      at,
      {
        onOpen: (socket) => {
          socket.on('error', () => {})
          socket.terminate()
          resolve({ check, status: 'ok', text: `the handshake with ${withoutQuery(at)} works` })
        },
        onFailed: (detail) =>
          resolve({
            check,
            status: 'problem',
            text: detail,
            advice:
              'HTTP works there, and WebSocket does not: see that a proxy in between passes upgrades on',
          }),
      },
      { timeoutMs: TIMEOUT_MS },
    )
  })
}

/** How far this clock is from that of whoever sent the header. Times in ms since 1970. */
export function clock(date: string | undefined, sentMs: number, receivedMs: number): Finding {
  const check = 'clock'
  const theirsMs = Date.parse(date ?? '')
  if (Number.isNaN(theirsMs))
    return { check, status: 'skipped', text: 'the bootstrap does not tell its time' }
  // The header was made between the two, at any moment of its second.
  const aheadMs = Math.max(0, sentMs - (theirsMs + 1_000))
  const behindMs = Math.max(0, theirsMs - receivedMs)
  const offMs = Math.max(aheadMs, behindMs)
  if (offMs <= CLOCK_MS_MAX) return { check, status: 'ok', text: 'as that of the bootstrap' }
  return {
    check,
    status: 'warning',
    text: `${(offMs / 1_000).toFixed(0)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of the bootstrap`,
    advice: 'Let both machines take their time from the network (NTP): logs can be compared then',
  }
}

async function nameCheck(at: string, plan: Plan, context: CliContext): Promise<Finding> {
  const check = 'name'
  const { name } = plan
  const answer = await tryAsk(at, '/peers', context)
  const nodes = answer instanceof Error ? undefined : answer.body.nodes
  if (!Array.isArray(nodes))
    return { check, status: 'skipped', text: `${withoutQuery(at)} does not tell who is registered` }
  const other = nodes.find((node: Readonly<Record<string, unknown>>) => node.name === name)
  if (other === undefined) return { check, status: 'ok', text: `${name} is free` }
  const where = typeof other.url === 'string' ? other.url : undefined
  if (where !== undefined && sameNode(where, plan.url)) {
    return { check, status: 'ok', text: `${name} is registered at ${where}, where this node is` }
  }
  return {
    check,
    status: 'problem',
    text: `${name} is registered by another process${where === undefined ? '' : ` at ${where}`}`,
    advice: 'Choose another name with --name (NODE_NAME), or end the other one',
  }
}

// The node's own door

async function doorChecks(plan: Plan, context: CliContext): Promise<Finding[]> {
  if (!plan.listens) {
    return [{ check: 'port', status: 'skipped', text: 'the node opens none, and is dialled by nobody' }]
  }
  const token = randomUUID()
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' })
    response.end(JSON.stringify({ token }))
  })
  const failed = await tryListen(server, plan)
  try {
    const port = await portFinding(plan, failed, context)
    return [port, await urlFinding(plan, failed === undefined ? token : undefined, context)]
  } finally {
    server.close()
  }
}

function tryListen(server: Server, { host, port }: Plan): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve)
    server.listen({ port, ...(host !== undefined && { host }) }, () => resolve(undefined))
  })
}

async function portFinding(
  { port, name }: Plan,
  failed: NodeJS.ErrnoException | undefined,
  context: CliContext,
): Promise<Finding> {
  const check = `port ${port}`
  if (failed === undefined) return { check, status: 'ok', text: 'free' }
  if (failed.code === 'EADDRINUSE') {
    const answer = await tryAsk(`http://localhost:${port}`, '/', context)
    const { message, name: running } = answer instanceof Error ? {} : answer.body
    if (running === name) return { check, status: 'ok', text: `${name} is running there` }
    const who = typeof message === 'string' ? ` ("${message}")` : ''
    return {
      check,
      status: 'problem',
      text: `taken by another process${who}`,
      advice: 'End that one, or choose another port with --port (PORT)',
    }
  }
  return {
    check,
    status: 'problem',
    text: `cannot be listened on: ${failed.message}`,
    advice:
      failed.code === 'EACCES'
        ? 'Choose a port above 1023 with --port (PORT)'
        : 'Correct --host (HEARSAY_HOST)',
  }
}

/**
 * Whether the advertised URL leads to this node.
 * @param token what our server on the port says; `undefined`: there is none
 */
async function urlFinding(plan: Plan, token: string | undefined, context: CliContext): Promise<Finding> {
  const { url, urlIsGiven, name } = plan
  const check = `advertised URL ${withoutQuery(url)}`
  const give = urlIsGiven
    ? 'Correct --url (NODE_URL)'
    : 'Say where others reach this node with --url (NODE_URL)'
  if (isLoopback(url)) {
    const remote = plan.bootstrap.find((at) => !isLoopback(at))
    const isShut = plan.bootstrap.length === 0 && inContainer(context.env)
    if (remote !== undefined || isShut) {
      const text =
        remote === undefined
          ? 'means this container to itself, and something else to every other one'
          : `means something else to nodes elsewhere, and ${withoutQuery(remote)} is elsewhere`
      return {
        check,
        status: 'problem',
        text,
        advice: `${give}: a name that others know, such as http://${isLoopback(`ws://${name}`) ? context.hostname : name}:${plan.port}`,
      }
    }
  }
  const seen = isLoopback(url)
    ? 'for this machine only'
    : `as seen from here; from elsewhere "curl ${withoutQuery(url)}" shows it`
  const answer = await tryAsk(url, '/', context)
  if (answer instanceof Error) {
    const isUnknown = /no host of the name/.test(answer.message)
    return {
      check,
      status: isUnknown ? 'problem' : 'warning',
      text: `cannot be reached from here: ${answer.message}`,
      advice: isUnknown ? give : `${give}, unless only others can reach it (a port that is mapped, a proxy)`,
    }
  }
  if (answer.body.token === token && token !== undefined) {
    return { check, status: 'ok', text: `leads to this node, ${seen}` }
  }
  if (answer.body.name === name) {
    // Our own server is on the port, and does not answer there.
    if (token !== undefined) {
      return {
        check,
        status: 'problem',
        text: `leads to another process that runs as ${name} already`,
        advice: 'Choose another name with --name (NODE_NAME), or end the other one',
      }
    }
    return { check, status: 'ok', text: `leads to ${name}, ${seen}` }
  }
  return { check, status: 'problem', text: 'leads to another process than this node', advice: give }
}

/** Whether what runs here runs in a container. */
export function inContainer(env: CliContext['env']): boolean {
  if (env.KUBERNETES_SERVICE_HOST) return true
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv')
}

/** Whether a URL means the machine that looks at it. */
export function isLoopback(url: string): boolean {
  const normalized = normalizeUrl(url)
  const host = normalized.ok ? new URL(normalized.url).hostname : ''
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\./.test(host)
}

function sameNode(a: string, b: string): boolean {
  const [left, right] = [normalizeUrl(a), normalizeUrl(b)]
  return left.ok && right.ok && placeOf(left.url) === placeOf(right.url)
}

/** What came back, or why nothing did: the first sentence of the error, as what to do is another thing here. */
async function tryAsk(at: string, path: string, context: CliContext): Promise<Answer | Error> {
  try {
    return await ask({ at, path, timeoutMs: TIMEOUT_MS }, context)
  } catch (error) {
    if (error instanceof CliError && !context.signal.aborted) return new Error(error.message.split('. ')[0])
    throw error
  }
}
