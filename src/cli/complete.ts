// What could stand where the last word of a command line is: the values of an option, the names of nodes. Commands and
// flags are not its business. It must not complain: where nothing is known, there is nothing to choose from.

import { ask } from './ask.ts'
import type { Command } from './command.ts'
import type { CliContext } from './context.ts'
import type { OptionSpec } from './option-spec.ts'
import { OPTIONS } from './option-table.ts'
import { resolveOptions } from './options.ts'

/** How long a node may take to name its peers, in ms: somebody waits for the shell. */
const NAMES_TIMEOUT_MS = 1_000

const BY_FLAG = new Map<string, OptionSpec<unknown>>(
  Object.values<OptionSpec<unknown>>(OPTIONS).flatMap((option) => [
    [`--${option.flag}`, option],
    ...(option.alias === undefined ? [] : [[`-${option.alias}`, option] as const]),
  ]),
)

/**
 * The words that fit behind a command; `undefined`: a flag, which is for others to say.
 * @param typed the words behind the command, the last one unfinished, maybe empty
 */
export async function wordsFor(
  command: Command,
  typed: readonly string[],
  context: CliContext,
): Promise<readonly string[] | undefined> {
  const flags: Record<string, string> = {}
  let place = 0
  let option: OptionSpec<unknown> | undefined
  for (const word of typed.slice(0, -1)) {
    const [flag = '', value] = word.split('=', 2)
    const named: OptionSpec<unknown> | undefined = option === undefined ? BY_FLAG.get(flag) : undefined
    if (option !== undefined) flags[option.flag] = word
    else if (named !== undefined && value !== undefined) flags[named.flag] = value
    else if (!word.startsWith('-')) place++
    option = named?.placeholder === undefined || value !== undefined ? undefined : named
  }
  if (option !== undefined) return (await option.choices?.()) ?? []
  if (typed.at(-1)?.startsWith('-')) return undefined
  return command.positionals[place]?.isNode ? await nodeNames(command, flags, context) : undefined
}

async function nodeNames(
  command: Command,
  flags: Readonly<Record<string, string>>,
  context: CliContext,
): Promise<readonly string[]> {
  try {
    const { at } = resolveOptions(['at'], command.name, flags, context.env)
    const { body } = await ask({ at, path: '/peers', timeoutMs: NAMES_TIMEOUT_MS }, context)
    const { nodes } = body
    return Array.isArray(nodes)
      ? nodes.map(({ name }) => String(name)).filter((name) => /^[\w.-]+$/.test(name))
      : []
  } catch {
    return []
  }
}
