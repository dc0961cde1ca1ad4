// The command line of the benchmarks: what was asked for, or what is wrong with it. By hand, because `--json` and `--markdown`
// may be followed by a file or not, which `parseArgs` of Node.js does not know.
// It must not read files, nor print.

import type { Figure } from './figure.ts'

/** What to do, as it was asked for. */
export interface Options {
  readonly isHelp: boolean
  readonly isList: boolean
  readonly isQuick: boolean
  readonly rounds: number
  /** The figures to be measured, in the order of the table. */
  readonly figures: readonly Figure[]
  /** Where JSON goes: a file, or `true` for standard output. */
  readonly json: string | true | undefined
  /** Where the table in Markdown goes: a file with marks, or `true` for standard output. */
  readonly markdown: string | true | undefined
  /** A file of an earlier run, to compare with. */
  readonly compare: string | undefined
  /** A file of an earlier run, to show in place of a new one. */
  readonly from: string | undefined
  /** Another checkout, for the simulator. */
  readonly base: string | undefined
  /** Where child processes leave CPU profiles. */
  readonly profiles: string | undefined
}

/** Wrong options: the message is for the person who typed them. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

/** Rounds of a run, and of one with `--quick`. */
const ROUNDS = 5
const QUICK_ROUNDS = 2
const ROUNDS_MAX = 1_000

/** What each option is followed by. */
const ARGUMENTS = {
  help: 'nothing',
  list: 'nothing',
  quick: 'nothing',
  only: 'a value',
  rounds: 'a value',
  json: 'maybe a file',
  markdown: 'maybe a file',
  compare: 'a value',
  from: 'a value',
  base: 'a value',
  profiles: 'a value',
} as const

type Name = keyof typeof ARGUMENTS

/** What `--help` prints. */
export const HELP = `npm run bench -- [options]

Measures hearsay beside a reference, in one run, and prints a table. All traffic is on loopback.

  --only NAME[,NAME]   measure these figures or groups of figures only
  --list               show the figures
  --rounds N           rounds of each figure, ${ROUNDS} unless told (with --quick ${QUICK_ROUNDS})
  --quick              small and short, for development: no figures to be quoted
  --json [FILE]        write the results to a file, or to standard output in place of the table
  --markdown [FILE]    print the table in Markdown, or put it into a file between its marks
  --compare BASE.json  show what has changed against the results of an earlier run
  --from FILE.json     show the results of an earlier run, and measure nothing
  --base DIR           another checkout of hearsay, whose simulator is the reference of this one
  --profiles DIR       have each process leave a CPU profile there; profile-top.ts sums them up
`

/**
 * Reads the arguments.
 * @param figures all that there are
 * @throws OptionError
 */
export function parseOptions(argv: readonly string[], figures: readonly Figure[]): Options {
  const given = read(argv)
  const text = (name: Name): string | undefined => {
    const value = given.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const isQuick = given.has('quick')
  return {
    isHelp: given.has('help'),
    isList: given.has('list'),
    isQuick,
    rounds: roundsOf(text('rounds'), isQuick),
    figures: selectFigures(text('only'), figures, isQuick),
    json: given.get('json'),
    markdown: given.get('markdown'),
    compare: text('compare'),
    from: text('from'),
    base: text('base'),
    profiles: text('profiles'),
  }
}

function read(argv: readonly string[]): ReadonlyMap<Name, string | true> {
  const given = new Map<Name, string | true>()
  const words = [...argv]
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [flag = '', ...rest] = word.split('=')
    const name = flag.slice(2)
    if (!flag.startsWith('--') || !isName(name)) {
      const known = Object.keys(ARGUMENTS).map((one) => `--${one}`)
      throw new OptionError(`${flag} is not known here; there are ${known.join(', ')}.`)
    }
    if (given.has(name)) throw new OptionError(`--${name} is given twice.`)
    const follows = words[0] !== undefined && !words[0].startsWith('--')
    if (rest.length > 0) given.set(name, rest.join('='))
    else given.set(name, follows && ARGUMENTS[name] !== 'nothing' ? (words.shift() as string) : true)
    const value = given.get(name)
    if (ARGUMENTS[name] === 'nothing' && value !== true) {
      throw new OptionError(`--${name} takes no value, and got ${value}.`)
    }
    if ((ARGUMENTS[name] === 'a value' && value === true) || value === '') {
      throw new OptionError(`--${name} needs a value; see --help.`)
    }
  }
  return given
}

function isName(text: string): text is Name {
  return Object.hasOwn(ARGUMENTS, text)
}

function roundsOf(text: string | undefined, isQuick: boolean): number {
  if (text === undefined) return isQuick ? QUICK_ROUNDS : ROUNDS
  const rounds = Number(text)
  if (/^\d+$/.test(text) && rounds >= 1 && rounds <= ROUNDS_MAX) return rounds
  throw new OptionError(`--rounds ${text}: expected a whole number from 1 to ${ROUNDS_MAX}.`)
}

function selectFigures(text: string | undefined, figures: readonly Figure[], isQuick: boolean): Figure[] {
  const isTooSlow = ({ isSlow }: Figure): boolean => isQuick && isSlow === true
  if (text === undefined) return figures.filter((figure) => !isTooSlow(figure))
  const wanted = text.split(',')
  for (const one of wanted) {
    if (figures.some(({ name }) => isOf(name, one))) continue
    throw new OptionError(
      `--only ${one}: there is no such figure; there are ${groupsOf(figures).join(', ')}.`,
    )
  }
  return figures.filter((figure) =>
    wanted.some((one) => figure.name === one || (isOf(figure.name, one) && !isTooSlow(figure))),
  )
}

/** Whether a figure has this name, or is of this group. */
function isOf(name: string, wanted: string): boolean {
  return name === wanted || name.startsWith(`${wanted}-`)
}

function groupsOf(figures: readonly Figure[]): string[] {
  return [...new Set(figures.map(({ name }) => name.split('-')[0] as string))]
}
