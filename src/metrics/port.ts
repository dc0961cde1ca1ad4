// What any process of hearsay measures of the port that it listens on. It must not know what listens there.

import { by, type MetricFacts, one, type Samples } from './metric.ts'

/** Every metric of a port. */
export const PORT_METRICS = {
  hearsay_connections: {
    type: 'gauge',
    help: 'TCP connections to the port: nodes, people in line mode and HTTP clients',
    labels: [],
    bad: 'It grows without end',
    advice: 'Look for clients that do not close; see hearsay_connections_refused_total',
  },
  hearsay_connections_refused_total: {
    type: 'counter',
    help: 'Connections to the port that came to nothing, and requests of web pages that may not, by why',
    labels: ['why'],
    bad: 'It grows: something that speaks neither WebSocket nor HTTP knocks, there are too many connections, or web sites try (foreign-origin)',
    advice:
      'Look at the log at level debug, which has the addresses and origins, but of those that are too many; --allow-origin lets pages in that may',
  },
  hearsay_http_requests_total: {
    type: 'counter',
    help: 'HTTP requests to the port',
    labels: [],
    bad: 'More than clients are thought to send',
    advice: 'Look for a client or a probe that asks too often',
  },
  hearsay_http_refused_total: {
    type: 'counter',
    help: 'HTTP requests that were answered with a status of 400 or above without asking anybody, but for those of foreign origins',
    labels: [],
    bad: 'It grows: a client sends what is wrong',
    advice: 'The answers say what is wrong; ask the client',
  },
} as const satisfies Readonly<Record<string, MetricFacts>>

/** The counters that are needed of a port. */
export interface PortCounts {
  readonly connections: number
  readonly requests: number
  readonly badHandshakes: number
  readonly foreignOrigins: number
  readonly malformedHttp: number
  readonly timedOut: number
  readonly overConnectionsMax: number
}

/** What they are worth. @param port `undefined`: there is none, and the series are left out */
export function portSamples(port: PortCounts | undefined, httpRefused: number): Samples<typeof PORT_METRICS> {
  return {
    hearsay_connections: () => (port === undefined ? [] : one(port.connections)),
    hearsay_connections_refused_total: () =>
      port === undefined
        ? []
        : by('why', {
            handshake: port.badHandshakes,
            'foreign-origin': port.foreignOrigins,
            'not-http': port.malformedHttp,
            'too-slow': port.timedOut,
            'too-many': port.overConnectionsMax,
          }),
    hearsay_http_requests_total: () => (port === undefined ? [] : one(port.requests)),
    hearsay_http_refused_total: () => one(httpRefused),
  }
}
