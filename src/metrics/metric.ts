// What a metric is: what stands of it in a catalogue, for Prometheus and for docs/METRICS.md, and what it is worth at the
// moment. It must not know what is measured, nor how a page of metrics is written (page.ts).

/** What is fixed about a metric. Names and units follow Prometheus' naming conventions (prometheus.io/docs/practices/naming). */
export interface MetricFacts {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One sentence without an end: what it counts, with its unit. */
  readonly help: string
  /** Names of its labels, each with few values: reasons, kinds, lanes; never names of nodes. */
  readonly labels: readonly string[]
  /** One sentence without an end: what a bad value looks like and means. */
  readonly bad: string
  /** One sentence without an end: what to do about it. */
  readonly advice: string
}

/** Metrics by their names. */
export type Catalogue = Readonly<Record<string, MetricFacts>>

/** One value. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
  /** Of a histogram: which of its series. */
  readonly series?: 'bucket' | 'sum' | 'count'
}

/** What each metric of a catalogue is worth now. */
export type Samples<C extends Catalogue> = { readonly [Name in keyof C]: () => readonly Sample[] }

/** What is answered to a scrape. */
export interface MetricsPage {
  /** Of the text exposition format, version 0.0.4. */
  readonly contentType: string
  readonly text: string
}

/** The one sample of a metric without labels. */
export function one(value: number): readonly Sample[] {
  return [{ value }]
}

/** Nothing counted yet under any of these keys: a series that first appears with 1 has never risen, and nobody would see it. */
export function zeros(keys: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(keys.map((key) => [key, 0]))
}

/** A sample for each entry, labelled with its key. */
export function by(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }))
}
