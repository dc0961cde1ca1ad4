// Every option there is, in one table: flag, environment variables, default, what it does, what it accepts. --help,
// the parser, the environment and README's table (checked by a test) all draw on it; no command reads `env` itself.
// A value is taken from the flag, else from the first environment variable that is set, else from the default.

import { CORE_DEFAULTS } from '../core/config.ts'
import { RECORD_BYTES_MAX, RECORD_BYTES_MIN } from '../node/options.ts'
import { type Environment, usageError } from './context.ts'
import {
  anyText,
  integer,
  nodeName,
  oneOf,
  originList,
  type Parsed,
  seconds,
  share,
  switchText,
  tagList,
  url,
  urlList,
} from './option-parsers.ts'

/** One option. */
export interface OptionSpec<T> {
  /** Without the dashes. */
  readonly flag: string
  /** Environment variables, the strongest first. An empty one counts as not set. */
  readonly env: readonly string[]
  /** One letter, for flags that are typed often. */
  readonly alias?: string
  /** What stands for the value in help; absent: a switch without a value. */
  readonly placeholder?: string
  /** One sentence for newcomers, without the default. */
  readonly description: string
  /** The default for everybody. */
  readonly fallback: T
  /** Defaults of single commands that differ from `fallback`. */
  readonly fallbackIn?: Readonly<Record<string, T>>
  /** The default in words, where the value itself would not explain it. */
  readonly fallbackText?: string
  /** Whether the flag may be repeated; the texts are joined with commas. */
  readonly repeatable?: boolean
  readonly parse: (text: string) => Parsed<T>
  /** All that it may be, where that is a short list: shells complete it. */
  readonly choices?: () => readonly string[] | Promise<readonly string[]>
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const LOG_FORMATS = ['auto', 'json', 'pretty'] as const
const TOPOLOGY_FORMATS = ['text', 'json', 'dot'] as const

const spec = <T>(option: OptionSpec<T>): OptionSpec<T> => option

/** The table. */
export const OPTIONS = {
  port: spec<number>({
    flag: 'port',
    env: ['PORT'],
    placeholder: 'number',
    description:
      'Port for HTTP and WebSocket, 0 for any free one; of a swarm, that of the bootstrap: nodes follow',
    fallback: 5000,
    parse: integer('a port', 0, 65_535),
  }),
  host: spec<string | undefined>({
    flag: 'host',
    env: ['HEARSAY_HOST'],
    placeholder: 'address',
    description: 'Local address to listen on',
    fallback: undefined,
    fallbackIn: { swarm: '127.0.0.1' },
    fallbackText: 'all addresses',
    parse: anyText,
  }),
  allowOrigins: spec<readonly string[]>({
    flag: 'allow-origin',
    env: ['HEARSAY_ALLOW_ORIGIN'],
    placeholder: 'origin,…',
    description:
      'Web pages of other origins that may connect and post, separated by commas: https://app.example, null for files, * for all',
    fallback: [],
    fallbackText: 'none, but for pages on loopback in a browser on this machine',
    repeatable: true,
    parse: originList,
  }),
  noListen: spec<boolean>({
    flag: 'no-listen',
    env: ['HEARSAY_NO_LISTEN'],
    description:
      'Open no port: the node dials others and is a full member, but nobody dials it or asks it by HTTP',
    fallback: false,
    parse: switchText,
  }),
  name: spec<string | undefined>({
    flag: 'name',
    env: ['NODE_NAME', 'NODE_ID'],
    placeholder: 'name',
    description: 'Name of the node, unique in the network',
    fallback: undefined,
    fallbackText: 'host part of --url, else the host name',
    parse: nodeName,
  }),
  url: spec<string | undefined>({
    flag: 'url',
    env: ['NODE_URL'],
    placeholder: 'url',
    description: 'Where other nodes reach this one; http:// and ws:// mean the same place',
    fallback: undefined,
    fallbackText: 'http://<host name>:<port>',
    parse: url,
  }),
  bootstrap: spec<readonly string[]>({
    flag: 'bootstrap',
    env: ['BOOTSTRAP_URL'],
    placeholder: 'url,…',
    description: 'Bootstraps at which the node finds its first contacts, separated by commas',
    fallback: [],
    fallbackText: 'none',
    repeatable: true,
    parse: urlList,
  }),
  peers: spec<readonly string[]>({
    flag: 'peers',
    env: ['HEARSAY_PEERS'],
    placeholder: 'url,…',
    description: 'Nodes to dial directly, instead of or beside a bootstrap, separated by commas',
    fallback: [],
    fallbackText: 'none',
    repeatable: true,
    parse: urlList,
  }),
  tags: spec<readonly string[]>({
    flag: 'tag',
    env: ['HEARSAY_TAGS'],
    placeholder: 'tag,…',
    description:
      'What the node is for, separated by commas: programs send to any one that has a tag. Of a swarm, of each node',
    fallback: [],
    fallbackText: 'none',
    repeatable: true,
    parse: tagList,
  }),
  history: spec<number>({
    flag: 'history',
    env: ['HEARSAY_HISTORY'],
    placeholder: 'number',
    description:
      'How many broadcasts of each topic to keep for those who come later; of subscribe, how many of those to print first',
    fallback: 0,
    parse: integer('a number of messages', 0, 10_000),
  }),
  nodes: spec<number>({
    flag: 'nodes',
    env: ['HEARSAY_NODES'],
    placeholder: 'number',
    description:
      'How many nodes to start in this process, at most 1,000; of a simulation, how many to simulate',
    fallback: 30,
    fallbackIn: { sim: 100 },
    parse: integer('a number of nodes', 1, 20_000),
  }),
  scenario: spec<string | undefined>({
    flag: 'scenario',
    env: ['HEARSAY_SCENARIO'],
    placeholder: 'name',
    description: 'The scenario to simulate; --list shows all',
    fallback: undefined,
    fallbackText: 'none',
    parse: anyText,
    choices: async () => (await import('../sim/scenarios.ts')).SCENARIOS.map(({ name }) => name),
  }),
  list: spec<boolean>({
    flag: 'list',
    env: ['HEARSAY_LIST'],
    description: 'Show the scenarios, what each may be given, and what must be for it to pass',
    fallback: false,
    parse: switchText,
  }),
  swarm: spec<boolean>({
    flag: 'swarm',
    env: ['HEARSAY_SWARM'],
    description:
      'Simulate small networks under random faults, one for each seed, and look for what must not be',
    fallback: false,
    parse: switchText,
  }),
  programs: spec<boolean>({
    flag: 'programs',
    env: ['HEARSAY_PROGRAMS'],
    description:
      'With --swarm: nodes with programs on them, which use all that there is: requests, topics, tags, receipts, history',
    fallback: false,
    parse: switchText,
  }),
  seed: spec<number | undefined>({
    flag: 'seed',
    env: ['HEARSAY_SEED'],
    placeholder: 'number',
    description:
      'What everything random is drawn from; the same seed gives the same run. Of a swarm, the first one',
    fallback: undefined,
    fallbackText: 'a random one, which is printed',
    parse: integer('a seed', 0, 0xffff_ffff),
  }),
  seeds: spec<number | undefined>({
    flag: 'seeds',
    env: ['HEARSAY_SEEDS'],
    placeholder: 'number',
    description: 'How many seeds of the swarm to run',
    fallback: undefined,
    fallbackText: '1 with --seed, no limit with --seconds, else 100',
    parse: integer('a number of seeds', 1, 1_000_000_000),
  }),
  seconds: spec<number | undefined>({
    flag: 'seconds',
    env: ['HEARSAY_SECONDS'],
    placeholder: 'number',
    description: 'How long new seeds of the swarm are begun',
    fallback: undefined,
    fallbackText: 'no limit',
    parse: integer('a number of seconds', 1, 10_000_000),
  }),
  jobs: spec<number | undefined>({
    flag: 'jobs',
    env: ['HEARSAY_JOBS'],
    placeholder: 'number',
    description: 'How many seeds of the swarm to run at once',
    fallback: undefined,
    fallbackText: 'one for each processor',
    parse: integer('a number of jobs', 1, 256),
  }),
  fraction: spec<number | undefined>({
    flag: 'fraction',
    env: ['HEARSAY_FRACTION'],
    placeholder: 'share',
    description: 'The share of nodes that the fault of a scenario hits, such as 0.3 or 30%',
    fallback: undefined,
    fallbackText: "the scenario's own",
    parse: share,
  }),
  faultSeconds: spec<number | undefined>({
    flag: 'fault-seconds',
    env: ['HEARSAY_FAULT_SECONDS'],
    placeholder: 'number',
    description: 'How long the fault of a scenario lasts, in simulated seconds',
    fallback: undefined,
    fallbackText: "the scenario's own",
    parse: integer('a number of seconds', 1, 100_000),
  }),
  noCodec: spec<boolean>({
    flag: 'no-codec',
    env: ['HEARSAY_NO_CODEC'],
    description:
      'Simulate without encoding and decoding frames: faster, sizes are estimates, and the wire is not tested',
    fallback: false,
    parse: switchText,
  }),
  trace: spec<boolean>({
    flag: 'trace',
    env: ['HEARSAY_TRACE'],
    description: 'Print every input of every simulated node, and what the node makes of it',
    fallback: false,
    parse: switchText,
  }),
  traceNode: spec<string | undefined>({
    flag: 'trace-node',
    env: ['HEARSAY_TRACE_NODE'],
    placeholder: 'name',
    description: 'Trace this node only',
    fallback: undefined,
    fallbackText: 'all',
    parse: nodeName,
  }),
  traceFile: spec<string | undefined>({
    flag: 'trace-file',
    env: ['HEARSAY_TRACE_FILE'],
    placeholder: 'path',
    description: 'Write the trace to this file, instead of standard output',
    fallback: undefined,
    fallbackText: 'standard output',
    parse: anyText,
  }),
  at: spec<string>({
    flag: 'at',
    env: ['HEARSAY_AT'],
    placeholder: 'url',
    description: 'The running node (or bootstrap) to ask',
    fallback: 'http://localhost:5001',
    parse: url,
  }),
  sender: spec<string | undefined>({
    flag: 'sender',
    env: ['HEARSAY_SENDER'],
    placeholder: 'label',
    description: 'Who the message says it is from',
    fallback: undefined,
    fallbackText: 'the name of the node asked',
    parse: anyText,
  }),
  request: spec<boolean>({
    flag: 'request',
    env: ['HEARSAY_REQUEST'],
    description: 'Ask the program of that node, and print its answer',
    fallback: false,
    parse: switchText,
  }),
  receipts: spec<boolean>({
    flag: 'receipts',
    env: ['HEARSAY_RECEIPTS'],
    description: 'Wait until all of them have the message, and say how many do',
    fallback: false,
    parse: switchText,
  }),
  deadlineMs: spec<number>({
    flag: 'deadline-ms',
    env: ['HEARSAY_DEADLINE_MS'],
    placeholder: 'ms',
    description: 'How long to try before the message counts as not delivered',
    fallback: CORE_DEFAULTS.deadlineMs,
    parse: integer('a time in milliseconds', 1, CORE_DEFAULTS.deadlineMaxMs),
  }),
  record: spec<string | undefined>({
    flag: 'record',
    env: ['HEARSAY_RECORD'],
    placeholder: 'file',
    description:
      'Keep everything that goes into the protocol, for the command replay: the beginning in this file, the last steps in a tail beside it',
    fallback: undefined,
    fallbackText: 'nothing is kept',
    parse: anyText,
  }),
  recordBytes: spec<number>({
    flag: 'record-bytes',
    env: ['HEARSAY_RECORD_BYTES'],
    placeholder: 'bytes',
    description:
      'How much --record keeps of a run, compressed: one half is its beginning, the other its last steps',
    fallback: RECORD_BYTES_MAX,
    parse: integer('a number of bytes', RECORD_BYTES_MIN, 999_999_999_999_999),
  }),
  from: spec<number>({
    flag: 'from',
    env: ['HEARSAY_FROM'],
    placeholder: 'step',
    description: 'First step that is shown',
    fallback: 1,
    parse: integer('the number of a step', 1, Number.MAX_SAFE_INTEGER),
  }),
  to: spec<number | undefined>({
    flag: 'to',
    env: ['HEARSAY_TO'],
    placeholder: 'step',
    description: 'Last step that is shown; 0: none',
    fallback: undefined,
    fallbackText: 'the last one',
    parse: integer('the number of a step', 0, Number.MAX_SAFE_INTEGER),
  }),
  state: spec<number | undefined>({
    flag: 'state',
    env: ['HEARSAY_STATE'],
    placeholder: 'step',
    description: 'Show what the node knew and had under way after this step',
    fallback: undefined,
    fallbackText: 'not shown',
    parse: integer('the number of a step', 1, Number.MAX_SAFE_INTEGER),
  }),
  count: spec<number | undefined>({
    flag: 'count',
    alias: 'c',
    env: ['HEARSAY_COUNT'],
    placeholder: 'number',
    description: 'How many pings to send',
    fallback: undefined,
    fallbackText: 'until Ctrl-C',
    parse: integer('a number of pings', 1, 1_000_000_000),
  }),
  intervalSeconds: spec<number>({
    flag: 'interval',
    alias: 'i',
    env: ['HEARSAY_INTERVAL'],
    placeholder: 'seconds',
    description: 'From one ping to the next',
    fallback: 1,
    parse: seconds,
  }),
  format: spec<(typeof TOPOLOGY_FORMATS)[number]>({
    flag: 'format',
    env: ['HEARSAY_FORMAT'],
    placeholder: TOPOLOGY_FORMATS.join('|'),
    description: 'How to print the topology: text, json, or dot for Graphviz',
    fallback: 'text',
    parse: oneOf(TOPOLOGY_FORMATS),
    choices: () => TOPOLOGY_FORMATS,
  }),
  json: spec<boolean>({
    flag: 'json',
    env: ['HEARSAY_JSON'],
    description: 'Print JSON, one value a line, for programs',
    fallback: false,
    parse: switchText,
  }),
  logLevel: spec<(typeof LOG_LEVELS)[number]>({
    flag: 'log-level',
    env: ['LOG_LEVEL'],
    placeholder: 'level',
    description: `Least level that is logged, on standard error: ${LOG_LEVELS.join(', ')}`,
    fallback: 'info',
    fallbackIn: { swarm: 'warn' },
    parse: oneOf(LOG_LEVELS),
    choices: () => LOG_LEVELS,
  }),
  logFormat: spec<(typeof LOG_FORMATS)[number]>({
    flag: 'log-format',
    env: ['LOG_FORMAT'],
    placeholder: LOG_FORMATS.join('|'),
    description: 'How logs look: json, pretty, or auto: pretty on a terminal and JSON elsewhere',
    fallback: 'auto',
    parse: oneOf(LOG_FORMATS),
    choices: () => LOG_FORMATS,
  }),
} as const

/** A key of {@link OPTIONS}. */
export type OptionKey = keyof typeof OPTIONS

/** The checked values of some options. */
export type OptionValues<K extends OptionKey> = {
  readonly [P in K]: (typeof OPTIONS)[P] extends OptionSpec<infer T> ? T : never
} & {
  /** Those that have no default value: a flag or the environment gave them. */
  readonly given: ReadonlySet<OptionKey>
}

/** The default in words, as help and README show it: that of one command, or of those that have none of their own. */
export function fallbackText(key: OptionKey, command = ''): string {
  const option: OptionSpec<unknown> = OPTIONS[key]
  const special = option.fallbackIn?.[command]
  if (special !== undefined) return String(special)
  if (option.fallbackText !== undefined) return option.fallbackText
  return option.fallback === false ? 'off' : String(option.fallback)
}

/**
 * The values of `keys` for one command. `flags` holds what stood on the command line, by flag, as text or `true`.
 * Throws a usage error (exit code 2) that names the flag or the variable, what is wrong with it and what to give.
 */
export function resolveOptions<K extends OptionKey>(
  keys: readonly K[],
  command: string,
  flags: Readonly<Record<string, unknown>>,
  env: Environment,
): OptionValues<K> {
  const values: Partial<Record<OptionKey, unknown>> = {}
  const given = new Set<OptionKey>()
  for (const key of keys) {
    const option: OptionSpec<unknown> = OPTIONS[key]
    const value = givenValue(option, flags, env)
    if (value !== undefined) given.add(key)
    values[key] = value ?? option.fallbackIn?.[command] ?? option.fallback
  }
  return { ...values, given } as unknown as OptionValues<K>
}

function givenValue(
  option: OptionSpec<unknown>,
  flags: Readonly<Record<string, unknown>>,
  env: Environment,
): unknown {
  const given = flags[option.flag]
  if (given !== undefined) return checked(option, `--${option.flag}`, flagText(option, given))
  for (const variable of option.env) {
    const text = env[variable]
    if (text !== undefined && text.trim() !== '')
      return checked(option, `environment variable ${variable}`, text)
  }
  return undefined
}

function flagText(option: OptionSpec<unknown>, given: unknown): string {
  if (!Array.isArray(given)) return String(given)
  if (option.repeatable) return given.join(',')
  throw usageError(`--${option.flag} is given ${given.length} times; once is enough`)
}

function checked(option: OptionSpec<unknown>, source: string, text: string): unknown {
  const parsed = option.parse(text)
  if ('value' in parsed) return parsed.value
  throw usageError(`${source}: ${parsed.problem}`)
}
