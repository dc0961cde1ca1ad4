// What a program may ask of a node, and what becomes of it: checked, with the defaults filled in.
// It must not open anything.

import { hostname } from 'node:os'
import { CORE_DEFAULTS, type CoreConfig } from '../core/config.ts'
import { type NodeName, parseNodeName } from '../core/messages.ts'
import { HearsayError } from '../errors.ts'
import { type Logger, loggerProblem, silentLogger } from '../logger.ts'
import { type LinkOptions, linkOptionsProblem } from '../net/link-options.ts'
import { normalizeUrl } from '../net/url.ts'
import { MS_MAX, optionProblem, portProblem, type Range, settingProblem } from '../settings.ts'
import { LIMITS } from '../wire/limits.ts'
import { isTag } from '../wire/topics.ts'

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
  /** What the node is for: others may send to any one with a tag. At most 15, each with the syntax of a name. Default: none. */
  readonly tags?: readonly string[]
  /** How many broadcasts of each topic are kept for nodes that come later, 0 to 10,000. Default 0. */
  readonly history?: number
  /** Default: silent. */
  readonly logger?: Logger
  /** Protocol settings that differ from `CORE_DEFAULTS`. Needed: `linksMin` ≤ `linksAim` ≤ `linksMax` ≤ `linksHardMax`. */
  readonly config?: Partial<CoreConfig>
  /** Queues and timeouts of each link that differ from `LINK_DEFAULTS`. */
  readonly link?: Partial<LinkOptions>
  /** Keeps everything that goes into the protocol in a file, for `hearsay replay`. Default: nothing is kept. */
  readonly record?: RecordOptions
}

/** Where a recording ends unless told, in bytes of the file: weeks of an idle node, hours of a busy one. */
export const RECORD_BYTES_MAX = 64 * 1_048_576

/** How a recording is kept. */
export interface RecordOptions {
  /** Those of earlier runs are moved aside, the last three of them: FILE.1 is the last one. */
  readonly file: string
  /** Where it ends, in bytes of the file, compressed: at the earliest 4 KiB. Default 64 MiB. */
  readonly bytesMax?: number
}

/** The options, checked. URLs are canonical. */
export interface NodeSettings {
  readonly name: NodeName
  readonly listen: number | false
  readonly host: string | undefined
  readonly url: string | undefined
  readonly bootstrap: readonly string[]
  readonly peers: readonly string[]
  readonly tags: readonly string[]
  readonly history: number
  readonly logger: Logger
  readonly config: Partial<CoreConfig>
  /** When to give up what has no deadline of its own, in ms. */
  readonly deadlineMs: number
  readonly link: Partial<LinkOptions>
  readonly record: RecordOptions | undefined
}

/** Broadcasts of one topic that are kept. */
const HISTORY_MAX = 10_000
/** Records may list 64 links; this leaves room for dials that are under way when the limit is reached. */
const LINKS_MAX = 31

/** Settings for which "a whole number from 0 up" says too little: the wire, the clock or plain sense has a limit. */
const RANGES: Partial<Record<keyof CoreConfig, Range>> = {
  meshNodesMax: [0, LINKS_MAX + 1],
  linksAim: [1, LINKS_MAX],
  linksMin: [1, LINKS_MAX],
  linksMax: [1, LINKS_MAX],
  linksHardMax: [1, LINKS_MAX],
  helloPendingMax: [1, MS_MAX],
  helloTimeoutMs: [1, MS_MAX],
  heartbeatMs: [1, MS_MAX],
  heartbeatsMissedMax: [1, 1_000],
  dialsMax: [1, 1_000],
  directoryNodesMax: [1, MS_MAX],
  hopsMax: [1, LIMITS.hopsSumMax],
  deadlineMs: [1, MS_MAX],
  deadlineMaxMs: [1, MS_MAX],
  windowMessagesMax: [1, LIMITS.spanMax],
  windowBytesMax: [1, Number.MAX_SAFE_INTEGER],
  heldMs: [1, MS_MAX],
  heldBytesMax: [0, Number.MAX_SAFE_INTEGER],
  queueBytesMax: [0, Number.MAX_SAFE_INTEGER],
  seenSequencesMax: [1, MS_MAX],
}

const CONFIG_RANGES: Readonly<Record<string, Range>> = Object.fromEntries(
  (Object.keys(CORE_DEFAULTS) as (keyof CoreConfig)[]).map((key) => [key, RANGES[key] ?? [0, MS_MAX]]),
)

const OPTIONS: Record<keyof NodeOptions, true> = {
  name: true,
  listen: true,
  host: true,
  url: true,
  bootstrap: true,
  peers: true,
  tags: true,
  history: true,
  logger: true,
  config: true,
  link: true,
  record: true,
}

