// What is said of one option: for help, for the parser, for the environment and for shells. It must not know which there are.

import type { Parsed } from './option-parsers.ts'

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

/** An option, with the type of its value. */
export const spec = <T>(option: OptionSpec<T>): OptionSpec<T> => option
