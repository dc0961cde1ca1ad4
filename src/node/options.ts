// What a program may ask of a node in Node.js, and what becomes of it: checked, with the defaults filled in.
// It must not open anything.

import { hostname } from 'node:os'
import { allowOriginsProblem } from '../net/web-origins.ts'
import { hostProblem, optionProblem, portProblem, settingProblem } from '../settings.ts'
import {
  checkMember,
  checkUrl,
  MEMBER_OPTIONS,
  type MemberOptions,
  type MemberSettings,
  refuse,
} from './member-options.ts'
import { RECORD_BYTES_MAX, RECORD_BYTES_MIN } from './recording-files.ts'

/** How a node is to run. Everything is optional. */
export interface NodeOptions extends MemberOptions {
  /** Unique in the overlay: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`. Default: the host of `url`, else this machine's name. */
  readonly name?: string
  /** Port for HTTP and WebSocket, 0 for any free one, `false` for none: the node then dials, and is still a full member. Default 0. */
  readonly listen?: number | false
  /** Address to bind. Default: all of them. */
  readonly host?: string
  /**
   * Web pages of other origins that may open links and line mode here, and post: `https://app.example`; `null` are pages from files, `*` all.
   * Default: none, but for those on loopback in a browser on this machine.
   */
  readonly allowOrigins?: readonly string[]
  /** Where others can dial this node. Default: `host`, or else this machine's name, with the port listened on. */
  readonly url?: string
  /** Keeps everything that goes into the protocol in files, for `hearsay replay`. Default: nothing is kept. */
  readonly record?: RecordOptions
}

/** How a node is recorded. */
export interface RecordOptions {
  /**
   * The beginning of the run. Its last steps are in FILE.tail and FILE.tail.1, of which the latter is the older one. The files of
   * earlier runs are moved aside, those of the last three: FILE.1 and FILE.1.tail are those of the last one. A run is in FILE.new until
   * it has 100 steps, unless there is no earlier one. FILE.lock keeps other nodes away. What is there and no recording is not
   * overwritten: `invalid-option`, as where nothing can be written.
   */
  readonly file: string
  /**
   * How much is kept of the run, in bytes of all its files, compressed: half of it for the beginning, the other half for the last
   * steps, of which at least half is there. From 64 KiB; more only for a single step that is larger. Default 64 MiB.
   */
  readonly bytesMax?: number
}

/** The options, checked. URLs are canonical. */
export interface NodeSettings extends MemberSettings {
  readonly listen: number | false
  readonly host: string | undefined
  readonly allowOrigins: readonly string[]
  readonly url: string | undefined
  readonly record: RecordOptions | undefined
}

const OPTIONS: Record<keyof NodeOptions, true> = {
  ...MEMBER_OPTIONS,
  listen: true,
  host: true,
  allowOrigins: true,
  url: true,
  record: true,
}

/** @throws HearsayError `invalid-name`, `invalid-url` or `invalid-option` */
export function checkOptions(options: NodeOptions): NodeSettings {
  refuse(optionProblem('', options, OPTIONS))
  const listen = options.listen ?? 0
  if (listen !== false) refuse(portProblem(listen, ', or false'))
  refuse(hostProblem(options.host))
  const { allowOrigins = [] } = options
  refuse(allowOriginsProblem(allowOrigins))
  const url = options.url === undefined ? undefined : checkUrl(options.url)
  return {
    ...checkMember(options, () => (url === undefined ? hostname() : new URL(url).hostname)),
    listen,
    host: options.host,
    allowOrigins,
    url,
    record: checkRecord(options.record),
  }
}

function checkRecord(record: RecordOptions | undefined): RecordOptions | undefined {
  if (record === undefined) return undefined
  refuse(optionProblem('record', record, { file: true, bytesMax: true }))
  if (typeof record.file !== 'string' || record.file === '')
    refuse('record.file: expected the name of a file')
  const { bytesMax = RECORD_BYTES_MAX } = record
  refuse(settingProblem('record', { bytesMax }, { bytesMax: [RECORD_BYTES_MIN, Number.MAX_SAFE_INTEGER] }))
  return record
}

/** The URL that a node advertises which was not told one. */
export function defaultUrl(host: string | undefined, port: number): string {
  const isAny = host === undefined || host === '0.0.0.0' || host === '::'
  const name = isAny ? hostname() : host.includes(':') ? `[${host}]` : host
  return checkUrl(`ws://${name}:${port}`)
}
