// The world that nodes run in: sockets, the clock of this machine, the event loop, and names that nobody guesses.
// Composition only.

import { nanoid } from 'nanoid'
import { withFields } from '../logger.ts'
import { askHttp } from '../net/http-ask.ts'
import { dialLink } from '../net/ws-socket.ts'
import type { Doors } from './doors.ts'
import { startRecorder } from './file-recorder.ts'
import { HttpPeers } from './http-peers.ts'
import { SocketLinks } from './links.ts'
import { NodeMetrics } from './metrics.ts'
import type { NodeSettings } from './options.ts'
import { Timers } from './timers.ts'
import { version } from './version.ts'
import type { LinkEvents, NodeWorld } from './world.ts'

const nowMs = (): number => performance.now()

/** The surroundings of a run that begins now. @param doors which listen already, if they are to. */
export function socketsWorld({ config, logger, link, record }: NodeSettings, doors: Doors): NodeWorld {
  return {
    run: {
      incarnation: Date.now(),
      instance: nanoid(),
      seed: Math.floor(Math.random() * 2 ** 48),
    },
    doors,
    nowMs,
    wallMs: () => Date.now(),
    timers: (expired) => new Timers(expired),
    links: (events: LinkEvents) => {
      const links = new SocketLinks(events, {
        logger: withFields(logger, { room: 'net' }),
        dial: dialLink,
        link,
      })
      doors.leadTo((socket, from) => links.adopt(socket, from))
      return links
    },
    record: (made) =>
      record === undefined
        ? undefined
        : startRecorder(
            record,
            { version: version(), ...made, config, startedAtMs: Date.now() },
            withFields(logger, { room: 'node' }),
          ),
    meters: (parts) => new NodeMetrics(parts),
    httpPeers: new HttpPeers({
      askHttp: (url, body, { signal, timeoutMs, ...headers }) =>
        askHttp(url, {
          headers,
          ...(body === undefined ? { method: 'GET' } : { method: 'POST', body }),
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        }),
      nowMs,
      after: (ms, run) => {
        const timeout = setTimeout(run, ms)
        return () => clearTimeout(timeout)
      },
    }),
    handOut: (promise) => {
      // A program that does not wait for `ready()` or `settled()` must not end when the node does.
      promise.catch(() => {})
      return promise
    },
  }
}
