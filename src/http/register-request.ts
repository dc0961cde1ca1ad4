// What a client may ask for with `POST /register`: from the JSON of its body to a URL and a name, or to the sentence
// that tells what is wrong with it. It must not know who is registered.

import * as v from 'valibot'
import { parseNodeName } from '../core/messages.ts'
import type { JsonValue } from '../wire/payload.ts'
import { NODE_NAME_SYNTAX } from './message-request.ts'
import { readPeerUrl } from './peer-urls.ts'

/** The keys under which the URL may stand, the first one that is there wins (design section 2). */
export const URL_KEYS = ['peer', 'url', 'address', 'peer_url', 'node'] as const
/** The keys under which the name may stand, likewise. */
export const NAME_KEYS = ['id', 'node_id', 'name'] as const

/** Who registers, or why not. */
export type RegisterRequest =
  | { readonly ok: true; readonly url: string; readonly name?: string }
  | { readonly ok: false; readonly error: string }

const NAME_ERROR = `The name must be ${NODE_NAME_SYNTAX}`

const Name = v.pipe(
  // Numbers too: the ids of a class are often 1, 2, 3.
  v.union([v.string(), v.pipe(v.number(), v.safeInteger(NAME_ERROR), v.minValue(0, NAME_ERROR))], NAME_ERROR),
  v.transform(String),
  v.check((name) => parseNodeName(name) !== undefined, NAME_ERROR),
)
const Body = v.record(
  v.string(),
  v.unknown(),
  'The body must be a JSON object such as {"peer":"http://node1:5000"}',
)

const refused = (error: string): RegisterRequest => ({ ok: false, error })

function firstOf(body: Readonly<Record<string, unknown>>, keys: readonly string[]): unknown {
  // Own keys only: "peer" must not be found on a prototype. null counts as missing.
  const key = keys.find((name) => Object.hasOwn(body, name) && body[name] !== null && body[name] !== '')
  return key === undefined ? undefined : body[key]
}

/** Reads the body of `POST /register`. The URL that comes out has no slash at its end. */
export function readRegisterRequest(body: JsonValue): RegisterRequest {
  const parsed = v.safeParse(Body, Array.isArray(body) ? undefined : body, { abortEarly: true })
  if (!parsed.success) return refused(parsed.issues[0].message)
  const address = firstOf(parsed.output, URL_KEYS)
  if (address === undefined) return refused('Missing peer: send {"peer":"http://node1:5000"}')
  const url = readPeerUrl(address)
  if (!url.ok) return url
  const rawName = firstOf(parsed.output, NAME_KEYS)
  if (rawName === undefined) return { ok: true, url: url.url }
  const name = v.safeParse(Name, rawName, { abortEarly: true })
  return name.success ? { ok: true, url: url.url, name: name.output } : refused(name.issues[0].message)
}
