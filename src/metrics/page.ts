// A page of metrics for Prometheus: those of one node or bootstrap, and those of the process that it runs in.
// It must not know what is measured. prom-client is loaded when somebody looks: it costs memory and start-up time.

import type { Metric, Registry } from 'prom-client'
import { EventLoopLag, LAG_METRICS, lagSamples } from './event-loop-lag.ts'
import type { Catalogue, MetricFacts, MetricsPage, Sample, Samples } from './metric.ts'

/** How often prom-client measures the event loop, in ms. It does that anyway, and is not asked: see event-loop-lag.ts. */
const HARDLY_EVER_MS = 2 ** 31 - 1

/** prom-client, and the metrics of this process: memory, processor, event loop, handles, garbage collections. */
async function load() {
  const client = await import('prom-client')
  const ofProcess = new client.Registry()
  client.collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: HARDLY_EVER_MS })
  for (const metric of ofProcess.getMetricsAsArray())
    if (!isSound(metric)) ofProcess.removeSingleMetric(metric.name)
  const lag = new EventLoopLag(() => performance.now())
  lag.start()
  return { client, ofProcess, lag }
}
/** From the first look on: whoever looks again has to find the same counters. */
let loaded: ReturnType<typeof load> | undefined

/** Whether one of prom-client's own may stand on a page: those of the lag do not, nor gauges that are called counters. */
function isSound({ name, type }: { readonly name: string; readonly type?: unknown }): boolean {
  return !(name in LAG_METRICS) && (type === 'counter' || !name.endsWith('_total'))
}

/** The page with these metrics, and behind them those of the process. */
export async function metricsPage<C extends Catalogue>(
  catalogue: C,
  samples: Samples<C>,
): Promise<MetricsPage> {
  loaded ??= load()
  const { client, ofProcess, lag } = await loaded
  const own = new client.Registry()
  const ofLoop = new client.Registry()
  register(own, catalogue, samples)
  register(ofLoop, LAG_METRICS, lagSamples(lag.figures()))
  const all: Registry = client.Registry.merge([own, ofProcess, ofLoop])
  return { contentType: all.contentType, text: await all.metrics() }
}

function register(
  registry: Registry,
  catalogue: Readonly<Record<string, Pick<MetricFacts, 'help' | 'type'>>>,
  samples: Readonly<Record<string, () => readonly Sample[]>>,
): void {
  for (const [name, { type, help }] of Object.entries(catalogue)) {
    const get = async () => ({
      name,
      help,
      type,
      values: (samples[name]?.() ?? []).map((one) => seriesOf(name, one)),
    })
    // All that a registry asks of a metric is its name and `get`.
    registry.registerMetric({ name, help, type, get } as unknown as Metric)
  }
}

function seriesOf(name: string, { labels = {}, value, series }: Sample) {
  return { labels, value, metricName: series === undefined ? name : `${name}_${series}` }
}
