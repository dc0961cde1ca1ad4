// The HTTP face of a node: the classroom contract (design section 2) and sends through the overlay (section 7).
// It must not know the overlay: all it does goes through the NodeHost that it is given.

import {
  type BroadcastAnswer,
  type RequestAnswer,
  type RequestFailed,
  type SendAnswer,
  type SendFailed,
  type TraceAnswer,
  told,
} from '../answers.ts'
import { CORE_DEFAULTS } from '../core/config.ts'
import { parseNodeName } from '../core/messages.ts'
import { REASONS } from '../core/reasons.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { isTraceparent } from '../wire/traceparent.ts'
import { headerOf, send } from './exchange.ts'
import { type ErrorBody, jsonAnswer } from './fixed-answer.ts'
import { answerUnwell } from './health.ts'
import { NODE_NAME_SYNTAX, readMessageRequest } from './message-request.ts'
import type { NodeHost, SendOptions, Topology } from './node-host.ts'
import { compareNaturally, peerBody, peersBody } from './peer-urls.ts'
import {
  answer,
  answerMetrics,
  createShim,
  refuseBadRequest,
  type ShimApp,
  type ShimContext,
  withJson,
} from './shim.ts'
import { addUi, type UiFiles } from './ui.ts'

const RECEIVED = jsonAnswer(200, { status: 'received' })

/**
 * The routes of a node: `/`, `/message`, `/ui`, `/peers`, `/topology`, `/trace/<node>`, `/metrics`, `/healthz`, `/readyz`. More may
 * be added to the app.
 */
export function createNodeApp(host: NodeHost, logger: Logger = silentLogger, files?: UiFiles): ShimApp {
  const app = createShim(host, logger)
  app.get('/', (c) => {
    const { links, peers } = host.health()
    return answer(c, 200, { message: `Node ${host.name} is running!`, name: host.name, links, peers })
  })
  app.post('/message', (c) => postMessage(c, host))
  app.get('/peers', (c) => answer(c, 200, peersBody(host.peers())))
  app.get('/topology', (c) => answer(c, 200, topologyBody(host.topology())))
  app.get('/trace/:node', (c) => getTrace(c, host))
  if (files !== undefined) addUi(app, files)
  app.get('/metrics', (c) => answerMetrics(c, host.metrics()))
  app.get('/healthz', (c) => {
    const { live, reason } = host.health()
    return live ? answer(c, 200, { status: 'live' }) : answerUnwell(c, 'not-live', reason)
  })
  app.get('/readyz', (c) => {
    const { ready, reason, links, peers, registered } = host.health()
    return ready
      ? answer(c, 200, { status: 'ready', links, peers, registered })
      : answerUnwell(c, 'not-ready', reason, { links, peers, registered })
  })
  return app
}

function postMessage(c: ShimContext, host: NodeHost): Promise<Response> {
  return withJson(c, host, (body) => {
    const request = readMessageRequest(body)
    // The header comes before the key of the body: proxies know the one, and not the other.
    const trace = traceOf(c)
    switch (request.kind) {
      case 'refused':
        return refuseBadRequest(c, host, request.error)
      case 'deliver': {
        const { kind: _, ...message } = request
        return host.deliver({ ...message, ...trace }) ? send(c, RECEIVED) : answerOutcome(c, notTaken(host))
      }
      case 'send':
        return host
          .send(request.to, request.message, { ...request.options, ...trace })
          .then((sent) => answerOutcome(c, sent))
      case 'broadcast':
        return host
          .broadcast(request.message, { ...request.options, ...trace })
          .then((sent) => answerOutcome(c, sent))
      case 'publish':
        return host
          .publish(request.topic, request.message, { ...request.options, ...trace })
          .then((sent) => answerOutcome(c, sent))
      case 'request':
        return host
          .request(request.to, request.message, { ...request.options, ...trace })
          .then((answered) => answerRequest(c, answered))
    }
  })
}

/** Its program has no room for it, or is just leaving. */
function notTaken(host: NodeHost): SendFailed {
  return { status: 'failed', reason: host.health().live ? 'queue-full' : 'shutting-down', at: host.name }
}

/** The trace that the request belongs to. One that is broken counts as none (W3C Trace Context, section 4.3). */
function traceOf(c: ShimContext): { readonly traceparent?: string } {
  const traceparent = headerOf(c, 'traceparent')
  return traceparent !== undefined && isTraceparent(traceparent) ? { traceparent } : {}
}

function answerOutcome(c: ShimContext, outcome: SendAnswer | BroadcastAnswer): Response {
  if (outcome.status === 'failed') return answerFailure(c, outcome)
  return answer(c, 200, told(outcome))
}

function answerFailure(c: ShimContext, failed: SendFailed | RequestFailed, more = {}): Response {
  const { reason, at } = failed
  const facts = REASONS[reason]
  const error = 'error' in failed ? failed.error : undefined
  return answer(c, facts.httpStatus, { error: error ?? facts.text, reason, at, ...more } satisfies ErrorBody)
}

/** Bytes cannot stand in JSON: they go as `base64` instead of `value`. */
function answerRequest(c: ShimContext, answered: RequestAnswer): Response {
  if (answered.status === 'failed') return answerFailure(c, answered)
  const { value, ...facts } = told(answered)
  const said = value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : { value }
  return answer(c, 200, { ...facts, ...said })
}

/** `*` for the ways to all. */
function getTrace(c: ShimContext, host: NodeHost): Response | Promise<Response> {
  const to = c.req.param('node') ?? ''
  const options = deadlineOf(c.req.query('deadlineMs'))
  if (options === undefined) {
    const range = `from 1 to ${CORE_DEFAULTS.deadlineMaxMs}`
    return refuseBadRequest(c, host, `"deadlineMs" must be a whole number of milliseconds ${range}`)
  }
  if (to === '*') return host.traceAll(options).then((sent) => answerOutcome(c, sent))
  if (parseNodeName(to) === undefined) {
    const asked = `/trace/ takes the name of a node, or * for the ways to all`
    return refuseBadRequest(c, host, `${asked}. A name has ${NODE_NAME_SYNTAX}`)
  }
  return host
    .trace(to, options)
    .then((traced: TraceAnswer) =>
      traced.status === 'failed' ? answerFailure(c, traced, { hops: traced.hops }) : answer(c, 200, traced),
    )
}

function deadlineOf(text: string | undefined): SendOptions | undefined {
  if (text === undefined) return {}
  const deadlineMs = /^\d{1,15}$/.test(text) ? Number(text) : 0
  return deadlineMs >= 1 && deadlineMs <= CORE_DEFAULTS.deadlineMaxMs ? { deadlineMs } : undefined
}

function topologyBody(topology: Topology): Topology {
  return {
    self: topology.self,
    nodes: topology.nodes
      .map((node) => ({
        ...peerBody(node),
        state: node.state,
        incarnation: node.incarnation,
        links: [...node.links].sort(compareNaturally),
      }))
      .sort((a, b) => compareNaturally(a.name, b.name)),
    links: [...topology.links].sort((a, b) => compareNaturally(a[0], b[0]) || compareNaturally(a[1], b[1])),
  }
}
