// What a node measures for Prometheus, and what each value means to an operator: docs/METRICS.md has the same table.
// Nothing is worked out before somebody looks, but for two histograms. It must not measure a process: that is metrics/page.ts.

import type { Overlay } from '../core/overlay.ts'
import { ALL_REASONS, isConnectionEnd, isRequestFailure, isSendFailure } from '../core/reasons.ts'
import { Histogram } from '../metrics/histogram.ts'
import {
  by,
  type MetricFacts,
  type MetricsPage,
  one,
  type Sample,
  type Samples,
  zeros,
} from '../metrics/metric.ts'
import { metricsPage } from '../metrics/page.ts'
import { PORT_METRICS, portSamples } from '../metrics/port.ts'
import type { SentKind, SentOutcome } from './tally.ts'
import type { MeteredParts, NodeMeters } from './world.ts'

/** Every metric of a node. */
export const NODE_METRICS = {
  hearsay_sends_total: {
    type: 'counter',
    help: 'Messages of this node that have ended, by kind and by how they ended',
    labels: ['kind', 'outcome'],
    bad: 'Outcomes other than delivered, sent and answered grow: messages do not arrive',
    advice: 'Look the outcome up in docs/ERRORS.md, which says for each what to do',
  },
  hearsay_received_total: {
    type: 'counter',
    help: 'Messages for this node, by how they came; http is POST /message',
    labels: ['kind'],
    bad: 'It stands still while others send to this node',
    advice: 'Look at hearsay_links and hearsay_drops_total here, and at hearsay_sends_total of the senders',
  },
  hearsay_relayed_total: {
    type: 'counter',
    help: 'Direct messages, acknowledgements and bounces of others that this node has passed on; reports to those who watch are some',
    labels: [],
    bad: 'One node relays much more than the others and its event loop lags',
    advice: 'Give that node a core of its own, or raise linksAim and linksMax, so that ways are shorter',
  },
  hearsay_drops_total: {
    type: 'counter',
    help: 'Frames, messages and records that were not used or not passed on, by reason',
    labels: ['reason'],
    bad: 'A reason other than duplicate and stale-incarnation grows; missed means that broadcasts were lost here',
    advice: 'Look the reason up in docs/ERRORS.md; with LOG_LEVEL=trace each drop is in the log',
  },
  hearsay_unsettled_messages: {
    type: 'gauge',
    help: 'Messages of this node that have no outcome yet',
    labels: [],
    bad: 'It grows and does not come down: a destination or the way to it is slower than its senders',
    advice:
      'Await each send, which is the back-pressure, and look at hearsay_link_queue_bytes on the way (hearsay trace)',
  },
  hearsay_links: {
    type: 'gauge',
    help: 'Links with neighbors that are up',
    labels: [],
    bad: '0 where there are other nodes: the node is cut off; 1 for minutes among three or more: one failure away from it',
    advice: 'Run hearsay doctor beside the node; look at hearsay_links_ended_total for the reasons',
  },
  hearsay_links_ended_total: {
    type: 'counter',
    help: 'Connections that have ended, by reason, those included that never came to be links',
    labels: ['reason'],
    bad: 'silent, stalled, link-lost or hello-timeout grow while no node is started or stopped',
    advice: 'Look for nodes that stand still (event-loop lag) and for a network that loses packets',
  },
  hearsay_link_rtt_seconds: {
    type: 'histogram',
    help: 'Smoothed round trip of each link, looked at with every heartbeat, in seconds',
    labels: [],
    bad: 'The upper quantiles are far above what ping says between the machines',
    advice: 'Look at event-loop lag on both ends, and at hearsay_link_queue_bytes',
  },
  hearsay_link_bytes_total: {
    type: 'counter',
    help: 'Payload of the WebSocket messages on all links, in bytes, by direction',
    labels: ['direction'],
    bad: 'It nears what the network carries, or is large while no program sends',
    advice: 'Send less or in larger messages; without traffic look for nodes that come and go',
  },
  hearsay_link_frames_total: {
    type: 'counter',
    help: 'Frames on all links, by direction',
    labels: ['direction'],
    bad: 'Few bytes a frame at a high rate: programs send many small messages',
    advice: 'Nothing as long as the event loop keeps up; else put several into one message',
  },
  hearsay_link_queue_bytes: {
    type: 'gauge',
    help: 'Bytes that wait on all links, by lane; socket is what was handed to the system and is not taken yet',
    labels: ['lane'],
    bad: 'It stays above 0: a neighbor reads more slowly than this node sends',
    advice:
      'Find the neighbor with hearsay trace, which shows what waits on each link; it may need a faster machine or less work',
  },
  hearsay_directory_nodes: {
    type: 'gauge',
    help: 'Nodes whose record is known, this one included, by state',
    labels: ['state'],
    bad: 'unreachable stays high for more than the ten minutes after which it is forgotten',
    advice:
      'Look for a partition: nodes that see each other and not the rest; check their bootstraps and networks',
  },
  hearsay_reachable_peers: {
    type: 'gauge',
    help: 'Other nodes to which a path of links leads',
    labels: [],
    bad: 'Nodes disagree about it for more than a few seconds: the overlay is partitioned',
    advice: 'Compare /topology of nodes on either side, and look at what lies between them',
  },
  hearsay_routes_seconds: {
    type: 'histogram',
    help: 'Time that one computation of all routes took, in seconds',
    labels: [],
    bad: 'More than 0.015 s: the overlay is larger, or the machine slower, than this is made for',
    advice:
      'Give the node more of a core; how often routes are computed is bounded by their size, and not by the time that they take',
  },
  hearsay_bootstrap_registered: {
    type: 'gauge',
    help: '1 while a bootstrap has this node registered, else 0',
    labels: [],
    bad: '0 for minutes: new nodes do not learn of this one, and it finds no new contacts',
    advice: 'Start the bootstrap again, or correct BOOTSTRAP_URL; the overlay works on meanwhile',
  },
  ...PORT_METRICS,
} as const satisfies Readonly<Record<string, MetricFacts>>

