// A page of metrics in Prometheus' text format, taken apart, and what `promtool check metrics` would have to say of it: the
// rules of promlint (client_golang, prometheus/testutil/promlint), as far as names, types, labels and values show them.

/** One metric with all of its series. */
interface Family {
  readonly name: string
  type: string | undefined
  help: string | undefined
  readonly series: Series[]
}

interface Series {
  readonly name: string
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly value: number
}

const SERIES =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (NaN|[+-]Inf|[+-]?[\d.]+(?:e[+-]?\d+)?)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped']
/** Of a family: what the names of its series may end in. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

const BASE_UNITS = 'amperes|bytes|celsius|grams|joules|kelvin|meters|metres|seconds|volts'
const OTHER_UNITS =
  'minutes|hours|days|weeks|kelvins|fahrenheit|rankine|inches|yards|miles|bits|calories|pounds|ounces'
const PREFIXES =
  'pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|giga|gibi|tera|tebi|peta|pebi'
const NOT_BASE = new RegExp(`^(?:(?:${PREFIXES})?(?:${OTHER_UNITS})|(?:${PREFIXES})(?:${BASE_UNITS}))$`)
const ABBREVIATED = /^(?:s|ms|us|ns|sec|b|kb|mb|gb|tb|pb|m|h|d)$/

/** What is wrong with a page, one line each; none: promtool would have nothing to say. */
export function problemsIn(page: string): string[] {
  const { families, problems } = parsed(page)
  for (const family of families.values()) {
    const found = [...ofName(family), ...ofType(family), ...ofSeries(family)]
    problems.push(...found.map((problem) => `${family.name}: ${problem}`))
  }
  return problems
}

function parsed(page: string): { families: Map<string, Family>; problems: string[] } {
  const families = new Map<string, Family>()
  const problems: string[] = []
  const familyOf = (name: string): Family => {
    const family = families.get(name) ?? { name, type: undefined, help: undefined, series: [] }
    families.set(name, family)
    return family
  }
  if (!page.endsWith('\n')) problems.push('the last line has no end')
  let last: Family | undefined
  for (const line of page.split('\n')) {
    const [, kind, name = '', text = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (kind !== undefined) {
      const key = kind === 'HELP' ? 'help' : 'type'
      last = familyOf(name)
      if (last[key] !== undefined) problems.push(`${name}: a second ${kind}`)
      if (last.series.length > 0) problems.push(`${name}: ${kind} behind its series`)
      last[key] = text
    } else if (line !== '' && !line.startsWith('#')) {
      const series = seriesOf(line)
      if (series === undefined) problems.push(`no series: ${line}`)
      else if (last === undefined || !isOf(series.name, last))
        problems.push(`${series.name}: not in its group`)
      else last.series.push(series)
    }
  }
  return { families, problems }
}

function seriesOf(line: string): Series | undefined {
  const [, name, labels = '', value] = SERIES.exec(line) ?? []
  if (name === undefined) return undefined
  const pairs = [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, text] as const)
  return { name, labels: pairs, value: Number(value?.replace('Inf', 'Infinity')) }
}

function isOf(name: string, { name: family, type = '' }: Family): boolean {
  return (SUFFIXES[type] ?? ['']).some((suffix) => name === family + suffix)
}

function ofName({ name, help }: Family): string[] {
  const parts = name.toLowerCase().split('_')
  const [, ...behind] = parts
  return [
    ...(help ? [] : ['no help']),
    ...(name.includes(':') ? ['a colon in its name'] : []),
    ...(/[a-z][A-Z]/.test(name) ? ['its name is in camelCase'] : []),
    ...parts.filter((part) => NOT_BASE.test(part)).map((unit) => `${unit} are no base unit`),
    ...behind.filter((part) => ABBREVIATED.test(part)).map((unit) => `the unit ${unit} is abbreviated`),
    ...behind
      .filter((part) => TYPES.slice(0, 4).includes(part))
      .map((type) => `its name has the type ${type}`),
  ]
}

function ofType({ name, type = 'untyped' }: Family): string[] {
  if (!TYPES.includes(type)) return [`there is no type ${type}`]
  if (type === 'untyped') return []
  const isCounter = type === 'counter'
  const mayNotEnd = [
    ...(type === 'histogram' ? [] : ['_bucket']),
    ...(type === 'histogram' || type === 'summary' ? [] : ['_count', '_sum']),
    ...(type === 'gauge' ? [] : ['_timestamp_seconds']),
    ...(isCounter ? [] : ['_total']),
  ]
  return [
    ...(isCounter && !name.endsWith('_total') ? ['a counter that does not end in _total'] : []),
    ...mayNotEnd.filter((end) => name.endsWith(end)).map((end) => `a ${type} that ends in ${end}`),
  ]
}

function ofSeries({ type, series }: Family): string[] {
  const seen = new Set<string>()
  return series.flatMap(({ name, labels, value }) => {
    const names = labels.map(([label]) => label)
    const key = `${name}{${labels.map((pair) => pair.join('=')).sort()}}`
    const isTwice = seen.has(key)
    seen.add(key)
    return [
      ...(isTwice ? [`${key} twice`] : []),
      ...(new Set(names).size < names.length ? [`${key} has a label twice`] : []),
      ...names
        .filter((label) => /[a-z][A-Z]/.test(label))
        .map((label) => `the label ${label} is in camelCase`),
      ...(type !== 'histogram' && names.includes('le') ? [`a ${type} with the label le`] : []),
      ...(type !== 'summary' && names.includes('quantile') ? [`a ${type} with the label quantile`] : []),
      // Not of promtool: it takes them, and nobody can do anything with them.
      ...(Number.isFinite(value) ? [] : [`${key} is ${value}`]),
    ]
  })
}
