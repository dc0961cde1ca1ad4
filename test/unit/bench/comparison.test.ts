// Rows: what they say about their aims, and what has changed between two runs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRows } from '../../bench/harness/comparison.ts'
import { atMost, below, type Row, ratioAtLeast, ratioAtMost, summaryOf } from '../../bench/harness/figure.ts'
import { differences, parseResults, type Results, resultsText } from '../../bench/harness/results.ts'
import {
  changeCells,
  columnsText,
  markdownText,
  numberText,
  rowCells,
  withTable,
} from '../../bench/harness/table.ts'

function row(
  hearsay: readonly number[],
  fields: Partial<Row> & { readonly references?: readonly number[] } = {},
): Row {
  const { references, ...rest } = fields
  const samples = hearsay.map((value, index) => {
    const reference = references?.[index]
    return reference === undefined ? { hearsay: value } : { hearsay: value, reference }
  })
  return { key: 'a', title: 'A', unit: 'ms', better: 'less', samples, ...rest }
}

test('the ratio is the median of the ratios of the rounds, and not the ratio of the medians', () => {
  const summary = summaryOf(row([10, 20, 90], { references: [10, 10, 30] }))
  assert.deepEqual(
    [summary.hearsay, summary.reference, summary.ratio, summary.min, summary.max],
    [20, 10, 2, 1, 3],
  )
})

test('without a reference the spread is that of the values', () => {
  const { ratio, reference, min, max } = summaryOf(row([5, 7, 6]))
  assert.deepEqual([ratio, reference, min, max], [undefined, undefined, 5, 7])
})

test('aims: at the limit, beside it, and when what they are about is not there', () => {
  const isMet = (aim: Row['aim'] & object, value: number, reference = 1) =>
    summaryOf(row([value], { aim, references: [reference] })).isMet
  assert.equal(isMet(ratioAtLeast(5), 5), true)
  assert.equal(isMet(ratioAtLeast(5), 4.99), false)
  assert.equal(isMet(ratioAtMost(1.25), 1.25), true)
  assert.equal(isMet(ratioAtMost(1.25), 2.6, 2), false)
  assert.equal(isMet(below(1), 1), false)
  assert.equal(isMet(below(1), 0.9, 0.001), true)
  assert.equal(isMet(atMost(0), 0), true)
  assert.equal(summaryOf(row([9], { aim: ratioAtLeast(1) })).isMet, undefined)
  assert.equal(summaryOf(row([9])).isMet, undefined)
  assert.equal(summaryOf(row([9], { verdict: { aim: 'flat', isMet: false } })).isMet, false)
})

test('a change within the spread of either run is none', () => {
  const [change] = compareRows([row([10, 11, 14])], [row([9, 9.5, 10.5])])
  // 9.5 is outside of 10 to 14, and 11 outside of 9 to 10.5.
  assert.ok(change?.type === 'both')
  assert.deepEqual([change.of, change.before, change.now, change.isBeyondSpread], ['value', 11, 9.5, true])
  assert.equal(change.isBetter, true)
  assert.ok(Math.abs(change.percent - (100 * -1.5) / 11) < 1e-9)
  const [within] = compareRows([row([10, 11, 14])], [row([9, 9.5, 11.5])])
  assert.ok(within?.type === 'both')
  assert.equal(within.isBeyondSpread, false)
})

test('rows with a reference are compared by their ratio: a slower machine is no change', () => {
  const before = row([10, 10, 10], { references: [5, 5, 5], better: 'more' })
  const now = row([4, 4, 4], { references: [2, 2, 2], better: 'more' })
  const [same] = compareRows([before], [now])
  assert.ok(same?.type === 'both')
  assert.deepEqual([same.of, same.percent, same.isBeyondSpread], ['ratio', 0, false])
  const [worse] = compareRows([before], [row([2, 2, 2], { references: [2, 2, 2], better: 'more' })])
  assert.ok(worse?.type === 'both')
  assert.deepEqual([worse.isBeyondSpread, worse.isBetter], [true, false])
})

