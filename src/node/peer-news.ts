// What a node tells its program, and its log, of peers and neighbors that come and go. It must not decide who is there.
//
// 1. Of a name one peer at a time is told as joined: where a node takes the place of a plain HTTP peer, or the other way
//    round, the leave of the one comes before the join of the other.

import type { Notification } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import type { Logger } from '../logger.ts'
import type { Conversation } from './conversation.ts'
import type { Emitter } from './events.ts'
import type { HttpPeerList } from './http-peer-list.ts'
import type { Readiness } from './readiness.ts'
import type { Sightings } from './sightings.ts'
import { peerInfo } from './views.ts'

/** Who has to hear of it. */
export interface PeerNewsParts {
  readonly name: NodeName
  readonly logger: Logger
  readonly emitter: Emitter
  readonly readiness: Pick<Readiness, 'changed' | 'linkUp'>
  readonly conversation: Pick<Conversation, 'peerLeft'>
  readonly sightings: Pick<Sightings, 'linkDown'>
  readonly httpPeers: Pick<HttpPeerList, 'listed'>
}

/** What the core says of peers and neighbors. */
export type PeerNotice = Extract<
  Notification,
  { type: 'peer-join' | 'peer-leave' | 'neighbor-up' | 'neighbor-down' }
>

/** See the head of the file. */
export class PeerNews {
  readonly #parts: PeerNewsParts
  /** The plain HTTP peers that are told as joined. */
  readonly #httpTold = new Set<string>()

  constructor(parts: PeerNewsParts) {
    this.#parts = parts
  }

  /** The core says that something has changed. */
  told(notice: PeerNotice): void {
    const { conversation, emitter, logger, name: self, readiness, sightings } = this.#parts
    readiness.changed()
    switch (notice.type) {
      case 'peer-join':
        this.#httpGone((name) => name === notice.peer.name)
        emitter.emit('peer-join', peerInfo(notice.peer))
        break
      case 'peer-leave': {
        const { name, reason } = notice
        logger.info({ peer: name, reason }, 'peer-leave')
        conversation.peerLeft(name)
        emitter.emit('peer-leave', { name, kind: 'node', reason })
        this.#httpCame((joined) => joined === name)
        break
      }
      case 'neighbor-up':
        logger.debug({ peer: notice.name }, 'neighbor-up')
        if (readiness.linkUp()) logger.info({ name: self }, 'ready')
        emitter.emit('neighbor-up', { name: notice.name })
        break
      case 'neighbor-down': {
        const { link, name, reason } = notice
        sightings.linkDown(link)
        logger.debug({ peer: name, reason }, 'neighbor-down')
        emitter.emit('neighbor-down', { name, reason })
      }
    }
  }

  /** The plain HTTP peers have changed. */
  httpPeers(): void {
    const listed = new Set(this.#parts.httpPeers.listed.map(({ name }) => name))
    this.#httpGone((name) => !listed.has(name))
    this.#httpCame(() => true)
  }

  /** Tells that plain HTTP peers are gone. */
  #httpGone(isGone: (name: string) => boolean): void {
    const gone = [...this.#httpTold].filter(isGone)
    for (const name of gone) {
      this.#httpTold.delete(name)
      this.#parts.emitter.emit('peer-leave', { name, kind: 'http', reason: 'unreachable' })
    }
  }

  /** Tells of plain HTTP peers that are listed and were not told. */
  #httpCame(isLookedAt: (name: string) => boolean): void {
    for (const peer of this.#parts.httpPeers.listed) {
      if (!isLookedAt(peer.name) || this.#httpTold.has(peer.name)) continue
      this.#httpTold.add(peer.name)
      this.#parts.emitter.emit('peer-join', peer)
    }
  }
}
