// One hearsay node or several in a process of their own, driven by the run: what they send is stamped, what they get is
// checked. It uses only what the package exports.
// It must not decide what is a good figure.

import { setTimeout as delay } from 'node:timers/promises'
import { type CoreConfig, createNode, type Node } from '../../../src/index.ts'
import { memoryAfterGc, monotonicMs, serve } from './serving.ts'
import { type Expected, stampedPayload, Tally } from './stamps.ts'

/** A node as the run starts it: on loopback. */
export interface NodeSpec {
  readonly name: string
  readonly listen?: number | false
  readonly peers?: readonly string[]
  readonly bootstrap?: readonly string[]
  readonly config?: Partial<CoreConfig>
}

/** Messages of one round. */
export interface Load {
  readonly from: string
  readonly to: string
  readonly round: number
  readonly messages: number
  readonly bytes: number
  /** Sends that wait for their outcome at one time. */
  readonly open: number
}

/** Broadcasts of one round. */
export interface Cast {
  readonly from: string
  readonly round: number
  readonly messages: number
  readonly bytes: number
}

interface Own {
  readonly node: Node
  readonly tally: Tally
  /** Messages that are not bytes: those of HTTP. */
  texts: number
}

const owned = new Map<string, Own>()

function own(name: string): Own {
  const found = owned.get(name)
  if (found === undefined) throw new Error(`there is no node ${name} here`)
  return found
}

async function start(
  specs: readonly NodeSpec[],
): Promise<{ name: string; url: string | undefined; port: number | undefined }[]> {
  return Promise.all(
    specs.map(async (spec) => {
      const node = await createNode({ host: '127.0.0.1', ...spec })
      const one: Own = { node, tally: new Tally(monotonicMs), texts: 0 }
      owned.set(spec.name, one)
      node.on('message', ({ value }) => {
        if (value instanceof Uint8Array) one.tally.take(value)
        else one.texts++
      })
      return { name: spec.name, url: node.url, port: node.port }
    }),
  )
}

/** Waits until every node here knows so many others. */
async function knows(peers: number): Promise<void> {
  for (const { node } of owned.values()) while (node.peers().length !== peers) await delay(5)
}

/** Waits until every node here has settled. */
async function settled(): Promise<void> {
  await Promise.all([...owned.values()].map(({ node }) => node.settled()))
}

/** Names of the nodes on the way that a message takes now. */
async function trace(from: string, to: string): Promise<readonly string[]> {
  const answer = await own(from).node.trace(to)
  if (answer.status !== 'traced') throw new Error(`no way to ${to}: ${JSON.stringify(answer)}`)
  return answer.path
}

/** How many links the nodes here have, together. */
function links(): number {
  return [...owned.values()].reduce((sum, { node }) => sum + node.neighbors().length, 0)
}

/** A round begins at every node here that is not left out. */
function expect(expected: Expected, except?: string): void {
  for (const [name, { tally }] of owned) if (name !== except) tally.expect(expected)
}

/** Waits until every node here has all of its round; when the last message came, and when each came last. */
async function received(except?: string): Promise<{ completedMs: number; timesMs: Float64Array }> {
  const tallies = [...owned].flatMap(([name, { tally }]) => (name === except ? [] : [tally]))
  const completed = await Promise.all(tallies.map((tally) => tally.completed()))
  const timesMs = tallies[0]?.timesMs.slice() ?? new Float64Array(0)
  for (const { timesMs: others } of tallies) {
    others.forEach((ms, index) => {
      timesMs[index] = Math.max(timesMs[index] ?? 0, ms)
    })
  }
  return { completedMs: Math.max(...completed), timesMs }
}

