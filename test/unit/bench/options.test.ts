// The command line of the benchmarks: what is chosen, and what people are told who mistype.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIGURES } from '../../bench/figures/all.ts'
import type { Figure } from '../../bench/harness/figure.ts'
import { OptionError, parseOptions } from '../../bench/harness/options.ts'

const figure = (name: string, isSlow = false): Figure => ({
  name,
  about: '',
  isSlow,
  measure: async () => [],
})
const FEW = [
  figure('link-64'),
  figure('link-1k'),
  figure('linked'),
  figure('start-30'),
  figure('start-1000', true),
]

const namesOf = (...argv: string[]): string[] => parseOptions(argv, FEW).figures.map(({ name }) => name)

function refuses(argv: readonly string[], message: RegExp): void {
  assert.throws(
    () => parseOptions(argv, FEW),
    (error) => error instanceof OptionError && message.test(error.message),
    argv.join(' '),
  )
}

test('without options everything is measured in five rounds', () => {
  const options = parseOptions([], FEW)
  assert.deepEqual(options.figures, FEW)
  assert.deepEqual([options.rounds, options.isQuick, options.json], [5, false, undefined])
})

test('a name, a group, and several of them, in the order of the table', () => {
  assert.deepEqual(namesOf('--only', 'link-1k'), ['link-1k'])
  assert.deepEqual(namesOf('--only', 'link'), ['link-64', 'link-1k'])
  assert.deepEqual(namesOf('--only=start-30,linked'), ['linked', 'start-30'])
})

test('--quick leaves out what is slow, unless it is named', () => {
  assert.deepEqual(namesOf('--quick', '--only', 'start'), ['start-30'])
  assert.deepEqual(namesOf('--quick', '--only', 'start-1000'), ['start-1000'])
  assert.equal(namesOf('--quick').includes('start-1000'), false)
  assert.equal(parseOptions(['--quick'], FEW).rounds, 2)
  assert.equal(parseOptions(['--quick', '--rounds', '7'], FEW).rounds, 7)
})

test('--json and --markdown go to a file, or to standard output', () => {
  assert.equal(parseOptions(['--json'], FEW).json, true)
  assert.equal(parseOptions(['--json', '--quick'], FEW).json, true)
  assert.equal(parseOptions(['--json', 'a.json'], FEW).json, 'a.json')
  assert.equal(parseOptions(['--markdown=docs/a=b.md'], FEW).markdown, 'docs/a=b.md')
})

test('mistakes are said with what to do', () => {
  refuses(['--onyl', 'link'], /--onyl is not known here; there are --help, .*--only/)
  refuses(['link'], /link is not known here/)
  refuses(['--only', 'bicycle'], /--only bicycle: there is no such figure; there are link, linked, start/)
  refuses(['--only'], /--only needs a value/)
  refuses(['--only', '--quick'], /--only needs a value/)
  refuses(['--only='], /--only needs a value/)
  for (const rounds of ['0', '-1', '2.5', 'many', '1001']) {
    refuses([`--rounds=${rounds}`], /--rounds .*expected a whole number from 1 to 1000/)
  }
  refuses(['--compare'], /--compare needs a value/)
  refuses(['--quick=yes'], /--quick takes no value/)
  refuses(['--quick', '--quick'], /--quick is given twice/)
})

test('the figures have names that differ, each of a group that is no other name', () => {
  const names = FIGURES.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(name, /^[a-z]+(-[a-z0-9]+)*$/)
})
