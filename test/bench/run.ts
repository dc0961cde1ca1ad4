// `npm run bench`: measures the figures one after the other, and prints a table. Exits with 0 when all were measured, whether
// their aims are met or not; 1 when one could not be, 2 for wrong options, 130 and 143 when it was ended by a signal.
// It must not measure anything itself.

import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { Progress } from '../../src/cli/progress.ts'
import { FIGURES } from './figures/all.ts'
import { Bench } from './harness/bench.ts'
import { compareRows } from './harness/comparison.ts'
import type { Row } from './harness/figure.ts'
import { HELP, OptionError, type Options, parseOptions } from './harness/options.ts'
import { differences, parseResults, type Results, resultsText } from './harness/results.ts'
import { changeCells, columnsText, markdownText, rowCells, withTable } from './harness/table.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2
/** Above this share of the cores other work is in the way. */
const BUSY_SHARE = 0.25

const progress = new Progress(process.stderr)

function say(text: string): void {
  progress.clear()
  process.stderr.write(`${text}\n`)
}

async function measure({ figures, rounds, isQuick, base, profiles }: Options): Promise<Results> {
  const selected = figures.map(({ name }) => name)
  let current = ''
  const bench = new Bench({
    rounds,
    isQuick,
    base,
    profiles,
    selected,
    onProgress: (text) => progress.show(`${current}: ${text}`),
  })
  const end = (code: number) => () => {
    bench.children.killAll()
    progress.clear()
    process.exit(code)
  }
  process.once('SIGINT', end(130))
  process.once('SIGTERM', end(143))
  process.once('exit', () => bench.children.killAll())
  const [cores, [load = 0]] = [availableParallelism(), loadavg()]
  if (load > cores * BUSY_SHARE) {
    say(`Other work is running here (load ${load.toFixed(1)} on ${cores} cores): do not quote these figures.`)
  }
  const rows: Row[] = []
  const failures: { name: string; error: string }[] = []
  for (const [index, figure] of figures.entries()) {
    current = `[${index + 1}/${figures.length}] ${figure.name}`
    try {
      rows.push(...(await figure.measure(bench)))
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      failures.push({ name: figure.name, error: text })
      say(`${figure.name} could not be measured: ${text}`)
    } finally {
      await bench.children.endAll()
    }
  }
  progress.clear()
  const machine = `${cores} × ${cpus()[0]?.model ?? 'unknown'}`
  const measuredAt = new Date().toISOString()
  const run = { measuredAt, node: process.version, machine, isQuick, rounds, load, cores }
  return { version: 1, ...run, rows, failures }
}

function readResults(file: string): Results {
  try {
    return parseResults(readFileSync(file, 'utf8'), file)
  } catch (error) {
    throw new OptionError((error as Error).message)
  }
}

function caption({ measuredAt, node, machine, isQuick, rounds, load }: Results): string {
  const quick = isQuick ? ' With --quick: not to be quoted.' : ''
  return `${measuredAt.slice(0, 10)}, Node.js ${node}, ${machine}, load ${load.toFixed(2)} before; medians of ${rounds} rounds.${quick}`
}

/** What is missing in the table, a line for each. */
function missingText({ failures }: Results): string {
  const lines = failures.map(({ name, error }) => `\nNot measured: ${name} (${error.split('\n')[0]})\n`)
  return lines.join('')
}

function show(results: Results, options: Options): void {
  const { json, markdown, compare } = options
  if (typeof json === 'string') writeFileSync(json, resultsText(results))
  const cells = rowCells(results.rows)
  const inMarkdown = (): string => `${caption(results)}\n\n${markdownText(cells)}${missingText(results)}`
  if (typeof markdown === 'string') {
    writeFileSync(markdown, withTable(readFileSync(markdown, 'utf8'), inMarkdown(), markdown))
  }
  if (json === true) process.stdout.write(resultsText(results))
  else if (markdown === true) process.stdout.write(inMarkdown())
  else process.stdout.write(`${caption(results)}\n\n${columnsText(cells)}${missingText(results)}`)
  if (compare === undefined) return
  const base = readResults(compare)
  const different = differences(base, results).map((what) => `Not the same in both: ${what}.\n`)
  const changes = columnsText(changeCells(compareRows(base.rows, results.rows)))
  // Standard output is for one thing when it is JSON or Markdown.
  const output = json === true || markdown === true ? process.stderr : process.stdout
  output.write(`\nAgainst ${compare}:\n\n${different.join('')}${changes}`)
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), FIGURES)
  if (options.isHelp) {
    process.stdout.write(HELP)
    return 0
  }
  if (options.isList) {
    process.stdout.write(
      columnsText(
        options.figures.map(({ name, about }) => [name, about]),
        'left',
      ),
    )
    return 0
  }
  // Files that cannot be used are found before the measuring, not after it.
  if (options.compare !== undefined) readResults(options.compare)
  if (typeof options.markdown === 'string') checkPage(options.markdown)
  const results = options.from === undefined ? await measure(options) : readResults(options.from)
  show(results, options)
  return results.failures.length > 0 ? EXIT_FAILED : 0
}

function checkPage(file: string): void {
  try {
    withTable(readFileSync(file, 'utf8'), '', file)
  } catch (error) {
    throw new OptionError((error as Error).message)
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof OptionError)) throw error
  say(error.message)
  process.exitCode = EXIT_USAGE
}
