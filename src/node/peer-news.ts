// What a node tells its program, and its log, of peers and neighbors that come and go. It must not decide who is there.

import type { Notification } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import type { Logger } from '../logger.ts'
import type { Conversation } from './conversation.ts'
import type { Emitter, PeerInfo } from './events.ts'
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
}

/** What the core says of peers and neighbors. */
export type PeerNotice = Extract<
  Notification,
  { type: 'peer-join' | 'peer-leave' | 'neighbor-up' | 'neighbor-down' }
>

/** See the head of the file. */
export class PeerNews {
  readonly #parts: PeerNewsParts

  constructor(parts: PeerNewsParts) {
    this.#parts = parts
  }

  /** The core says that something has changed. */
  told(notice: PeerNotice): void {
    const { conversation, emitter, logger, name: self, readiness, sightings } = this.#parts
    readiness.changed()
    switch (notice.type) {
      case 'peer-join':
        emitter.emit('peer-join', peerInfo(notice.peer))
        break
      case 'peer-leave': {
        const { name, reason } = notice
        logger.info({ peer: name, reason }, 'peer-leave')
        conversation.peerLeft(name)
        emitter.emit('peer-leave', { name, kind: 'node', reason })
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
  httpPeers({
    joined,
    gone,
  }: {
    readonly joined: readonly PeerInfo[]
    readonly gone: readonly NodeName[]
  }): void {
    const { emitter } = this.#parts
    for (const name of gone) emitter.emit('peer-leave', { name, kind: 'http', reason: 'unreachable' })
    for (const peer of joined) emitter.emit('peer-join', peer)
  }
}
