// The classroom network of the walk-through as a test sees it: 1 bootstrap and 30 nodes on ports of this machine.
// It asks over HTTP and the docker command line, like anybody; it knows nothing of the code.

import { docker } from './engine.ts'
import { until } from './until.ts'

/** Who is in the network. */
export const NODES: readonly string[] = Array.from({ length: 30 }, (_, i) => `node${i + 1}`)
/** All containers of the walk-through. */
export const CONTAINERS: readonly string[] = ['bootstrap', ...NODES]
const NETWORK = 'p2p-net'

/** The label's key; its value is the process id of the test that made the thing. */
const LABEL_KEY = 'hearsay.e2e'
/** What {@link runBlock} puts on everything. */
export const LABEL = `${LABEL_KEY}=${process.pid}`

/** The port of a container on this machine. */
export function portOf(name: string): number {
  return name === 'bootstrap' ? 5000 : 5000 + Number(name.slice('node'.length))
}

/** Numbers at the end of names in order: node2 before node10. */
export function sorted(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => portOf(a) - portOf(b))
}

/** A JSON answer. */
export interface HttpAnswer {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** Asks a container by its published port. */
export async function ask(name: string, path: string, body?: unknown): Promise<HttpAnswer> {
  const response = await fetch(`http://127.0.0.1:${portOf(name)}${path}`, {
    signal: AbortSignal.timeout(15_000),
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** The peers that a container lists at `GET /peers`, in order. */
export async function peersOf(name: string): Promise<string[]> {
  const { body } = await ask(name, '/peers')
  return sorted((body.peers as string[]).map((url) => new URL(url).hostname))
}

/** Waits until each of `members` lists exactly the others. */
export async function allKnowEachOther(members: readonly string[], deadlineMs: number): Promise<void> {
  await until(`${members.length} nodes know exactly each other`, deadlineMs, async () => {
    const lists = await Promise.all(members.map(peersOf))
    for (const [i, list] of lists.entries()) {
      const expected = sorted(members.filter((member) => member !== members[i]))
      if (list.join() !== expected.join()) {
        const missing = expected.filter((name) => !list.includes(name))
        const extra = list.filter((name) => !expected.includes(name))
        throw new Error(`${members[i]} misses [${missing}] and has [${extra}] too many`)
      }
    }
    return true
  })
}

/** Brings a container into a state: under full load the engine may give up on a command, though it is carried out. */
export async function bring(name: string, command: string, state: string): Promise<void> {
  await until(`docker ${command} ${name}`, 60_000, async () => {
    const stateOf = async () => (await docker('inspect', '--format', '{{.State.Status}}', name)).stdout.trim()
    if ((await stateOf()) !== state) await docker(command, name)
    return (await stateOf()) === state
  })
}

/** The lines of a container's standard output. */
export async function stdoutLines(name: string): Promise<string[]> {
  return (await docker('logs', name)).stdout.split('\n').filter((line) => line !== '')
}

/** A line of a node's log about its peers. */
export interface PeersLine {
  readonly count: number
  readonly peers: readonly string[]
  readonly left?: readonly string[]
  readonly unreachable?: readonly string[]
}

/** What a node has logged about its peers, from the start of its container on. */
export async function peersLog(name: string): Promise<PeersLine[]> {
  const { stderr } = await docker('logs', name)
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line)).filter((line) => line.msg === 'peers')
}

/** Waits until `name` has printed `line`, and answers how many times. */
export function printed(name: string, line: string, deadlineMs = 5_000): Promise<number> {
  return until(`${name} prints "${line}"`, deadlineMs, async () => {
    const count = (await stdoutLines(name)).filter((one) => one === line).length
    return count > 0 ? count : undefined
  })
}

/** Two members that have no link with each other, as the topology of the first member has it. */
export async function unlinkedPair(members: readonly string[]): Promise<[from: string, to: string]> {
  const { body } = await ask(members[0] ?? '', '/topology')
  const links = new Set((body.links as [string, string][]).flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]))
  for (const from of members) {
    for (const to of members) if (from !== to && !links.has(`${from} ${to}`)) return [from, to]
  }
  throw new Error('all nodes are linked to each other')
}

/**
 * Removes what test runs have made. What has the walk-through's names and is somebody else's is left alone.
 * @throws Error that names what is in the way
 */
export async function removeLeftovers(): Promise<void> {
  for (const name of CONTAINERS) {
    if (await isOurs('container', name)) await docker('rm', '-f', '-v', name)
  }
  if (await isOurs('network', NETWORK)) await docker('network', 'rm', NETWORK)
}

async function isOurs(kind: 'container' | 'network', name: string): Promise<boolean> {
  const labels = kind === 'container' ? '.Config.Labels' : '.Labels'
  const format = `{{index ${labels} "${LABEL_KEY}"}}`
  const found = await docker(kind, 'inspect', '--format', format, name).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  )
  if (found === undefined) return false
  const owner = Number(found)
  if (!(owner > 0)) {
    throw new Error(
      `There is a ${kind} ${name} that these tests did not make. They use its name; remove it first (docker ${kind} rm).`,
    )
  }
  if (owner !== process.pid && isAlive(owner)) {
    throw new Error(
      `Another run of these tests (process ${owner}) is using the ${kind} ${name}. Wait for its end.`,
    )
  }
  return true
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
