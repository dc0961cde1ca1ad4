// Requests a second of `POST /message`: to the receiver itself, and with `to` through the overlay with its outcome in the
// answer; against a bare `node:http` server that parses the same JSON, loaded by the same client.

import type { Bench } from '../harness/bench.ts'
import { type Figure, ratioAtLeast } from '../harness/figure.ts'
import type { HttpClientCommands } from '../processes/http-client.ts'
import type { NodesCommands } from '../processes/nodes.ts'
import type { RawHttpCommands } from '../processes/raw-http.ts'

const CONNECTIONS = 32
const ASKED = 'asked'
const OTHER = 'other'

const WAYS = [
  {
    name: 'post-here',
    title: 'POST /message',
    body: { sender: 'node12', msg: 'Hello node8' },
    status: 'received',
    receiver: ASKED,
    limit: 0.8,
  },
  {
    name: 'post-to',
    title: 'POST /message with "to"',
    body: { to: OTHER, sender: 'node12', msg: 'Hello node8' },
    status: 'delivered',
    receiver: OTHER,
    limit: 0.5,
  },
] as const

type Way = (typeof WAYS)[number]

/** One for each way. */
export const postFigures: readonly Figure[] = WAYS.map((way) => ({
  name: way.name,
  about: `requests a second of ${way.title}, against bare node:http`,
  measure: async (bench) => [
    {
      key: way.name,
      title: way.title,
      unit: 'requests/s',
      better: 'more',
      reference: 'bare node:http',
      aim: ratioAtLeast(way.limit),
      samples: await measure(bench, way),
    },
  ],
}))

async function measure(bench: Bench, way: Way) {
  bench.progress('starting')
  const startNode = async (name: string, peers: readonly string[]) => {
    const child = bench.children.start<NodesCommands>('nodes', { label: name })
    const [started] = await child.ask('start', [{ name, peers }])
    return { child, url: started?.url ?? '', port: started?.port ?? 0 }
  }
  const other = await startNode(OTHER, [])
  const asked = await startNode(ASKED, [other.url])
  await Promise.all([other, asked].map(({ child }) => child.ask('knows', 1)))
  const barePort = await bench.children
    .start<RawHttpCommands>('raw-http', { label: 'bare server' })
    .ask('listen')
  const client = bench.children.start<HttpClientCommands>('http-client', { label: 'client' })
  const receiver = way.receiver === OTHER ? other.child : asked.child
  const body = JSON.stringify(way.body)
  const load = async (port: number, status: string) => {
    const seconds = bench.measureSeconds
    const answer = `{"status":"${status}"`
    return client.ask('post', { port, body, answer, connections: CONNECTIONS, seconds })
  }
  const perSecond = ({ answered, tookMs }: { answered: number; tookMs: number }) =>
    (answered * 1_000) / tookMs
  const hearsay = async (): Promise<number> => {
    const before = await receiver.ask('texts', way.receiver)
    const result = await load(asked.port, way.status)
    const received = (await receiver.ask('texts', way.receiver)) - before
    if (received !== result.answered) {
      throw new Error(`${result.answered} requests were answered, ${received} messages came`)
    }
    return perSecond(result)
  }
  const reference = async (): Promise<number> => perSecond(await load(barePort, 'received'))
  await hearsay()
  await reference()
  return bench.alternate({ hearsay, reference })
}
