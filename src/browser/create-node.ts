// How a page gets a node: the engine of `src/node` in the world of a browser. Composition only.

import { nanoid } from 'nanoid'
import { clientSockets } from '../bootstrap/client-sockets.ts'
import { HearsayError } from '../errors.ts'
import { withFields } from '../logger.ts'
import { browserDial } from '../net/browser-dial.ts'
import { SocketLinks } from '../node/links.ts'
import type { MemberSettings } from '../node/member-options.ts'
import { Node } from '../node/node.ts'
import type { NodeWorld, PlainHttpPeers } from '../node/world.ts'
import { Agenda } from './agenda.ts'
import { BrowserDoors } from './doors.ts'
import { type BrowserNodeOptions, checkOptions } from './options.ts'
import { watchPage } from './page.ts'
import { BrowserTimers } from './timers.ts'

/**
 * A running node in a browser: what a node in Node.js is, without what operators ask of one, and without `POST /message`,
 * which nobody can send to a page.
 */
export type BrowserNode = Omit<Node, 'metrics' | 'deliver'>

/**
 * Starts a node in a page or a worker: registers with the bootstraps, dials nodes. Nobody can dial it, and everybody can
 * reach it by its name. Resolves at once; see {@link Node.ready} for the first link.
 * @throws HearsayError for options that are wrong
 */
export async function createNode(options: BrowserNodeOptions = {}): Promise<BrowserNode> {
  const settings = checkOptions(options)
  const agendas = { core: new Agenda(), bootstrap: new Agenda() }
  const catchUp = (): void => {
    agendas.core.catchUp()
    agendas.bootstrap.catchUp()
  }
  const dial = browserDial(catchUp)
  const client = clientSockets(dial, settings.link, (ms, run) => agendas.bootstrap.after(ms, run))
  const doors = new BrowserDoors(settings, client, () => endWatch())
  const endWatch = watchPage({
    onAwake: () => {
      catchUp()
      doors.awake()
    },
    onAway: () => doors.away(),
    onBack: () => {
      catchUp()
      doors.back()
    },
    // As much of it as happens in this turn: the others are told.
    onGone: () => void node.close(),
  })
  const node = new Node(settings, browserWorld(settings, { doors, dial, agenda: agendas.core }), undefined)
  return node
}

interface WorldParts {
  readonly doors: BrowserDoors
  readonly dial: ReturnType<typeof browserDial>
  readonly agenda: Agenda
}

/** The surroundings of a run that begins now. */
function browserWorld({ logger, link }: MemberSettings, { doors, dial, agenda }: WorldParts): NodeWorld {
  return {
    run: { incarnation: Date.now(), instance: nanoid(), seed: Math.floor(Math.random() * 2 ** 48) },
    doors,
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    timers: (expired) => new BrowserTimers(agenda, expired),
    links: (events) => new SocketLinks(events, { logger: withFields(logger, { room: 'net' }), dial, link }),
    record: () => undefined,
    meters: () => ({
      heartbeat: () => {},
      page: () => Promise.reject(new HearsayError('unsupported', 'a node in a browser has no metrics')),
    }),
    httpPeers: NO_HTTP_PEERS,
    handOut: (promise) => {
      // A program that does not wait for `ready()` or `settled()` must not have an unhandled rejection for it.
      promise.catch(() => {})
      return promise
    },
  }
}

/** A page may post only to those that let it, so it knows none. */
const NO_HTTP_PEERS: PlainHttpPeers = {
  list: [],
  has: () => false,
  replace: () => {},
  hasRoom: () => true,
  post: () => Promise.resolve({ status: 'failed', reason: 'unknown-peer', detail: 'not from a browser' }),
  ping: () => Promise.resolve({ status: 'failed', reason: 'unknown-peer', detail: 'not from a browser' }),
  end: () => {},
}