/** @throws HearsayError `invalid-name`, `invalid-url` or `invalid-option` */
export function checkOptions(options: NodeOptions): NodeSettings {
  refuse(optionProblem('', options, OPTIONS))
  const listen = options.listen ?? 0
  if (listen !== false) refuse(portProblem(listen, ', or false'))
  const url = options.url === undefined ? undefined : checkUrl(options.url)
  const config = checkConfig(options.config ?? {})
  if (options.logger !== undefined) refuse(loggerProblem(options.logger))
  return {
    name: checkName(options.name ?? (url === undefined ? hostname() : new URL(url).hostname)),
    listen,
    host: options.host,
    url,
    bootstrap: checkUrls('bootstrap', options.bootstrap),
    peers: checkUrls('peers', options.peers),
    tags: checkTags(options.tags ?? []),
    history: checkHistory(options.history ?? 0),
    logger: options.logger ?? silentLogger,
    config,
    deadlineMs: config.deadlineMs ?? CORE_DEFAULTS.deadlineMs,
    link: checkLink(options.link ?? {}),
    record: checkRecord(options.record),
  }
}

function checkRecord(record: RecordOptions | undefined): RecordOptions | undefined {
  if (record === undefined) return undefined
  refuse(optionProblem('record', record, { file: true, bytesMax: true }))
  if (typeof record.file !== 'string' || record.file === '')
    refuse('record.file: expected the name of a file')
  const { bytesMax = RECORD_BYTES_MAX } = record
  refuse(settingProblem('record', { bytesMax }, { bytesMax: [4_096, Number.MAX_SAFE_INTEGER] }))
  return record
}

/** The URL that a node advertises which was not told one. */
export function defaultUrl(host: string | undefined, port: number): string {
  const isAny = host === undefined || host === '0.0.0.0' || host === '::'
  const name = isAny ? hostname() : host.includes(':') ? `[${host}]` : host
  return checkUrl(`ws://${name}:${port}`)
}

/** @throws HearsayError `invalid-name` */
export function checkName(text: string): NodeName {
  // Callers without types: a regular expression would take 5 for '5'.
  const name = typeof text === 'string' ? parseNodeName(text) : undefined
  if (name !== undefined) return name
  throw new HearsayError(
    'invalid-name',
    `${JSON.stringify(text)} is not a node name: 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit`,
  )
}

/** @throws HearsayError `invalid-option` */
export function checkTags(tags: readonly string[]): readonly string[] {
  if (!Array.isArray(tags)) throw new HearsayError('invalid-option', 'tags: expected a list')
  for (const tag of tags) {
    if (typeof tag === 'string' && isTag(tag)) continue
    throw new HearsayError(
      'invalid-option',
      `tags: ${JSON.stringify(tag)} is no tag: 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit`,
    )
  }
  const different = [...new Set(tags)]
  // One is left for `history`.
  if (different.length < LIMITS.tagsMax) return different
  throw new HearsayError('invalid-option', `tags: ${different.length} are more than ${LIMITS.tagsMax - 1}`)
}

function checkHistory(history: number): number {
  if (Number.isInteger(history) && history >= 0 && history <= HISTORY_MAX) return history
  throw new HearsayError(
    'invalid-option',
    `history: ${history} is not a whole number from 0 to ${HISTORY_MAX}`,
  )
}

function checkUrls(option: string, urls: readonly string[] = []): readonly string[] {
  // One URL that is not in a list is the likely mistake of callers without types.
  if (Array.isArray(urls)) return urls.map(checkUrl)
  throw new HearsayError('invalid-option', `${option}: expected a list of URLs`)
}

function checkUrl(text: string): string {
  if (typeof text !== 'string') throw new HearsayError('invalid-url', `${String(text)} is not a URL`)
  const result = normalizeUrl(text)
  if (result.ok) return result.url
  throw new HearsayError('invalid-url', result.detail)
}

/** What is wrong with protocol settings, each looked at alone, as a text for callers; `undefined`: nothing. */
export function problemOfConfig(config: Partial<CoreConfig>): string | undefined {
  return settingProblem('config', config, CONFIG_RANGES)
}

function checkConfig(config: Partial<CoreConfig>): Partial<CoreConfig> {
  refuse(problemOfConfig(config))
  checkLinks({ ...CORE_DEFAULTS, ...config })
  return config
}

function checkLink(link: Partial<LinkOptions>): Partial<LinkOptions> {
  refuse(linkOptionsProblem(link))
  return link
}

/** Numbers of links that contradict each other would have nodes dial and trim for ever. */
function checkLinks({ meshNodesMax, linksMin, linksAim, linksMax, linksHardMax }: CoreConfig): void {
  const isOrdered = linksMin <= linksAim && linksAim <= linksMax && linksMax <= linksHardMax
  if (isOrdered && meshNodesMax <= linksMax + 1) return
  refuse(
    `config: linksMin (${linksMin}) ≤ linksAim (${linksAim}) ≤ linksMax (${linksMax}) ≤ linksHardMax (${linksHardMax})` +
      ` does not hold, or meshNodesMax (${meshNodesMax}) is more than linksMax + 1`,
  )
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new HearsayError('invalid-option', problem)
}
