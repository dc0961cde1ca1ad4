// A page of metrics for Prometheus: those of one node or bootstrap, and those of the process that it runs in.
// It must not know what is measured. prom-client is loaded when somebody looks: it costs memory and start-up time.

import type { Metric, Registry } from 'prom-client'
import type { Catalogue, MetricsPage, Sample, Samples } from './metric.ts'

/** How often the event loop is looked at, in ms. */
const LAG_PRECISION_MS = 100

/** prom-client, and the metrics of this process: memory, processor, event loop, handles, garbage collections. */
async function load() {
  const client = await import('prom-client')
  const ofProcess = new client.Registry()
  // Its own default of 10 ms takes a third of a percent of a core for good, more than ten idle nodes.
  client.collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: LAG_PRECISION_MS })
  return { client, ofProcess }
}
/** From the first look on: whoever looks again has to find the same counters. */
let loaded: ReturnType<typeof load> | undefined

/** The page with these metrics, and behind them those of the process. */
export async function metricsPage<C extends Catalogue>(
  catalogue: C,
  samples: Samples<C>,
): Promise<MetricsPage> {
  loaded ??= load()
  const { client, ofProcess } = await loaded
  const own = new client.Registry()
  for (const [name, facts] of Object.entries(catalogue)) {
    const { type, help } = facts
    const get = async () => ({
      name,
      help,
      type,
      values: (samples[name]?.() ?? []).map((one) => seriesOf(name, one)),
    })
    // All that a registry asks of a metric is its name and `get`.
    own.registerMetric({ name, help, type, get } as unknown as Metric)
  }
  const both: Registry = client.Registry.merge([own, ofProcess])
  return { contentType: both.contentType, text: await both.metrics() }
}

function seriesOf(name: string, { labels = {}, value, series }: Sample) {
  return { labels, value, metricName: series === undefined ? name : `${name}_${series}` }
}
