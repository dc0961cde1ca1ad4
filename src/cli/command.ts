// What a command of the CLI is: its help, the options that it takes from the table, and what it does.

import type { CliContext } from './context.ts'
import type { ExitCode } from './exit-codes.ts'
import type { OptionKey, OptionValues } from './options.ts'

/** A positional argument. */
export interface Positional<P extends string = string> {
  readonly name: P
  readonly description: string
  /** The last one only: all words that follow, joined with single spaces. */
  readonly rest?: boolean
  /** The last one only: all words that follow, each in a line of its own. */
  readonly list?: boolean
  /** It is the name of a node: shells complete it. */
  readonly isNode?: true
  /** The last one only: it may be left out, and is `''` then. */
  readonly optional?: boolean
}

/** A command, as its file exports it. `K`: the options it takes, `P`: its positional arguments. */
export interface Command<K extends OptionKey = OptionKey, P extends string = string> {
  readonly name: string
  /** One line of the list of commands. */
  readonly summary: string
  /** A few sentences for `<command> --help`: what for, and what to expect. */
  readonly details: string
  /** Positional arguments in order. */
  readonly positionals: readonly Positional<P>[]
  readonly options: readonly K[]
  /** Arguments (without the program) and what they do. */
  readonly examples: readonly (readonly [args: string, does: string])[]
  /**
   * Runs until done, or until `context.signal` is aborted. Whatever it opened is closed when it settles.
   * Expected failures are thrown as `CliError`.
   */
  run(values: OptionValues<K>, words: Readonly<Record<P, string>>, context: CliContext): Promise<ExitCode>
}

/** Types a command; the generics follow from its lists. */
export function command<const K extends OptionKey, const P extends string = never>(
  definition: Command<K, P>,
): Command<K, P> {
  return definition
}