/** Upper ends of buckets, in s: from a loopback to the far side of the world. */
const RTT_BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
/** In s: from a few nodes to 10,000 on a slow machine. */
const ROUTES_BUCKETS_S = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.015, 0.05, 0.1]

/** All that can be: see {@link zeros}. */
const FAILURES = ALL_REASONS.filter(isSendFailure)
const OUTCOMES: Readonly<Record<SentKind, readonly SentOutcome[]>> = {
  direct: ['delivered', ...FAILURES],
  broadcast: ['sent', ...FAILURES],
  request: ['answered', ...ALL_REASONS.filter(isRequestFailure)],
  http: ['delivered', ...FAILURES],
}
const NONE_DROPPED = zeros(ALL_REASONS)
const NONE_ENDED = zeros(ALL_REASONS.filter(isConnectionEnd))

/** See the head of the file. */
export class NodeMetrics implements NodeMeters {
  readonly #parts: MeteredParts
  readonly #rtt = new Histogram(RTT_BUCKETS_S)
  readonly #routes = new Histogram(ROUTES_BUCKETS_S)

  constructor(parts: MeteredParts) {
    this.#parts = parts
    parts.overlay.timeRoutes((work) => {
      const startedMs = performance.now()
      work()
      this.#routes.observe((performance.now() - startedMs) / 1_000)
    })
  }

  /** A heartbeat is due: the links are looked at. */
  heartbeat(): void {
    for (const { rttMs } of this.#parts.overlay.neighbors.values()) {
      if (rttMs !== undefined) this.#rtt.observe(rttMs / 1_000)
    }
  }

  /** The page for a scrape. */
  page(): Promise<MetricsPage> {
    return metricsPage(NODE_METRICS, this.#samples())
  }

  #samples(): Samples<typeof NODE_METRICS> {
    const { overlay, links, doors, stats } = this.#parts
    const { sent, received, relayed, dropped, linksEnded, httpRefused, listener } = stats()
    const traffic = links.traffic
    const directions = (bytes: 'bytes' | 'frames'): readonly Sample[] =>
      traffic === undefined
        ? []
        : by('direction', { sent: traffic[`${bytes}Sent`], received: traffic[`${bytes}Received`] })
    return {
      hearsay_sends_total: () =>
        Object.entries(OUTCOMES).flatMap(([kind, outcomes]) =>
          outcomes.map((outcome) => {
            const value = sent[kind as SentKind][outcome] ?? 0
            return { labels: { kind, outcome }, value }
          }),
        ),
      hearsay_received_total: () => by('kind', received),
      hearsay_relayed_total: () => one(relayed),
      hearsay_drops_total: () => by('reason', { ...NONE_DROPPED, ...dropped }),
      hearsay_unsettled_messages: () => one(overlay.unsettled),
      hearsay_links: () => one(overlay.neighbors.size),
      hearsay_links_ended_total: () => by('reason', { ...NONE_ENDED, ...linksEnded }),
      hearsay_link_rtt_seconds: () => this.#rtt.samples(),
      hearsay_link_bytes_total: () => directions('bytes'),
      hearsay_link_frames_total: () => directions('frames'),
      hearsay_link_queue_bytes: () =>
        traffic === undefined ? [] : by('lane', { ...traffic.queuedBytes, socket: traffic.inFlightBytes }),
      hearsay_directory_nodes: () => by('state', nodesByState(overlay)),
      hearsay_reachable_peers: () => one(overlay.directory.reachableCount - 1),
      hearsay_routes_seconds: () => this.#routes.samples(),
      hearsay_bootstrap_registered: () => one(doors.registered ? 1 : 0),
      ...portSamples(listener, httpRefused),
    }
  }
}

function nodesByState({ directory }: Overlay): Record<'reachable' | 'unreachable' | 'leaving', number> {
  const count = { reachable: 0, unreachable: 0, leaving: 0 }
  for (const { record, reachable } of directory.entries) {
    count[record.state === 'leaving' ? 'leaving' : reachable ? 'reachable' : 'unreachable']++
  }
  return count
}
