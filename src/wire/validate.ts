// Checks of what is not plain numbers and names: URLs, instances, and the JSON bodies of hello, welcome and
// peer-events. Written by hand, so that this room needs no library and runs everywhere.
// It must not throw, and must not trust: every key of a body is read through a check, unknown keys are ignored.

import { type NodeName, parseNodeName } from '../core/messages.ts'
import { utf8Size } from './byte-writer.ts'
import { LIMITS } from './limits.ts'

// All that a URL parser writes (WHATWG URL, section 4.5) passes. No blanks, no control or format characters (bidi
// overrides), no quotes or angle brackets. A full parse is the dialer's; what must never get in is another scheme
// ("javascript:" on a web page) or a forged log line.
const PEER_URL = /^(?:wss?|https?):\/\/[^\s\p{Cc}\p{Cf}\p{Cs}"<>]+$/u
const INSTANCE = /^[!-~]+$/

/** Whether `text` can be the URL of a peer: `ws`, `wss`, `http` or `https`, at most `urlBytesMax` bytes. */
export function isPeerUrl(text: string): boolean {
  return text.length <= LIMITS.urlBytesMax && PEER_URL.test(text) && utf8Size(text) <= LIMITS.urlBytesMax
}

/** Whether `text` can be a node's instance: printable ASCII without blanks, 1 to `instanceCharsMax` characters. */
export function isInstance(text: string): boolean {
  return text.length <= LIMITS.instanceCharsMax && INSTANCE.test(text)
}

/**
 * Reads the keys of a JSON object. As with the byte reader the first thing that is wrong sticks in `failure`, and
 * from then on every read gives an empty value.
 */
export class JsonFields {
  /** What was wrong first: the key and what was expected. */
  failure: string | undefined
  readonly #values: Readonly<Record<string, unknown>>
  readonly #path: string

  /** `path` is put before each key in `failure`. */
  constructor(value: unknown, path: string) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    this.#values = isObject ? (value as Record<string, unknown>) : {}
    this.#path = path
    if (!isObject) this.failure = `${path === '' ? 'body' : path}: expected a JSON object`
  }

  /** Notes the first failure. */
  fail(key: string, expected: string): void {
    this.failure ??= `${this.#path === '' ? key : `${this.#path}.${key}`}: expected ${expected}`
  }

  /** An integer from `min` to `max`. */
  integer(key: string, min: number, max: number): number {
    const value = this.#get(key)
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.fail(key, `an integer from ${min} to ${max}`)
    return min
  }

  /** An integer from `min` to `max`, or `undefined` when the key is absent. */
  integerIfThere(key: string, min: number, max: number): number | undefined {
    return this.#get(key) === undefined ? undefined : this.integer(key, min, max)
  }

  /** One of `choices`. */
  choice<T extends string>(key: string, choices: readonly [T, ...T[]]): T {
    const value = this.#get(key)
    const found = choices.find((choice) => choice === value)
    if (found === undefined) this.fail(key, choices.map((choice) => `"${choice}"`).join(' or '))
    return found ?? choices[0]
  }

  /** A node name. */
  name(key: string): NodeName {
    const value = this.#get(key)
    const name = typeof value === 'string' ? parseNodeName(value) : undefined
    if (name === undefined) this.fail(key, 'a node name: [A-Za-z0-9][A-Za-z0-9._-]{0,63}')
    return name ?? ('' as NodeName)
  }

  /** A node's instance. */
  instance(key: string): string {
    const value = this.#get(key)
    if (typeof value === 'string' && isInstance(value)) return value
    this.fail(key, `1 to ${LIMITS.instanceCharsMax} printable ASCII characters without blanks`)
    return ''
  }

  /** A peer's URL. */
  url(key: string): string {
    const value = this.#get(key)
    if (typeof value === 'string' && isPeerUrl(value)) return value
    this.fail(key, `a ws, wss, http or https URL of at most ${LIMITS.urlBytesMax} bytes`)
    return ''
  }

  /** A peer's URL, or `undefined` when the key is absent. */
  urlIfThere(key: string): string | undefined {
    return this.#get(key) === undefined ? undefined : this.url(key)
  }

  /** A boolean; absent is false. */
  flag(key: string): boolean {
    const value = this.#get(key)
    if (value !== undefined && typeof value !== 'boolean') this.fail(key, 'true or false')
    return value === true
  }

  /** A list of objects, each read by `read`; absent is empty. The first failure of an element is this one's too. */
  list<T>(key: string, max: number, read: (fields: JsonFields) => T): T[] {
    const value = this.#get(key) ?? []
    if (!Array.isArray(value) || value.length > max) {
      this.fail(key, `an array of at most ${max} objects`)
      return []
    }
    const result: T[] = []
    for (let i = 0; i < value.length && this.failure === undefined; i++) {
      const fields = new JsonFields(value[i], `${key}[${i}]`)
      result.push(read(fields))
      this.failure = fields.failure
    }
    return result
  }

  // Own keys only: "constructor" is not a field that a body has.
  #get(key: string): unknown {
    return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined
  }
}
