// The results of simulations as text for people.
// It must not compute what is not in a report.

import type {
  BroadcastFigures,
  ControlFigures,
  Convergence,
  Percentiles,
  ScenarioReport,
  SendFigures,
} from '../sim/report.ts'
import type { Scenario } from '../sim/scenario.ts'
import type { Painter } from './context.ts'

/** What the report of a scenario is printed with. */
export interface ReportStyle {
  /** Real time that it took. */
  readonly tookMs: number
  readonly paint: Painter
}

/** A scenario in a list: what it is, what must be, what it may be given. */
export function scenarioText({ name, summary, criteria, parameters }: Scenario): string {
  const { fraction, faultSeconds } = parameters
  const options = [
    ...(fraction ? [`--fraction: ${fraction.what}; default ${fraction.fallback}`] : []),
    ...(faultSeconds ? [`--fault-seconds: ${faultSeconds.what}; default ${faultSeconds.fallback}`] : []),
  ]
  const lines = [...criteria.map((one) => `must be: ${one}`), ...options]
  return [`${name}: ${summary}`, ...lines.map((line) => `  ${line}`)].join('\n')
}

/** The whole report. */
export function reportText(report: ScenarioReport, { tookMs, paint }: ReportStyle): string {
  const { violations } = report
  const verdict = violations.length === 0 ? paint('green', 'passed') : paint('red', 'FAILED')
  const parameters = Object.entries(report.parameters).map(([key, value]) => `, ${key} ${value}`)
  const head = `${paint('bold', report.scenario)}, ${report.nodes} nodes, seed ${report.seed}${parameters.join('')}: ${verdict}`
  const sections: (readonly [title: string, lines: string[]])[] = [
    ['Phases (virtual time)', phaseLines(report)],
    ['How long it took until (looked at every 100 ms)', report.convergence.map(convergenceLine)],
    ['Broadcasts: each pair of a broadcast and a node that was up all through it', broadcastLines(report)],
    ['Direct sends', sendLines(report)],
    ['Control bytes that a node received in a second (all frames but payloads)', controlLines(report)],
    ['Figures', report.figures.map(({ what, value, unit }) => `${what}: ${round(value)} ${unit}`)],
    ['Links at the end (links: nodes)', [degreeLine(report)]],
    ['Violations', violations.map(({ atMs, what }) => paint('red', `at ${seconds(atMs)}: ${what}`))],
  ]
  const shown = sections.filter(([, lines]) => lines.length > 0)
  const blocks = shown.map(([title, lines]) =>
    [paint('bold', title), ...lines.map((line) => `  ${line}`)].join('\n'),
  )
  const speed = report.steps / (tookMs / 1_000)
  const codec = report.codec ? '' : ', without codec: sizes are estimates'
  const foot = `${count(report.steps)} steps in ${seconds(tookMs)}, ${count(Math.round(speed))} a second${codec}`
  return [head, ...blocks, foot, `Again: ${report.replay}`].join('\n\n')
}

function phaseLines({ phases }: ScenarioReport): string[] {
  const parts = phases.map(({ name, fromMs, toMs }) => `${name} ${seconds(toMs - fromMs)}`)
  return parts.length === 0 ? [] : [`${parts.join(', ')}; ${seconds(phases.at(-1)?.toMs ?? 0)} in all`]
}

function convergenceLine({ what, tookMs, withinMs }: Convergence): string {
  const took = tookMs === undefined ? 'never' : seconds(tookMs)
  return `${what}: ${took}${withinMs === undefined ? '' : ` (may take ${seconds(withinMs)})`}`
}

function broadcastLines({ broadcasts }: ScenarioReport): string[] {
  const rows = Object.entries(broadcasts).map(([group, figures]) => broadcastRow(group, figures))
  if (rows.length === 0) return []
  const lines = table([
    ['', 'count', 'origins', 'pairs', 'reliability', 'RMR mean', 'max', 'last hop', ...LATENCY_HEADS],
    ...rows,
  ])
  for (const [group, { failed }] of Object.entries(broadcasts)) {
    if (failed > 0) lines.push(`${group}, told as failed: ${count(failed)}`)
  }
  return lines
}

function broadcastRow(group: string, figures: BroadcastFigures): string[] {
  const { broadcasts, origins, pairs, reliability, rmr, lastDeliveryHop, latencyMs } = figures
  return [
    group,
    count(broadcasts),
    count(origins),
    count(pairs),
    reliability === 1 ? '1' : reliability.toFixed(6),
    rmr.mean.toFixed(4),
    rmr.max.toFixed(4),
    count(lastDeliveryHop),
    ...latencyCells(latencyMs),
  ]
}

function sendLines({ sends }: ScenarioReport): string[] {
  const entries = Object.entries(sends)
  if (entries.length === 0) return []
  const lines = table([
    ['', 'count', 'delivered', 'hops mean', 'max', ...LATENCY_HEADS],
    ...entries.map(([group, figures]) => sendRow(group, figures)),
  ])
  for (const [group, { failed }] of entries) {
    const reasons = Object.entries(failed).map(([reason, number]) => `${reason} ${number}`)
    if (reasons.length > 0) lines.push(`${group}, not delivered: ${reasons.join(', ')}`)
  }
  return lines
}

function sendRow(group: string, { sends, delivered, hops, latencyMs }: SendFigures): string[] {
  return [
    group,
    count(sends),
    count(delivered),
    hops.mean.toFixed(2),
    count(hops.max),
    ...latencyCells(latencyMs),
  ]
}

const LATENCY_HEADS = ['p50 ms', 'p90', 'p99', 'max']

function latencyCells({ p50, p90, p99, max }: Percentiles): string[] {
  return [p50, p90, p99, max].map((ms) => ms.toFixed(1))
}

function controlLines({ control }: ScenarioReport): string[] {
  return Object.entries(control).map(([what, figures]) => controlLine(what, figures))
}

function controlLine(what: string, { overMs, nodes, bytesPerNodeS, byType }: ControlFigures): string {
  const parts = Object.entries(byType).map(([type, bytes]) => `${type} ${round(bytes)}`)
  return `${what}, ${count(nodes)} nodes for ${seconds(overMs)}: ${round(bytesPerNodeS)} (${parts.join(', ') || 'nothing'})`
}

function degreeLine({ degrees, nodesAtEnd }: ScenarioReport): string {
  const parts = degrees.map(([links, nodes]) => `${links}: ${nodes}`)
  return `${parts.join(', ') || 'no nodes'}; ${count(nodesAtEnd)} nodes`
}

/** Columns of equal width: the first one to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function count(number: number): string {
  return number.toLocaleString('en')
}

function round(number: number): string {
  return number >= 100 ? count(Math.round(number)) : String(Number(number.toPrecision(3)))
}
