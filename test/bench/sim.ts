// How fast the simulator is: the medium alone, and a network that starts, comes to rest and carries traffic.
// Not a test: `node test/bench/sim.ts [nodes]` prints figures, by processor time because other work may run beside it.

import type { Direct, LinkId, NodeName } from '../../src/core/messages.ts'
import { Rng } from '../../src/core/rng.ts'
import { EventQueue } from '../../src/sim/event-queue.ts'
import { Medium } from '../../src/sim/medium.ts'
import { SimNetwork } from '../../src/sim/network.ts'

const HOSTS = 100
const FRAMES_UNDER_WAY = 10_000

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** Frames that hosts pass on at random, without a protocol: what the medium and the codec cost. */
function relayed(codec: boolean): number {
  const queue = new EventQueue()
  const rng = new Rng(1)
  const medium = new Medium(queue, new Rng(2), { codec })
  let received = 0
  const links: LinkId[][] = Array.from({ length: HOSTS }, () => [])
  const hosts = links.map((own, i) =>
    medium.host(`host${i}`, {
      url: `ws://host${i}/`,
      feed: (event) => {
        if (event.type === 'link-open') own.push(event.link)
        if (event.type !== 'received') return
        for (const message of event.messages) {
          received++
          if (message.type === 'direct' && message.hopsLeft > 0) pass(i, message)
        }
      },
    }),
  )
  const pass = (i: number, message: Direct): void => {
    const next = { ...message, hopsLeft: message.hopsLeft - 1, hops: message.hops + 1 }
    const link = rng.pick(links[i] ?? []) as LinkId
    hosts[i]?.send({ type: 'send', links: [link], message: next, lane: 'direct' })
  }
  hosts.forEach((host, i) => {
    for (const step of [7, 14, 21]) host.dial(`ws://host${(i + step) % HOSTS}/`)
  })
  queue.runTo(1_000)
  const message: Direct = {
    type: 'direct',
    hopsLeft: 200,
    hops: 0,
    destination: 'nobody' as NodeName,
    destinationIncarnation: 1,
    origin: 'somebody' as NodeName,
    originIncarnation: 1,
    sequence: 1,
    floor: 1,
    payload: new Uint8Array(64),
  }
  for (let i = 0; i < FRAMES_UNDER_WAY; i++) queue.plan(i / 10, () => pass(i % HOSTS, message))
  const startMs = cpuMs()
  queue.runTo(1_000_000)
  return received / (cpuMs() - startMs)
}

/** A whole overlay. Events are everything that cores have handled. */
function overlay(nodes: number, codec: boolean): string {
  let events = 0
  const net = new SimNetwork({
    seed: 1,
    codec,
    keepNotices: false,
    observer: {
      onHandled: () => {
        events++
      },
    },
  })
  const phases: string[] = []
  const phase = (name: string, run: () => void): void => {
    const [eventsBefore, startMs, virtualMs] = [events, cpuMs(), net.nowMs]
    run()
    const tookMs = cpuMs() - startMs
    const times = ((net.nowMs - virtualMs) / tookMs).toFixed(1)
    phases.push(`${name} ${Math.round((events - eventsBefore) / tookMs)} k events/s, ${times} x real time`)
  }
  phase('start', () => {
    for (let i = 1; i <= nodes; i++) {
      net.start(`node${i}`)
      net.run(5)
    }
    net.run(10_000)
  })
  phase('idle', () => net.run(60_000))
  const rng = new Rng(2)
  const { names } = net
  phase('traffic', () => {
    for (let i = 0; i < 10_000; i++) {
      net.send(rng.pick(names) as string, rng.pick(names) as string, new Uint8Array(64))
      net.run(1)
    }
  })
  return phases.join('; ')
}

const nodes = Number(process.argv[2] ?? 200)
for (const codec of [true, false]) {
  const label = codec ? 'with codec   ' : 'without codec'
  console.log(`${label} medium alone: ${Math.round(relayed(codec))} k frames/s`)
  console.log(`${label} ${nodes} nodes: ${overlay(nodes, codec)}`)
}