/** Sends all of it, so many at a time, each acknowledged; how long until the last was, in ms. */
async function sendAll({ from, to, round, messages, bytes, open }: Load): Promise<number> {
  const { node } = own(from)
  const startedMs = performance.now()
  let next = 0
  const pump = async (): Promise<void> => {
    while (next < messages) {
      const answer = await node.send(to, stampedPayload(bytes, round, next++))
      if (answer.status !== 'delivered') throw new Error(`not delivered: ${JSON.stringify(answer)}`)
    }
  }
  await Promise.all(Array.from({ length: open }, pump))
  return performance.now() - startedMs
}

/** Sends one after the other, each alone; how long each took until it was acknowledged, in ms. */
async function sendLone({ from, to, round, messages, bytes }: Omit<Load, 'open'>): Promise<Float64Array> {
  const { node } = own(from)
  const tookMs = new Float64Array(messages)
  for (let index = 0; index < messages; index++) {
    const payload = stampedPayload(bytes, round, index)
    const startedMs = performance.now()
    const answer = await node.send(to, payload)
    tookMs[index] = performance.now() - startedMs
    if (answer.status !== 'delivered') throw new Error(`not delivered: ${JSON.stringify(answer)}`)
  }
  return tookMs
}

/** What may be on its way of one batch of broadcasts, in bytes; a link has room for 4 MiB of them. */
const BATCH_BYTES = 1_048_576
/** What a small message costs beside its payload where payloads are kept, in bytes. */
const KEPT_BYTES = 256
const BATCH_MESSAGES_MAX = 2_048

/**
 * Broadcasts all of it. Flow control is a program's own: the last one of each batch asks for receipts, and at most two
 * batches are on their way. Resolves with when it began.
 */
async function broadcastAll({ from, round, messages, bytes }: Cast): Promise<number> {
  const { node } = own(from)
  const batch = Math.min(BATCH_MESSAGES_MAX, Math.ceil(BATCH_BYTES / (bytes + KEPT_BYTES)))
  const startedMs = monotonicMs()
  const underWay: Promise<void>[] = []
  for (let first = 0; first < messages; first += batch) {
    const behindLast = Math.min(messages, first + batch)
    const sent = Array.from({ length: behindLast - first }, (_, offset) => {
      const index = first + offset
      const payload = stampedPayload(bytes, round, index)
      return node.broadcast(payload, { receipts: index === behindLast - 1, deadlineMs: 60_000 })
    })
    underWay.push(
      Promise.all(sent).then((answers) => {
        for (const answer of answers) {
          const isMissed = answer.status === 'sent' && (answer.missing?.length ?? 0) > 0
          if (answer.status !== 'sent' || isMissed) {
            throw new Error(`not sent to all: ${JSON.stringify({ ...answer, receipts: undefined })}`)
          }
        }
      }),
    )
    if (underWay.length === 2) await underWay.shift()
  }
  await Promise.all(underWay)
  return startedMs
}

/** Broadcasts one after the other, so many ms apart; when each was sent. */
async function broadcastPaced(
  { from, round, messages, bytes }: Cast,
  everyMs: number,
): Promise<Float64Array> {
  const { node } = own(from)
  const sentMs = new Float64Array(messages)
  for (let index = 0; index < messages; index++) {
    const payload = stampedPayload(bytes, round, index)
    sentMs[index] = monotonicMs()
    const answer = await node.broadcast(payload)
    if (answer.status !== 'sent') throw new Error(`not sent: ${JSON.stringify(answer)}`)
    await delay(everyMs)
  }
  return sentMs
}

/** Broadcasts that came here and had come before, so far. */
function duplicates(): number {
  return [...owned.values()].reduce((sum, { node }) => sum + (node.stats().dropped.duplicate ?? 0), 0)
}

/** Messages that were no bytes, so far, at one node here. */
function texts(name: string): number {
  return own(name).texts
}

const commands = {
  start,
  knows,
  settled,
  trace,
  links,
  expect,
  received,
  sendAll,
  sendLone,
  broadcastAll,
  broadcastPaced,
  duplicates,
  texts,
  memory: memoryAfterGc,
}

/** What this process can be asked. */
export type NodesCommands = typeof commands

serve(commands)
