// What a program may ask of a bootstrap, and whether it makes sense. It must not open anything, nor import `ws`: programs
// read these types, and they need not have those of `ws`.

import { HearsayError } from '../errors.ts'
import { type Logger, loggerProblem } from '../logger.ts'
import { type LinkOptions, linkOptionsProblem } from '../net/link-options.ts'
import { allowOriginsProblem } from '../net/web-origins.ts'
import { hostProblem, MS_MAX, optionProblem, portProblem, type Range, settingProblem } from '../settings.ts'
import { LIMITS } from '../wire/limits.ts'
import type { RegistryConfig } from './registry-config.ts'

/** How a bootstrap is set up. Everything is optional. */
export interface BootstrapOptions {
  /** Port for HTTP and WebSocket; 0: any free one. Default 5000. */
  readonly listen?: number
  /** Address to bind; all of them unless told. */
  readonly host?: string
  /**
   * Web pages of other origins that may register, watch, and post: `https://app.example`; `null` are pages from files, `*` all.
   * Default: none, but for those on loopback in a browser on this machine.
   */
  readonly allowOrigins?: readonly string[]
  /** Default: silent. */
  readonly logger?: Logger
  /** Numbers of the registry that differ from `REGISTRY_DEFAULTS`. */
  readonly registry?: Partial<RegistryConfig>
  /** Queues and timeouts of each link that differ from `LINK_DEFAULTS`. */
  readonly link?: Partial<LinkOptions>
  /** What is done with people in line mode. */
  readonly watcher?: WatcherOptions
  /** How plain HTTP peers are asked whether they are there. */
  readonly poller?: PollerOptions
}

/** What can be turned for people in line mode. */
export interface WatcherOptions {
  /** What may wait unread; more, and the watcher is cut off. Default 1 MiB. */
  readonly bufferedBytesMax?: number
}

/** What can be turned in asking plain HTTP peers. */
export interface PollerOptions {
  /** How long an answer may take. Default 3 s. */
  readonly timeoutMs?: number
  /** Questions under way at once; further ones wait. Default 16. */
  readonly pollsMax?: number
}

const OPTIONS: Record<keyof BootstrapOptions, true> = {
  listen: true,
  host: true,
  allowOrigins: true,
  logger: true,
  registry: true,
  link: true,
  watcher: true,
  poller: true,
}

const POSITIVE: Range = [1, MS_MAX]
const COUNT: Range = [0, MS_MAX]

const REGISTRY_RANGES: Record<keyof RegistryConfig, Range> = {
  contactsMax: [1, LIMITS.contactsMax],
  pushNodesMax: COUNT,
  pushIntervalMs: COUNT,
  httpPushIntervalMs: COUNT,
  helloTimeoutMs: POSITIVE,
  heartbeatMs: POSITIVE,
  heartbeatsMissedMax: [1, 1_000],
  probeMs: POSITIVE,
  pollIntervalMs: POSITIVE,
  pollFailuresMax: POSITIVE,
  nodesMax: POSITIVE,
  hellosPendingMax: POSITIVE,
  // All of them are in each welcome.
  httpPeersMax: [0, LIMITS.httpPeersMax],
  watchersMax: COUNT,
}

const WATCHER_RANGES: Record<keyof WatcherOptions, Range> = { bufferedBytesMax: POSITIVE }
const POLLER_RANGES: Record<keyof PollerOptions, Range> = { timeoutMs: POSITIVE, pollsMax: POSITIVE }

/** @throws HearsayError `invalid-option` */
export function checkBootstrapOptions(options: BootstrapOptions): void {
  const { listen = 0, host, allowOrigins = [], registry = {}, link = {} } = options ?? {}
  const { watcher = {}, poller = {}, logger } = options ?? {}
  const problem =
    optionProblem('', options, OPTIONS) ??
    portProblem(listen) ??
    hostProblem(host) ??
    allowOriginsProblem(allowOrigins) ??
    settingProblem('registry', registry, REGISTRY_RANGES) ??
    linkOptionsProblem(link) ??
    (logger === undefined ? undefined : loggerProblem(logger)) ??
    settingProblem('watcher', watcher, WATCHER_RANGES) ??
    settingProblem('poller', poller, POLLER_RANGES)
  if (problem !== undefined) throw new HearsayError('invalid-option', problem)
}