test('one long round says nothing about a change', () => {
  const [change] = compareRows([row([1])], [row([2])])
  assert.ok(change?.type === 'both')
  assert.deepEqual([change.percent, change.isBeyondSpread], [100, false])
})

test('rows that are in one run only are told', () => {
  const changes = compareRows(
    [row([1], { key: 'old', title: 'Old' })],
    [row([1], { key: 'new', title: 'New' })],
  )
  assert.deepEqual(changes, [
    { type: 'new', title: 'New' },
    { type: 'gone', title: 'Old' },
  ])
  assert.equal(changeCells(changes).length, 3)
})

test('the table says whether aims are met, in columns and in Markdown', () => {
  const cells = rowCells([
    row([50, 60], { references: [10, 10], aim: ratioAtLeast(5), reference: 'raw ws', unit: 'msgs/s' }),
    row([1.5], { title: 'B | C', aim: below(1) }),
  ])
  assert.deepEqual(cells[1], ['A', '55 msgs/s', '10 msgs/s (raw ws)', '5.5×', '5–6×', '≥ 5×', 'yes'])
  assert.deepEqual(cells[2], ['B | C', '1.5 ms', '', '', '1.5–1.5', '< 1 ms', 'NO'])
  assert.equal(columnsText(cells).split('\n')[0]?.startsWith('figure'), true)
  const lines = markdownText(cells).split('\n')
  assert.equal(lines[1], '|---|--:|--:|--:|--:|--:|--:|')
  assert.equal(lines[3], '| B \\| C | 1.5 ms |  |  | 1.5–1.5 | < 1 ms | NO |')
})

test('numbers have three digits, or all before the point', () => {
  assert.deepEqual([1_234_567, 999.5, 12.345, 0.012345, 0].map(numberText), [
    '1,234,567',
    '1000',
    '12.3',
    '0.0123',
    '0',
  ])
})

test('a table goes between the marks of a page, which must be there once', () => {
  const page = 'a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n'
  assert.equal(withTable(page, 'new\n', 'p.md'), 'a\n<!-- bench -->\nnew\n<!-- /bench -->\nb\n')
  assert.throws(() => withTable('a', 'new', 'p.md'), /p\.md must have the marks/)
  assert.throws(() => withTable(page + page, 'new', 'p.md'), /p\.md must have the marks/)
  assert.throws(
    () => withTable('<!-- /bench -->\n<!-- bench -->', 'new', 'p.md'),
    /p\.md must have the marks/,
  )
})

const RESULTS: Results = {
  version: 1,
  measuredAt: '2026-01-01T00:00:00.000Z',
  node: 'v24',
  machine: '2 × something',
  isQuick: true,
  rounds: 2,
  load: 0.1,
  cores: 2,
  rows: [row([1, 2], { references: [1, 1] })],
  failures: [],
}

test('what runs do not have in common is told', () => {
  assert.deepEqual(differences(RESULTS, { ...RESULTS, rounds: 9, load: 8 }), [])
  assert.deepEqual(differences(RESULTS, { ...RESULTS, isQuick: false, node: 'v26', machine: 'other' }), [
    '--quick',
    'the machine (2 × something, other)',
    'Node.js (v24, v26)',
  ])
})

test('results are read as they were written; what is none is refused', () => {
  assert.deepEqual(parseResults(resultsText(RESULTS), 'r.json'), RESULTS)
  for (const text of ['', 'null', '[]', '{"version":2}', '{"version":1,"rows":[{}]}']) {
    assert.throws(() => parseResults(text, 'r.json'), /r\.json is not what/)
  }
  const empty = JSON.stringify({ version: 1, rows: [{ key: 'a', title: 'A', unit: 's', samples: [] }] })
  assert.throws(() => parseResults(empty, 'r.json'), /rows are missing or broken/)
})
