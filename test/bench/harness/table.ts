// Rows as text: the table of a run, the table of what has changed, in columns for a terminal or in Markdown.
// It must not decide what is met or changed.

import type { Change } from './comparison.ts'
import { type Aim, type Row, summaryOf } from './figure.ts'

const HEADINGS = ['figure', 'hearsay', 'reference', 'ratio', 'spread', 'aim', 'met'] as const
const CHANGE_HEADINGS = ['figure', 'of', 'before', 'now', 'change', 'more than the spread'] as const

/** The cells of a run, the headings first. */
export function rowCells(rows: readonly Row[]): string[][] {
  return [[...HEADINGS], ...rows.map(cellsOf)]
}

/** The cells of a comparison, the headings first. */
export function changeCells(changes: readonly Change[]): string[][] {
  const cells = changes.map((change): string[] => {
    if (change.type !== 'both') return [change.title, '', '', '', change.type === 'new' ? 'new' : 'gone', '']
    const { title, of, before, now, percent, isBeyondSpread, isBetter } = change
    const sign = percent >= 0 ? '+' : ''
    const verdict = isBeyondSpread ? (isBetter ? 'better' : 'WORSE') : 'no'
    return [title, of, numberText(before), numberText(now), `${sign}${percent.toFixed(1)} %`, verdict]
  })
  return [[...CHANGE_HEADINGS], ...cells]
}

/** In columns, for a terminal. Figures stand to the right. */
export function columnsText(
  cells: readonly (readonly string[])[],
  align: 'left' | 'right' = 'right',
): string {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  )
  const lines = cells.map((row) =>
    row.map((cell, column) =>
      column === 0 || align === 'left'
        ? cell.padEnd(widths[column] ?? 0)
        : cell.padStart(widths[column] ?? 0),
    ),
  )
  return `${lines.map((line) => line.join('  ').trimEnd()).join('\n')}\n`
}

/** In Markdown. */
export function markdownText(cells: readonly (readonly string[])[]): string {
  const [head = [], ...body] = cells
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return `${[line(head), `|${head.map((_, column) => (column === 0 ? '---|' : '--:|')).join('')}`, ...body.map(line)].join('\n')}\n`
}

/** Between these a page has the table of a run. */
export const MARKS = ['<!-- bench -->', '<!-- /bench -->'] as const

/**
 * The page with this text between its marks.
 * @throws Error when the page does not have both, once
 */
export function withTable(page: string, text: string, file: string): string {
  const [begin, end] = MARKS
  const parts = page.split(begin)
  const rest = parts[1]?.split(end)
  if (parts.length !== 2 || rest?.length !== 2) {
    throw new Error(`${file} must have the marks ${begin} and ${end} once, in this order`)
  }
  return `${parts[0]}${begin}\n${text}${end}${rest[1]}`
}

/** Three digits that count, or all of those before the point. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

function cellsOf(row: Row): string[] {
  const { hearsay, reference, ratio, min, max, isMet } = summaryOf(row)
  const times = ratio === undefined ? '' : '×'
  const reference_ =
    reference === undefined ? '' : `${numberText(reference)} ${row.unit} (${row.reference ?? 'reference'})`
  return [
    row.title,
    `${numberText(hearsay)} ${row.unit}`,
    reference_,
    ratio === undefined ? '' : `${numberText(ratio)}×`,
    row.spread ?? `${numberText(min)}–${numberText(max)}${times}`,
    row.verdict?.aim ?? (row.aim === undefined ? '' : aimText(row.aim, row.unit)),
    isMet === undefined ? '' : isMet ? 'yes' : 'NO',
  ]
}

const SIGNS = { 'at least': '≥', 'at most': '≤', above: '>', below: '<' } as const

function aimText({ of, bound, limit }: Aim, unit: string): string {
  return `${SIGNS[bound]} ${numberText(limit)}${of === 'ratio' ? '×' : ` ${unit}`}`
}
