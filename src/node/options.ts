// What a program may ask of a node, and what becomes of it: checked, with the defaults filled in.
// It must not open anything.

import { hostname } from 'node:os'
import type { CoreConfig } from '../core/config.ts'
import { type NodeName, parseNodeName } from '../core/messages.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { normalizeUrl } from '../net/url.ts'
import { HearsayError } from './errors.ts'

/** How a node is to run. Everything is optional. */
export interface NodeOptions {
  /** Unique in the overlay: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`. Default: the host of `url`, else this machine's name. */
  readonly name?: string
  /** Port for HTTP and WebSocket, 0 for any free one, `false` for none: the node then dials, and is still a full member. Default 0. */
  readonly listen?: number | false
  /** Address to bind. Default: all of them. */
  readonly host?: string
  /** Where others can dial this node. Default: `host`, or else this machine's name, with the port listened on. */
  readonly url?: string
  /** Bootstraps to register with, all of them at the same time. Default: none. */
  readonly bootstrap?: readonly string[]
  /** Nodes to dial without asking a bootstrap. Default: none. */
  readonly peers?: readonly string[]
  /** Default: silent. */
  readonly logger?: Logger
  /** Protocol settings that differ from `CORE_DEFAULTS`. */
  readonly config?: Partial<CoreConfig>
}

/** The options, checked. URLs are canonical. */
export interface NodeSettings {
  readonly name: NodeName
  readonly listen: number | false
  readonly host: string | undefined
  readonly url: string | undefined
  readonly bootstrap: readonly string[]
  readonly peers: readonly string[]
  readonly logger: Logger
  readonly config: Partial<CoreConfig>
}

/** @throws HearsayError `invalid-name`, `invalid-url` or `invalid-option` */
export function checkOptions(options: NodeOptions): NodeSettings {
  const listen = options.listen ?? 0
  if (listen !== false && !(Number.isInteger(listen) && listen >= 0 && listen <= 65_535)) {
    throw new HearsayError('invalid-option', `listen: ${listen} is not a port: 0 to 65535, or false`)
  }
  const url = options.url === undefined ? undefined : checkUrl(options.url)
  return {
    name: checkName(options.name ?? (url === undefined ? hostname() : new URL(url).hostname)),
    listen,
    host: options.host,
    url,
    bootstrap: (options.bootstrap ?? []).map(checkUrl),
    peers: (options.peers ?? []).map(checkUrl),
    logger: options.logger ?? silentLogger,
    config: checkConfig(options.config ?? {}),
  }
}

/** The URL that a node advertises which was not told one. */
export function defaultUrl(host: string | undefined, port: number): string {
  const isAny = host === undefined || host === '0.0.0.0' || host === '::'
  const name = isAny ? hostname() : host.includes(':') ? `[${host}]` : host
  return checkUrl(`ws://${name}:${port}`)
}

/** @throws HearsayError `invalid-name` */
export function checkName(text: string): NodeName {
  const name = parseNodeName(text)
  if (name !== undefined) return name
  throw new HearsayError(
    'invalid-name',
    `${JSON.stringify(text)} is not a node name: 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit`,
  )
}

function checkUrl(text: string): string {
  const result = normalizeUrl(text)
  if (result.ok) return result.url
  throw new HearsayError('invalid-url', result.detail)
}

function checkConfig(config: Partial<CoreConfig>): Partial<CoreConfig> {
  for (const [key, value] of Object.entries(config)) {
    if (Number.isInteger(value) && value >= 0) continue
    throw new HearsayError('invalid-option', `config.${key}: ${value} is not a whole number from 0 up`)
  }
  return config
}
