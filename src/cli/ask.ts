// Asks a running node or bootstrap over HTTP, for the commands that do not run one themselves.
// It must not print; it answers what came back, or throws a CliError that says what to do.

import { httpUrlOf } from '../http/peer-urls.ts'
import { request as httpRequest } from '../net/node-http.ts'
import { normalizeUrl, withoutQuery } from '../net/url.ts'
import { printable } from '../wire/printable.ts'
import { brokenOffCode, type CliContext, CliError } from './context.ts'
import { EXIT } from './exit-codes.ts'

/** An answer that is a JSON object. */
export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  /** The `Date` header: the clock of who answers, in whole seconds. */
  readonly date: string | undefined
}

/** What to ask. */
export interface Question {
  /** Where: the value of `--at`. */
  readonly at: string
  readonly path: string
  /** Sent as JSON with POST; absent: GET. */
  readonly body?: Readonly<Record<string, unknown>>
  /** How long an answer may take, in ms. */
  readonly timeoutMs: number
}

/** How long an answer to a plain question may take, in ms. */
export const ASK_TIMEOUT_MS = 10_000

/**
 * Asks, and answers the JSON object that came back, whatever its status.
 * @throws CliError when nobody answers in time, when something else than hearsay does, or on Ctrl-C
 */
export async function ask(question: Question, context: CliContext): Promise<Answer> {
  try {
    const { status, text, date } = await exchange(question, context.signal)
    return { status, body: objectOf(text, question.at), date }
  } catch (error) {
    throw failureOf(error, question, context)
  }
}

/** The error for an answer that should not have been: its own text, or its status. What was asked for was wrong: `usage`. */
export function refusal({ status, body }: Answer, at: string, { self }: CliContext): CliError {
  const { error, routes } = body
  if (status === 404 && Array.isArray(routes) && routes.includes('POST /register'))
    return bootstrapError(at, self)
  const text = typeof error === 'string' ? printable(error) : `HTTP status ${status}`
  return new CliError(status === 400 ? EXIT.usage : EXIT.failure, `${withoutQuery(at)} answered: ${text}`)
}

/** The error for a bootstrap where only a node will do. */
export function bootstrapError(asked: string, self: string): CliError {
  const at = withoutQuery(asked)
  return new CliError(
    EXIT.failure,
    `${at} is a bootstrap, which carries no messages. Give the address of a node with --at; "${self} peers --at ${at}" lists them.`,
  )
}

/** Largest answer that is read, in bytes: a topology of 10,000 nodes has a few megabytes. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

// Not fetch: it refuses ports that browsers keep for other protocols, 5060 and 6000 among them.
async function exchange(
  question: Question,
  stop: AbortSignal,
): Promise<{ status: number; text: string; date: string | undefined }> {
  const { at, path, timeoutMs } = question
  const url = urlOf(at, path)
  const request = url.protocol === 'https:' ? (await import('node:https')).request : httpRequest
  const body = question.body === undefined ? undefined : JSON.stringify(question.body)
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        signal: AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]),
        agent: false,
        ...(body !== undefined && { method: 'POST', headers: { 'content-type': 'application/json' } }),
      },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX) response.destroy(new Error('the answer is too large'))
        })
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response
          resolve({ status, text: Buffer.concat(chunks).toString(), date: headers.date })
        })
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

/** What is asked for at an address, which may have a path of its own (behind a proxy) and a query. */
function urlOf(at: string, path: string): URL {
  const normalized = normalizeUrl(at)
  // The option table has checked it; the canonical form has a scheme in any case.
  const url = new URL(httpUrlOf(normalized.ok ? normalized.url : at))
  const [behind = '', query] = path.split('?')
  url.pathname = `${url.pathname.replace(/\/$/, '')}${behind}`
  for (const [name, value] of new URLSearchParams(query)) url.searchParams.append(name, value)
  return url
}

function objectOf(text: string, at: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new CliError(
    EXIT.noAnswer,
    `What answers at ${withoutQuery(at)} is not a hearsay node. Give the address of one with --at, such as --at http://localhost:5001.`,
  )
}

function failureOf(error: unknown, question: Question, context: CliContext): unknown {
  if (error instanceof CliError) return error
  if (context.signal.aborted) {
    return new CliError(brokenOffCode(context.signal), 'Stopped before an answer came.')
  }
  const { code, cause, message } = error as NodeJS.ErrnoException
  const at = withoutQuery(question.at)
  if (code === 'ABORT_ERR' && (cause as Error | undefined)?.name === 'TimeoutError') {
    return new CliError(EXIT.noAnswer, `${at} did not answer within ${question.timeoutMs} ms.`)
  }
  const start = `Start a network with "${context.self} swarm", or give the address of a running node with --at.`
  const texts: Readonly<Record<string, string>> = {
    ECONNREFUSED: `Nothing listens at ${at}. ${start}`,
    ENOTFOUND: `There is no host of the name in ${at}. Check --at.`,
    EAI_AGAIN: `The host name in ${at} cannot be looked up at the moment. Check --at and the network.`,
  }
  return new CliError(
    EXIT.noAnswer,
    texts[code ?? ''] ?? `${at} cannot be reached (${code ?? message}). Check --at.`,
  )
}
