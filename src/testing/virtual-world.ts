// The world of one run of a node in a test network: virtual time, links through the simulated medium, and the network
// itself in place of a bootstrap. It must not know what a message means.

import { CORE_DEFAULTS } from '../core/config.ts'
import type { Timer } from '../core/events.ts'
import { withFields } from '../logger.ts'
import { HttpPeers } from '../node/http-peers.ts'
import { NodeMetrics } from '../node/metrics.ts'
import type { NodeSettings } from '../node/options.ts'
import type {
  HandedOutCall,
  LinkEvents,
  MeteredParts,
  NodeLinks,
  NodeMeters,
  NodeTimers,
  NodeWorld,
  Run,
} from '../node/world.ts'
import type { CrashOptions, Host } from '../sim/host.ts'
import type { Medium } from '../sim/medium.ts'
import type { Complain } from './complaint.ts'
import type { Flow } from './flow.ts'
import { type Rendezvous, VirtualDoors } from './virtual-doors.ts'
import { VirtualLinks } from './virtual-links.ts'
import { VirtualTimers } from './virtual-timers.ts'

/** What all worlds of a network have in common. */
export interface WorldGround {
  readonly medium: Medium
  readonly flow: Flow
  readonly complain: Complain
  /** How long a promise of a node may be pending that has no deadline of its own. */
  readonly patienceMs: number
}

/** What one world is made for. */
export interface WorldOptions {
  readonly settings: NodeSettings
  readonly run: Run
  /** Where the node can be dialled. */
  readonly url: string | undefined
  readonly rendezvous: Rendezvous
}

/** See the head of the file. */
export class VirtualWorld implements NodeWorld {
  readonly run: Run
  readonly settings: NodeSettings
  readonly doors: VirtualDoors
  readonly host: Host
  readonly #ground: WorldGround
  #timers: VirtualTimers | undefined
  #links: VirtualLinks | undefined
  #hasCrashed = false

  constructor(ground: WorldGround, { settings, run, url, rendezvous }: WorldOptions) {
    this.#ground = ground
    this.settings = settings
    this.run = run
    this.host = ground.medium.host(settings.name, {
      ...(url === undefined ? {} : { url }),
      feed: (event) => this.#links?.take(event),
    })
    const { listen } = settings
    this.doors = new VirtualDoors(listen === false ? undefined : listen || PORT, rendezvous)
  }

  nowMs(): number {
    return this.#ground.medium.queue.nowMs
  }

  wallMs(): number {
    return Math.round(this.#ground.medium.queue.nowMs)
  }

  timers(expired: (timer: Timer) => void): NodeTimers {
    this.#timers = new VirtualTimers(this.#ground.medium.queue, this.host, expired)
    return this.#timers
  }

  links(events: LinkEvents): NodeLinks {
    this.#links = new VirtualLinks(this.host, events, withFields(this.settings.logger, { room: 'net' }))
    return this.#links
  }

  meters(parts: MeteredParts): NodeMeters {
    return new NodeMetrics(parts)
  }

  /** A run is repeated from its seed. */
  record(): undefined {
    return undefined
  }

  /** Nothing registers plain HTTP peers here, so nobody asks one. */
  readonly httpPeers = new HttpPeers({
    askHttp: (url) => Promise.reject(new Error(`no HTTP here: ${url}`)),
    nowMs: () => this.nowMs(),
    after: () => () => {},
  })

  /** Time flows while the program waits. */
  handOut<T>(promise: Promise<T>, call: HandedOutCall): Promise<T> {
    const { flow, patienceMs, complain } = this.#ground
    const what = `${call}() of ${this.settings.name}`
    const given = this.#hasCrashed
      ? Promise.reject(complain('crashed', `${what} is asked, which has crashed`))
      : flow.whilePending(promise, { what, owner: this, limitMs: patienceMs + this.#deadlineMs(call) })
    // Where the call does not reject in production, programs need not handle that it does here.
    given.catch(() => {})
    return given
  }

  /** The node's process is gone, and so is who waited for its promises. */
  crash(options?: CrashOptions): void {
    this.#hasCrashed = true
    this.#timers?.crash()
    this.doors.crash()
    this.host.crash(options)
    this.#ground.flow.forgetOf(this)
  }

  /** The latest deadline that a call may have. */
  #deadlineMs(call: HandedOutCall): number {
    const { deadlineMs, deadlineMaxMs } = { ...CORE_DEFAULTS, ...this.settings.config }
    const hasDeadline = call !== 'ready' && call !== 'settled' && call !== 'close'
    return hasDeadline ? Math.max(deadlineMs, deadlineMaxMs) : 0
  }
}

/** The port that nodes have which do not name one, as in the containers. */
export const PORT = 5_000
