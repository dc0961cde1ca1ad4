// What the apps of node and bootstrap have in common: JSON bodies in, JSON answers out, an answer for everything that
// no route wants, and an end to errors. It must not know what the routes do.

import { Hono } from 'hono'
import { REASONS } from '../core/reasons.ts'
import type { Logger } from '../logger.ts'
import type { MetricsPage } from '../metrics/metric.ts'
import type { JsonValue } from '../wire/payload.ts'
import { abandon, BODY_BYTES_MAX, discardBody, type Exchange, headerOf, readBody, send } from './exchange.ts'
import { type ErrorBody, type FixedAnswer, INTERNAL, jsonAnswer, textAnswer } from './fixed-answer.ts'
import { readJson } from './json.ts'
import type { RefusalCounter } from './node-host.ts'

/** A request in a handler. */
export type ShimContext = Parameters<Parameters<ShimApp['notFound']>[0]>[0]

/** An app that answers requests off a node:http server without web streams. */
export type ShimApp = Hono<Exchange>

// The JSON types of the WHATWG MIME Sniffing standard (section 4.6): these three, and anything with "+json".
const JSON_TYPE = /^\s*(?:application\/json|text\/json|[^\s;/]+\/[^\s;/]+\+json)\s*(?:;|$)/i

const UNSUPPORTED_TYPE = "Unsupported content type: send JSON with -H 'Content-Type: application/json'"
const UNSUPPORTED_ENCODING = 'Unsupported content encoding: send the JSON as it is'
const TOO_LARGE = jsonAnswer(REASONS['too-large'].httpStatus, {
  error: `The body is larger than ${BODY_BYTES_MAX} bytes`,
  reason: 'too-large',
} satisfies ErrorBody)

/** Answers with this value. */
export function answer(c: ShimContext, status: number, value: unknown): Response {
  return send(c, jsonAnswer(status, value))
}

/** Answers with a page of metrics. */
export async function answerMetrics(c: ShimContext, metrics: Promise<MetricsPage>): Promise<Response> {
  const { contentType, text } = await metrics
  return send(c, textAnswer(200, text, contentType))
}

/** Answers that what is asked for is elsewhere, for good. @param to relative to the path that was asked for */
export function redirect(c: ShimContext, to: string): Response {
  return send(c, jsonAnswer(308, { location: to }, { Location: to }))
}

/** Answers with an error that the shim decided on, and counts it. */
export function refuse(c: ShimContext, counter: RefusalCounter, what: FixedAnswer): Response {
  counter.refused?.(what.status)
  return send(c, what)
}

/** Answers 400 with this sentence, and counts it. */
export function refuseBadRequest(c: ShimContext, counter: RefusalCounter, error: string): Response {
  return refuse(c, counter, jsonAnswer(400, { error } satisfies ErrorBody))
}

/**
 * Reads the body as JSON and has it handled. Answers 413 for a body over the limit, 415 for one that says that it is
 * no JSON, 400 for one that is none.
 */
export async function withJson(
  c: ShimContext,
  counter: RefusalCounter,
  handle: (body: JsonValue) => Response | Promise<Response>,
): Promise<Response> {
  const type = headerOf(c, 'content-type')
  // Exactly this is sent by nearly everybody.
  if (type !== undefined && type !== 'application/json' && !JSON_TYPE.test(type)) {
    return refuseUnread(c, counter, UNSUPPORTED_TYPE)
  }
  const encoding = headerOf(c, 'content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return refuseUnread(c, counter, UNSUPPORTED_ENCODING)
  }
  const body = await readBody(c)
  if (!body.ok) return body.why === 'too-large' ? refuse(c, counter, TOO_LARGE) : abandon(c)
  if (body.bytes.length === 0) return refuseBadRequest(c, counter, 'The body is empty: send JSON')
  const json = readJson(body.bytes)
  return json.ok ? handle(json.value) : refuseBadRequest(c, counter, json.error)
}

function refuseUnread(c: ShimContext, counter: RefusalCounter, error: string): Response {
  discardBody(c)
  return refuse(c, counter, jsonAnswer(415, { error } satisfies ErrorBody))
}

/** An app without routes that answers 404, 405 and 500 in JSON. Routes that are added later are known to it. */
export function createShim(counter: RefusalCounter, logger: Logger): ShimApp {
  const app: ShimApp = new Hono<Exchange>({ strict: false })
  app.notFound((c) => {
    const allowed = allowedMethods(app, c.req.path)
    if (allowed.length === 0) {
      const error = `Nothing is at ${c.req.path}`
      return refuse(c, counter, jsonAnswer(404, { error, routes: listRoutes(app) }))
    }
    const error = `${c.req.path} takes ${allowed.join(', ')}, not ${c.req.method}`
    return refuse(c, counter, jsonAnswer(405, { error } satisfies ErrorBody, { Allow: allowed.join(', ') }))
  })
  app.onError((error, c) => {
    logger.error({ err: error, method: c.req.method, path: c.req.path }, 'http-handler-failed')
    return send(c, INTERNAL)
  })
  return app
}

/** The methods that have a route at `path`. HEAD works where GET does. */
function allowedMethods(app: ShimApp, path: string): string[] {
  const methods = new Set<string>()
  for (const { method } of app.routes) {
    // A middleware matches too; it was added for ALL methods and does not make a route.
    if (app.router.match(method, path)[0].some(([[, route]]) => route.method === method)) methods.add(method)
  }
  methods.delete('ALL')
  if (methods.has('GET')) methods.add('HEAD')
  return [...methods].sort()
}

function listRoutes(app: ShimApp): string[] {
  return app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)
}
