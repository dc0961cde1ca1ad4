// The command line: takes arguments, finds the command, checks its options, runs it, and turns every ending into an
// exit code and a text that a newcomer can act on. yargs is known here only. It must not exit the process.

import yargs, { type Argv } from 'yargs'
import { version } from '../node/version.ts'
import { printable } from '../wire/printable.ts'
import { bootstrap } from './bootstrap.ts'
import { broadcast } from './broadcast.ts'
import type { Command } from './command.ts'
import { wordsFor } from './complete.ts'
import { completion } from './completion.ts'
import { type CliContext, CliError, painter, usageError } from './context.ts'
import { doctor } from './doctor.ts'
import { EXIT, EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { node } from './node.ts'
import type { OptionSpec } from './option-spec.ts'
import { OPTIONS } from './option-table.ts'
import { fallbackText, type OptionKey, resolveOptions } from './options.ts'
import { peers } from './peers.ts'
import { ping } from './ping.ts'
import { publish } from './publish.ts'
import { replay } from './replay.ts'
import { send } from './send.ts'
import { sim } from './sim.ts'
import { subscribe } from './subscribe.ts'
import { swarm } from './swarm.ts'
import { tail } from './tail.ts'
import { topology } from './topology.ts'
import { trace } from './trace.ts'

/** All commands, in the order of `--help`. */
export const COMMANDS = [
  swarm,
  bootstrap,
  node,
  send,
  broadcast,
  publish,
  subscribe,
  tail,
  peers,
  topology,
  ping,
  trace,
  doctor,
  sim,
  replay,
  completion,
] as unknown as readonly Command[]

const COLUMNS_MAX = 110
const COLUMNS_DEFAULT = 100

const EPILOGUE = [
  'Every option can come from the environment variable named in brackets; the flag wins.',
  '',
  'Exit codes:',
  ...EXIT_CODES.map(({ code, text }) => `  ${String(code).padStart(3)}  ${text}`),
].join('\n')

/**
 * Runs the command line `args` (without program and script). Answers the exit code once the command has cleaned up;
 * rejects only with errors that nobody expected.
 */
export async function run(args: readonly string[], context: CliContext): Promise<ExitCode> {
  // Wanted before yargs has parsed, so that its complaints can name the command's own help.
  const meant = COMMANDS.find((command) => command.name === args.find((word) => !word.startsWith('-')))
  try {
    if (args.length === 0) {
      context.stderr.write(`${(await parse(['--help'], meant, context)).help}\n`)
      return EXIT.usage
    }
    if (args[0] === COMPLETE) return await complete(args, context)
    const { command, flags, help } = await parse(shielded(args.map(plainSwitch)), meant, context)
    if (help !== undefined) {
      context.stdout.write(`${help}\n`)
      return EXIT.ok
    }
    if (command === undefined) throw usageError('No command is given.')
    const values = resolveOptions(command.options, command.name, flags, context.env)
    return await command.run(values, wordsOf(command, flags), context)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    const paint = painter(context.stderr, context.env)
    context.stderr.write(`${paint('red', 'hearsay:')} ${error.message}\n`)
    if (error.exitCode === EXIT.usage) {
      context.stderr.write(`Help: ${context.self} ${meant === undefined ? '' : `${meant.name} `}--help\n`)
    }
    return error.exitCode
  }
}

/** What yargs is asked for completions by; the words typed so far stand behind it. The scripts of completion.ts use it. */
const COMPLETE = '--get-yargs-completions'

/** Prints what could stand where the last word is, one a line. Nothing that was typed so far is an error. */
async function complete(args: readonly string[], context: CliContext): Promise<ExitCode> {
  // Behind the flag and the program's name.
  const typed = args.slice(2)
  const command = COMMANDS.find(({ name }) => name === typed[0])
  const words = typed.length > 1 && command ? await wordsFor(command, typed.slice(1), context) : undefined
  if (words !== undefined) {
    if (words.length > 0) context.stdout.write(`${words.join('\n')}\n`)
    return EXIT.ok
  }
  const { help = '' } = await parse(args, undefined, context)
  if (help !== '') context.stdout.write(`${help}\n`)
  return EXIT.ok
}

/** `--json=yes` as `--json=true`: yargs would take every word but `true` for no. */
function plainSwitch(word: string): string {
  const [, flag, text] = /^--([a-z-]+)=(.*)$/s.exec(word) ?? []
  const option = Object.values<OptionSpec<unknown>>(OPTIONS).find((one) => one.flag === flag)
  if (option === undefined || option.placeholder !== undefined || text === undefined) return word
  const parsed = option.parse(text)
  if ('problem' in parsed) throw usageError(`--${flag}: ${parsed.problem}`)
  return `--${flag}=${parsed.value}`
}

interface ParsedLine {
  readonly command: Command | undefined
  readonly flags: Readonly<Record<string, unknown>>
  /** The text to print instead of running anything. */
  readonly help: string | undefined
}

async function parse(
  args: readonly string[],
  meant: Command | undefined,
  context: CliContext,
): Promise<ParsedLine> {
  let chosen: Command | undefined
  let output = ''
  const parser = yargs()
    .scriptName('hearsay')
    .usage(
      '$0 <command> [options]\n\nMessaging between your own processes without a broker: a WebSocket gossip overlay.',
    )
    .locale('en')
    .parserConfiguration({
      // Values stay as they were typed: the option table checks them, whatever their source.
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'populate--': false,
    })
    .wrap(Math.min(context.stdout.columns ?? COLUMNS_DEFAULT, COLUMNS_MAX))
    .strict()
    .recommendCommands()
    .example('$0 swarm', 'a bootstrap and 30 nodes in this terminal')
    .example('$0 send node8 "Hello node8"', 'a message from node1 to node8, with its outcome')
    .epilogue(EPILOGUE)
    .help()
    .version(version())
    .alias('help', 'h')
    .fail((message, error) => {
      // yargs calls this for its own complaints only: commands run after parsing.
      throw message ? usageError(complaint(message, meant)) : error
    })
  for (const command of COMMANDS) declare(parser, command, (name) => (chosen = name))
  const argv = await parser.parseAsync(args, {}, (_error, _argv, text) => {
    output = text
  })
  return { command: chosen, flags: argv, help: output === '' ? undefined : output }
}

/** No argument of a process can contain it. */
const SHIELD = '\0'

/**
 * Words that begin with a dash and are no flags, for yargs, which takes them for flags: what stands behind `--`, and what
 * has a blank in it ("- list item"). {@link wordsOf} takes the shield off.
 */
function shielded(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  const shield = (word: string): string => (word.startsWith('-') ? `${SHIELD}${word}` : word)
  const before = end === -1 ? args : args.slice(0, end)
  const behind = end === -1 ? [] : args.slice(end + 1)
  return [...before.map((word) => (/^-[^=]*\s/.test(word) ? shield(word) : word)), ...behind.map(shield)]
}

function declare(parser: Argv, command: Command, choose: (command: Command) => void): void {
  const line = lineOf(command)
  parser.command(
    line,
    command.summary,
    (argv) => {
      argv.usage(`$0 ${line} [options]\n\n${command.details}`)
      for (const word of command.positionals) {
        argv.positional(word.name, { describe: word.description })
      }
      for (const key of command.options) argv.option(OPTIONS[key].flag, yargsOption(key, command.name))
      for (const [args, does] of command.examples) argv.example(`$0 ${args}`, does)
    },
    () => choose(command),
  )
}

/** The command with its positional arguments, as yargs and people write it: `send <to> <message..>`. */
function lineOf(command: Command): string {
  const words = command.positionals.map(({ name, rest, list, optional }) => {
    const word = rest || list ? `${name}..` : name
    return optional ? `[${word}]` : `<${word}>`
  })
  return [command.name, ...words].join(' ')
}

/** What yargs complains about, in words that need no knowledge of yargs. */
function complaint(message: string, meant: Command | undefined): string {
  const valueless = /^Not enough arguments following: (.+)$/.exec(message)
  if (valueless) return `--${printable(valueless[1] ?? '')} needs a value behind it.`
  if (message.startsWith('Not enough non-option arguments') && meant) {
    return `Something is missing. It goes: hearsay ${lineOf(meant)}`
  }
  if (message.startsWith('Did you mean')) return `There is no such command. ${printable(message)}`
  const unknown = /^Unknown arguments?: (.+)$/.exec(message)
  if (unknown) return `"${printable(unknown[1] ?? '')}" is not known here.`
  return printable(message)
}

function yargsOption(key: OptionKey, command: string) {
  const option: OptionSpec<unknown> = OPTIONS[key]
  const isSwitch = option.placeholder === undefined
  return {
    ...(option.alias !== undefined && { alias: option.alias }),
    describe: `${option.description} [${option.env.join(', ')}]`,
    ...(isSwitch ? { type: 'boolean' as const } : { requiresArg: true }),
    // Only shown: the real default is applied after the environment was looked at.
    defaultDescription: fallbackText(key, command),
  }
}

function wordsOf(command: Command, flags: Readonly<Record<string, unknown>>): Record<string, string> {
  const words: Record<string, string> = {}
  for (const { name, list } of command.positionals) {
    const given = flags[name] ?? ''
    const text = Array.isArray(given) ? given.join(list ? '\n' : ' ') : String(given)
    words[name] = text.replaceAll(SHIELD, '')
  }
  return words
}
