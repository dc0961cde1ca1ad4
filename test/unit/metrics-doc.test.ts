// docs/METRICS.md and the dashboard against the catalogues of metrics and a page of them. Where a table differs, the failure
// shows the right one to paste.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { BOOTSTRAP_METRICS } from '../../src/bootstrap/metrics.ts'
import { createBootstrap, createNode } from '../../src/index.ts'
import type { Catalogue } from '../../src/metrics/metric.ts'
import { NODE_METRICS } from '../../src/node/metrics.ts'
import { problemsIn } from '../support/metrics-page.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/METRICS.md')

/** What stands between the markers `<!-- name -->` and `<!-- /name -->`. */
const between = (name: string) => new RegExp(`<!-- ${name} -->\n(.*?)<!-- /${name} -->`, 's').exec(page)?.[1]

function rightTable(catalogue: Catalogue): string {
  const rows = Object.entries(catalogue).map(([name, { type, labels, help, bad, advice }]) => {
    const labelled = labels.length === 0 ? '–' : labels.map((label) => `\`${label}\``).join(', ')
    return [`\`${name}\``, type, labelled, help, bad, advice]
  })
  const head = ['metric', 'type', 'labels', 'what it is', 'a bad value', 'what to do']
  const lines = [head, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`)
  return [lines[0], `|${'---|'.repeat(head.length)}\n`, ...lines.slice(1)].join('')
}

/** The names of all metrics that stand in a page, by its TYPE lines. */
const namesIn = (text: string) => [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => String(name))

describe('the tables of docs/METRICS.md', () => {
  for (const [name, catalogue] of [
    ['node', NODE_METRICS],
    ['bootstrap', BOOTSTRAP_METRICS],
  ] as const) {
    test(`of a ${name}`, () => {
      const right = rightTable(catalogue)
      assert.equal(between(name), right, `docs/METRICS.md: the right table "${name}":\n${right}`)
    })
  }

  test('of the process has only what a page has', async () => {
    await using bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
    const names = namesIn((await bootstrap.metrics()).text)
    const listed = [...(between('process') ?? '').matchAll(/^\| `(\S+)` \|/gm)].map(([, name]) =>
      String(name),
    )
    assert.ok(listed.length >= 5)
    for (const name of listed) assert.ok(names.includes(name), name)
  })
})

test('a page has each metric of its catalogue once, and those of the process', async () => {
  await using bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
  await using node = await createNode({ name: 'node1', host: '127.0.0.1', bootstrap: [bootstrap.url] })
  for (const [catalogue, { text }] of [
    [NODE_METRICS, await node.metrics()],
    [BOOTSTRAP_METRICS, await bootstrap.metrics()],
  ] as const) {
    for (const [name, { labels, type }] of Object.entries<Catalogue[string]>(catalogue)) {
      const series = text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      // One that first appears with 1 has never risen.
      if (type === 'counter') assert.ok(series.length > 0, `${name}: no series before anything was counted`)
      for (const line of series) {
        const found = [...line.matchAll(/([a-z]+)="/g)].map(([, label]) => label)
        assert.deepEqual(found.sort(), [...labels].sort(), line)
      }
    }
    const names = namesIn(text)
    assert.equal(new Set(names).size, names.length)
    const own = names.filter((name) => name.startsWith('hearsay_'))
    assert.deepEqual(own, Object.keys(catalogue))
    assert.ok(names.includes('process_cpu_seconds_total'))
  }
})

test('promtool would have nothing to say of a page, its metrics of the process included', async () => {
  await using bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
  await using node = await createNode({ name: 'node1', host: '127.0.0.1', bootstrap: [bootstrap.url] })
  for (const { text } of [await node.metrics(), await bootstrap.metrics(), await node.metrics()]) {
    assert.deepEqual(problemsIn(text), [])
  }
})

test('what promtool has to say is found', () => {
  const bad = `# HELP a_total Help.
# TYPE a_total gauge
a_total 1
a_total{b="x"} 1
a_total{b="x"} 2
# TYPE a_milliseconds counter
a_milliseconds{camelCase="\\"",le="1"} Nan
a_milliseconds{camelCase="\\"",le="1"} NaN
# HELP aB:gauge_ms Help.
# TYPE aB:gauge_ms gauge
aB:gauge_ms{quantile="0.5"} 1e-7
stranger 1
# HELP a_total Help.
# HELP a_seconds Help.
# TYPE a_seconds histogram
a_seconds 1
a_seconds_bucket{le="+Inf"} 1
# HELP a_sum Help.
# TYPE a_sum gauges
a_sum 1`
  assert.deepEqual(problemsIn(bad), [
    'the last line has no end',
    'no series: a_milliseconds{camelCase="\\"",le="1"} Nan',
    'stranger: not in its group',
    'a_total: a second HELP',
    'a_total: HELP behind its series',
    'a_seconds: not in its group',
    'a_total: a gauge that ends in _total',
    'a_total: a_total{b=x} twice',
    'a_milliseconds: no help',
    'a_milliseconds: milliseconds are no base unit',
    'a_milliseconds: a counter that does not end in _total',
    'a_milliseconds: the label camelCase is in camelCase',
    'a_milliseconds: a counter with the label le',
    'a_milliseconds: a_milliseconds{camelCase=\\",le=1} is NaN',
    'aB:gauge_ms: a colon in its name',
    'aB:gauge_ms: its name is in camelCase',
    'aB:gauge_ms: the unit ms is abbreviated',
    'aB:gauge_ms: a gauge with the label quantile',
    'a_sum: there is no type gauges',
  ])
})

test('names and units follow the conventions of Prometheus', () => {
  const all = [NODE_METRICS, BOOTSTRAP_METRICS].flatMap((catalogue) =>
    Object.entries<Catalogue[string]>(catalogue),
  )
  for (const [name, { type, labels, help, bad, advice }] of all) {
    assert.match(name, /^hearsay_[a-z_]+$/)
    assert.equal(
      name.endsWith('_total'),
      type === 'counter',
      `${name}: a counter, and nothing else, ends in _total`,
    )
    if (type === 'histogram') assert.match(name, /_seconds$/)
    for (const label of labels) assert.match(label, /^[a-z]+$/)
    for (const text of [help, bad, advice]) assert.doesNotMatch(text, /[|\n]|[.!?]$/, name)
  }
})

test('the dashboard asks for metrics that there are, and shows each of a node', async () => {
  await using bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
  const known = new Set([
    ...namesIn((await bootstrap.metrics()).text),
    ...Object.keys(NODE_METRICS),
    ...Object.keys(BOOTSTRAP_METRICS),
  ])
  const { panels } = JSON.parse(read('docs/grafana-dashboard.json')) as {
    panels: { type: string; title: string; targets?: { expr: string }[] }[]
  }
  const asked = new Set<string>()
  for (const { targets = [], title } of panels) {
    for (const { expr } of targets) {
      for (const [name] of expr.matchAll(/\b(?:hearsay|nodejs|process)_[a-z0-9_]+/g)) {
        const base = name.replace(/_(?:bucket|sum|count)$/, '')
        assert.ok(known.has(name) || known.has(base), `${title}: ${name}`)
        asked.add(known.has(name) ? name : base)
      }
    }
  }
  for (const name of Object.keys(NODE_METRICS)) assert.ok(asked.has(name), `no panel shows ${name}`)
})
