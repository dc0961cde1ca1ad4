// What a bootstrap measures for Prometheus, and what each value means to an operator: docs/METRICS.md has the same table.
// It must not count anything itself: all of it is in the bootstrap's stats.

import { ALL_REASONS, isConnectionEnd, type Reason } from '../core/reasons.ts'
import { by, type MetricFacts, type MetricsPage, one, type Samples, zeros } from '../metrics/metric.ts'
import { metricsPage } from '../metrics/page.ts'
import { PORT_METRICS, portSamples } from '../metrics/port.ts'
import type { BootstrapStats } from './server.ts'

/** Every metric of a bootstrap. */
export const BOOTSTRAP_METRICS = {
  hearsay_bootstrap_peers: {
    type: 'gauge',
    help: 'Registered peers, by kind: nodes of the overlay, and plain HTTP peers',
    labels: ['kind'],
    bad: 'Fewer nodes than run: they are not registered here, or under another bootstrap only',
    advice: 'Look at hearsay_bootstrap_registered of the nodes that are missing, and at their BOOTSTRAP_URL',
  },
  hearsay_bootstrap_joins_total: {
    type: 'counter',
    help: 'Peers that have registered',
    labels: [],
    bad: 'It grows steadily while nobody starts nodes: they lose their registration and come again',
    advice: 'Look at hearsay_bootstrap_leaves_total and at event-loop lag here and on the nodes',
  },
  hearsay_bootstrap_leaves_total: {
    type: 'counter',
    help: 'Peers that are registered no more, by reason: they said so, or could not be reached',
    labels: ['reason'],
    bad: 'unreachable grows: nodes die, stand still, or lose the network',
    advice: 'Look at the log, which has their names, and at those nodes',
  },
  hearsay_bootstrap_refused_total: {
    type: 'counter',
    help: 'Connections closed and registrations not accepted, by reason',
    labels: ['reason'],
    bad: 'name-taken grows: two processes use one name; full: there are more nodes than allowed',
    advice: 'Look the reason up in docs/ERRORS.md; the log has the names',
  },
  hearsay_bootstrap_drops_total: {
    type: 'counter',
    help: 'Frames of nodes that were ignored, by reason',
    labels: ['reason'],
    bad: 'It grows: something speaks the protocol wrongly, or another version of it',
    advice: 'Look the reason up in docs/ERRORS.md; with LOG_LEVEL=debug each is in the log',
  },
  hearsay_bootstrap_messages_sent_total: {
    type: 'counter',
    help: 'Messages handed to nodes: welcomes, and news of peers that come and go',
    labels: [],
    bad: 'It grows fast while no node comes or goes',
    advice: 'Look at hearsay_bootstrap_joins_total: nodes that register again and again',
  },
  hearsay_bootstrap_pending: {
    type: 'gauge',
    help: 'Connections that are not decided on, by what they wait for',
    labels: ['state'],
    bad: 'It stays above 0: connections that say nothing, or names whose holders do not answer',
    advice: 'Nothing as long as it comes down by itself within seconds; else look at the log at level debug',
  },
  hearsay_bootstrap_watchers: {
    type: 'gauge',
    help: 'People and scripts that watch in line mode',
    labels: [],
    bad: 'It is at watchersMax, 256 unless told: further ones are refused',
    advice: 'Close those that are not needed, or raise watchersMax',
  },
  hearsay_bootstrap_watchers_dropped_total: {
    type: 'counter',
    help: 'Watchers that did not read and were cut off',
    labels: [],
    bad: 'It grows: a script connects and does not read',
    advice: 'Have it read, or close it',
  },
  ...PORT_METRICS,
} as const satisfies Readonly<Record<string, MetricFacts>>

/** Whatever ends a connection, or is wrong with what a plain HTTP peer says of itself. */
const NONE_REFUSED = zeros(ALL_REASONS.filter(isConnectionEnd))
const NONE_DROPPED = zeros(['unknown-frame'] satisfies Reason[])

/** The page for a scrape. */
export function bootstrapMetrics(stats: BootstrapStats): Promise<MetricsPage> {
  const samples: Samples<typeof BOOTSTRAP_METRICS> = {
    hearsay_bootstrap_peers: () => by('kind', { node: stats.nodes, http: stats.httpPeers }),
    hearsay_bootstrap_joins_total: () => one(stats.joins),
    hearsay_bootstrap_leaves_total: () => by('reason', stats.leaves),
    hearsay_bootstrap_refused_total: () => by('reason', { ...NONE_REFUSED, ...stats.refused }),
    hearsay_bootstrap_drops_total: () => by('reason', { ...NONE_DROPPED, ...stats.dropped }),
    hearsay_bootstrap_messages_sent_total: () => one(stats.messagesSent),
    hearsay_bootstrap_pending: () => by('state', { hello: stats.hellosPending, name: stats.claims }),
    hearsay_bootstrap_watchers: () => one(stats.watchers),
    hearsay_bootstrap_watchers_dropped_total: () => one(stats.watchersDropped),
    ...portSamples(stats.listener, stats.httpRefused),
  }
  return metricsPage(BOOTSTRAP_METRICS, samples)
}
