// The HTTP face of a node: the classroom contract (design section 2) and sends through the overlay (section 7).
// It must not know the overlay: all it does goes through the NodeHost that it is given.

import type { BroadcastAnswer, SendAnswer, SendFailed } from '../answers.ts'
import { REASONS } from '../core/reasons.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { jsonAnswer, send } from './exchange.ts'
import { answerUnwell } from './health.ts'
import { readMessageRequest } from './message-request.ts'
import type { NodeHost, Topology } from './node-host.ts'
import { compareNaturally, peerBody, peersBody } from './peer-urls.ts'
import {
  answer,
  createShim,
  type ErrorBody,
  refuseBadRequest,
  type ShimApp,
  type ShimContext,
  withJson,
} from './shim.ts'

const RECEIVED = jsonAnswer(200, { status: 'received' })

/** The routes of a node: `/`, `/message`, `/peers`, `/topology`, `/healthz`, `/readyz`. More may be added to the app. */
export function createNodeApp(host: NodeHost, logger: Logger = silentLogger): ShimApp {
  const app = createShim(host, logger)
  app.get('/', (c) => {
    const { links, peers } = host.health()
    return answer(c, 200, { message: `Node ${host.name} is running!`, name: host.name, links, peers })
  })
  app.post('/message', (c) => postMessage(c, host))
  app.get('/peers', (c) => answer(c, 200, peersBody(host.peers())))
  app.get('/topology', (c) => answer(c, 200, topologyBody(host.topology())))
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
    switch (request.kind) {
      case 'refused':
        return refuseBadRequest(c, host, request.error)
      case 'deliver':
        host.deliver({ sender: request.sender, msg: request.msg })
        return send(c, RECEIVED)
      case 'send':
        return host.send(request.to, request.message, request.options).then((sent) => answerOutcome(c, sent))
      case 'broadcast':
        return host.broadcast(request.message).then((sent) => answerOutcome(c, sent))
    }
  })
}

function answerOutcome(c: ShimContext, outcome: SendAnswer | BroadcastAnswer): Response {
  if (outcome.status === 'failed') return answerFailure(c, outcome)
  if (outcome.status === 'sent') return answer(c, 200, outcome)
  // Clocks have more digits than a round trip means; programs that want them ask the library.
  return answer(c, 200, { ...outcome, rttMs: Math.round(10 * outcome.rttMs) / 10 })
}

function answerFailure(c: ShimContext, { reason, at }: SendFailed): Response {
  const facts = REASONS[reason]
  return answer(c, facts.httpStatus, { error: facts.text, reason, at } satisfies ErrorBody)
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
