// What a program may ask of any member, wherever that runs, and what becomes of it: checked, with the defaults filled in.
// It must not open anything, nor know Node.js: browsers run it.

import { CORE_DEFAULTS, type CoreConfig } from '../core/config.ts'
import { type NodeName, parseNodeName } from '../core/messages.ts'
import { HearsayError } from '../errors.ts'
import { type Logger, loggerProblem, silentLogger } from '../logger.ts'
import { type LinkOptions, linkOptionsProblem } from '../net/link-options.ts'
import { normalizeUrl } from '../net/url.ts'
import { MS_MAX, type Range, settingProblem } from '../settings.ts'
import { LIMITS } from '../wire/limits.ts'
import { isTag } from '../wire/topics.ts'

/** How a member is to run. Everything is optional. */
export interface MemberOptions {
  /** Unique in the overlay: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`. */
  readonly name?: string
  /** Bootstraps to register with, all of them at the same time. Default: none. */
  readonly bootstrap?: readonly string[]
  /** Nodes to dial without asking a bootstrap. Default: none. */
  readonly peers?: readonly string[]
  /**
   * What the node is for: others may send to any one with a tag. At most 15, each with the syntax of a name; `history` is
   * taken. Default: none.
   */
  readonly tags?: readonly string[]
  /**
   * How many broadcasts of each topic are kept for nodes that come later, 0 to 10,000. Default 0. Together at most 64 MiB, of
   * 10,000 topics: the oldest go first, of the topic that was silent for longest.
   */
  readonly history?: number
  /** Default: silent. */
  readonly logger?: Logger
  /** Protocol settings that differ from `CORE_DEFAULTS`. Needed: `linksMin` ≤ `linksAim` ≤ `linksMax` ≤ `linksHardMax`. */
  readonly config?: Partial<CoreConfig>
  /** Queues and timeouts of each link that differ from `LINK_DEFAULTS`. */
  readonly link?: Partial<LinkOptions>
}

/** The options, checked. URLs are canonical. */
export interface MemberSettings {
  readonly name: NodeName
  readonly bootstrap: readonly string[]
  readonly peers: readonly string[]
  readonly tags: readonly string[]
  readonly history: number
  readonly logger: Logger
  readonly config: Partial<CoreConfig>
  /** When to give up what has no deadline of its own, in ms. At most {@link deadlineMaxMs}. */
  readonly deadlineMs: number
  /** The longest deadline that a program may ask for, in ms. */
  readonly deadlineMaxMs: number
  readonly link: Partial<LinkOptions>
}

/** The options that every member has, for `optionProblem`. */
export const MEMBER_OPTIONS: Record<keyof MemberOptions, true> = {
  name: true,
  bootstrap: true,
  peers: true,
  tags: true,
  history: true,
  logger: true,
  config: true,
  link: true,
}

/** The tag that a node gets which keeps broadcasts, and no other one. */
export const HISTORY_TAG = 'history'
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

/**
 * @param options whose keys are known to exist
 * @param nameUnlessTold the name of who was given none
 * @throws HearsayError `invalid-name`, `invalid-url` or `invalid-option`
 */
export function checkMember(options: MemberOptions, nameUnlessTold: () => string): MemberSettings {
  const config = checkConfig(options.config ?? {})
  const { deadlineMs, deadlineMaxMs } = { ...CORE_DEFAULTS, ...config }
  if (options.logger !== undefined) refuse(loggerProblem(options.logger))
  return {
    name: checkName(options.name ?? nameUnlessTold()),
    bootstrap: checkUrls('bootstrap', options.bootstrap),
    peers: checkUrls('peers', options.peers),
    tags: checkTags(options.tags ?? []),
    history: checkHistory(options.history ?? 0),
    logger: options.logger ?? silentLogger,
    config,
    deadlineMs: Math.min(deadlineMs, deadlineMaxMs),
    deadlineMaxMs,
    link: checkLink(options.link ?? {}),
  }
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
  if (tags.includes(HISTORY_TAG)) {
    throw new HearsayError(
      'invalid-option',
      `tags: ${HISTORY_TAG} is the tag of nodes that keep broadcasts: they get it by the option history`,
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

/** The canonical form. @throws HearsayError `invalid-url` */
export function checkUrl(text: string): string {
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

/** @throws HearsayError `invalid-option`, if there is a problem */
export function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new HearsayError('invalid-option', problem)
}
