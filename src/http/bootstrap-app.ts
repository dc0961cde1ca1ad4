// The HTTP face of a bootstrap: who is registered, and the door for plain HTTP peers (design section 2).
// It must not know the registry: all it does goes through the BootstrapHost that it is given.

import { REASONS } from '../core/reasons.ts'
import { type Logger, silentLogger } from '../logger.ts'
import type { ErrorBody } from './fixed-answer.ts'
import { answerUnwell } from './health.ts'
import type { BootstrapHost } from './node-host.ts'
import { peersBody, sortedUrls } from './peer-urls.ts'
import { readRegisterRequest } from './register-request.ts'
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

/** The routes of a bootstrap: `/`, `/register`, `/peers`, `/ui`, `/metrics`, `/healthz`, `/readyz`. More may be added to the app. */
export function createBootstrapApp(
  host: BootstrapHost,
  logger: Logger = silentLogger,
  files?: UiFiles,
): ShimApp {
  const app = createShim(host, logger)
  app.get('/', (c) => answer(c, 200, { message: 'Bootstrap node is running!', peers: host.health().peers }))
  app.post('/register', (c) => postRegister(c, host))
  app.get('/peers', (c) => answer(c, 200, peersBody(host.peers())))
  if (files !== undefined) addUi(app, files)
  app.get('/metrics', (c) => answerMetrics(c, host.metrics()))
  app.get('/healthz', (c) => {
    const { live, reason } = host.health()
    return live ? answer(c, 200, { status: 'live' }) : answerUnwell(c, 'not-live', reason)
  })
  app.get('/readyz', (c) => {
    const { ready, reason, peers } = host.health()
    return ready
      ? answer(c, 200, { status: 'ready', peers })
      : answerUnwell(c, 'not-ready', reason, { peers })
  })
  return app
}

function postRegister(c: ShimContext, host: BootstrapHost): Promise<Response> {
  return withJson(c, host, async (body) => {
    const request = readRegisterRequest(body)
    if (!request.ok) return refuseBadRequest(c, host, request.error)
    const { url, name } = request
    const registration = await host.register(name === undefined ? { url } : { url, name })
    if (registration.ok) {
      const peers = sortedUrls(registration.peers)
      return answer(c, 200, { status: 'registered', name: registration.name, peers })
    }
    const { reason, detail } = registration
    return answer(c, REASONS[reason].httpStatus, { error: detail, reason } satisfies ErrorBody)
  })
}
