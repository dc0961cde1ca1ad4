// One receiver that stands still under the full load of five senders: what it costs them, and what it costs others.
//
//   node test/bench/stopped-receiver.ts [--stop-seconds 30] [--before-seconds 10]
//
// Eight processes on loopback. Five send to `victim` as fast as its window lets them, and each of them also to another
// one; two more talk to each other only. Then the victim is stopped (SIGSTOP). Printed: messages a second between all
// others, before and while it stands still, the ratio of the two, and the most memory of each process.

import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createBootstrap, createNode, type Node } from '../../src/index.ts'

const { values } = parseArgs({
  options: {
    'stop-seconds': { type: 'string', default: '30' },
    'before-seconds': { type: 'string', default: '10' },
    role: { type: 'string' },
    bootstrap: { type: 'string' },
  },
})
const VICTIM = 'victim'
const SENDERS = ['s1', 's2', 's3', 's4', 's5'] as const
const OTHERS = ['o1', 'o2'] as const
/** To whom each of them sends. */
const TO: Readonly<Record<string, readonly string[]>> = {
  s1: [VICTIM, 's2'],
  s2: [VICTIM, 's3'],
  s3: [VICTIM, 's4'],
  s4: [VICTIM, 's5'],
  s5: [VICTIM, 's1'],
  o1: ['o2'],
  o2: ['o1'],
}
/** Sends to one destination that are open at the same time. */
const OPEN = 256
const PAYLOAD = new Uint8Array(256)

/** What a process tells twice a second. */
interface Report {
  readonly name: string
  /** Delivered to others than the victim. */
  readonly delivered: number
  readonly failed: Readonly<Record<string, number>>
  readonly rssMb: number
}

if (values.role === undefined) await lead()
else await play(values.role, values.bootstrap ?? '')

async function play(name: string, bootstrap: string): Promise<void> {
  const node = await createNode({ name, host: '127.0.0.1', bootstrap: [bootstrap] })
  await node.settled()
  let delivered = 0
  const failed: Record<string, number> = {}
  const lane = async (from: Node, to: string): Promise<void> => {
    for (;;) {
      const answer = await from.send(to, PAYLOAD)
      if (answer.status === 'failed') {
        const key = `${answer.reason} (${to === VICTIM ? 'victim' : 'others'})`
        failed[key] = (failed[key] ?? 0) + 1
        await delay(10)
      } else if (to !== VICTIM) delivered++
    }
  }
  process.on('message', () => {
    for (const to of TO[name] ?? []) for (let open = 0; open < OPEN; open++) void lane(node, to)
  })
  process.send?.({ ready: name })
  setInterval(() => {
    const rssMb = Math.round(process.memoryUsage.rss() / 1_048_576)
    process.send?.({ name, delivered, failed, rssMb } satisfies Report)
  }, 500)
}

async function lead(): Promise<void> {
  const bootstrap = await createBootstrap({ host: '127.0.0.1', listen: 0 })
  const latest = new Map<string, Report>()
  const mostMb = new Map<string, number>()
  const names = [VICTIM, ...SENDERS, ...OTHERS]
  const children = new Map<string, ChildProcess>()
  await Promise.all(
    names.map(
      (name) =>
        new Promise<void>((ready) => {
          const child = fork(import.meta.filename, [
            '--role',
            name,
            '--bootstrap',
            `ws://127.0.0.1:${bootstrap.port}`,
          ])
          children.set(name, child)
          child.on('message', (message: { ready?: string } & Report) => {
            if (message.ready !== undefined) ready()
            else {
              latest.set(message.name, message)
              mostMb.set(message.name, Math.max(message.rssMb, mostMb.get(message.name) ?? 0))
            }
          })
        }),
    ),
  )
  for (const child of children.values()) child.send('go')
  const measure = async (seconds: number): Promise<number> => {
    const count = () => [...latest.values()].reduce((sum, { delivered }) => sum + delivered, 0)
    const [before, startMs] = [count(), performance.now()]
    await delay(seconds * 1_000)
    return (1_000 * (count() - before)) / (performance.now() - startMs)
  }
  await delay(3_000)
  const beforePerS = await measure(Number(values['before-seconds']))
  const mbBefore = new Map(mostMb)
  const victim = children.get(VICTIM)
  victim?.kill('SIGSTOP')
  const whilePerS = await measure(Number(values['stop-seconds']))
  victim?.kill('SIGCONT')
  const afterPerS = await measure(Number(values['before-seconds']))
  const figures = [beforePerS, whilePerS, afterPerS].map((perS) => Math.round(perS).toLocaleString('en'))
  console.log(
    `between others: ${figures[0]} messages a second before, ${figures[1]} while ${VICTIM} stood still, ${figures[2]} after`,
  )
  console.log(`ratio while / before: ${(whilePerS / beforePerS).toFixed(2)}`)
  console.log(
    `most memory, in MB, before and at the end: ${names.map((name) => `${name} ${mbBefore.get(name)} ${mostMb.get(name)}`).join(', ')}`,
  )
  for (const { name, failed } of latest.values()) {
    if (Object.keys(failed).length > 0) console.log(`${name}: ${JSON.stringify(failed)}`)
  }
  for (const child of children.values()) child.kill('SIGKILL')
  await bootstrap.close()
}
