// Reception: each message that comes over a link goes to the machine whose business it is, and so does each that a link
// had no room for.
// It must not hold rules of its own beyond what is no message between nodes at all, nor keep anything.
//
// Z1  nothing but a hello reaches a machine from a link that is not up (K2), and nothing that comes behind the message
//     which has ended the node (O1)
// Z2  what the messages of a turn have made the machines owe their neighbors goes out at its end, once

import type { Broadcast } from './broadcast.ts'
import type { Delivery } from './delivery.ts'
import type { AntiEntropy } from './digests.ts'
import type { Directory } from './directory.ts'
import type { Incoming } from './incoming.ts'
import type { LinkState, Links } from './links.ts'
import type { Gossip, Hello, LinkId, Message, NodeName, RoutedMessage } from './messages.ts'
import type { Neighborhood } from './neighborhood.ts'
import type { News } from './news.ts'
import type { Reason } from './reasons.ts'
import type { Relay } from './relay.ts'
import type { Turn } from './turn.ts'

/** Who takes in messages. */
export interface ReceptionParts {
  readonly turn: Turn
  readonly directory: Pick<Directory, 'own'>
  readonly links: Links
  readonly neighborhood: Pick<Neighborhood, 'close' | 'helloReceived'>
  readonly news: News
  readonly antiEntropy: AntiEntropy
  readonly broadcast: Broadcast
  readonly relay: Relay
  readonly incoming: Incoming
  readonly delivery: Delivery
  /** Whether the node has ended meanwhile. */
  readonly isOver: () => boolean
}

/** See the head of the file. */
export class Reception {
  readonly #parts: ReceptionParts
  readonly #turn: Turn

  constructor(parts: ReceptionParts) {
    this.#parts = parts
    this.#turn = parts.turn
  }

  /** What one bundle carried, in order. */
  received(link: LinkId, messages: readonly Message[]): void {
    const { broadcast, incoming, isOver, links, neighborhood } = this.#parts
    links.heard(link)
    for (const message of messages) {
      if (message.type === 'hello') {
        neighborhood.helloReceived(link, message)
        continue
      }
      const state = links.up(link)
      if (state === undefined) {
        // A frame behind the one that closed the link is no news; one on a link that never came up is.
        if (links.get(link) !== undefined) {
          this.#closeForError(link, 'protocol-error', `${message.type} before hello`)
        }
        break
      }
      if (links.confirm(state)) broadcast.flush()
      this.#dispatch(message, state)
      if (isOver()) return
    }
    incoming.flush()
    broadcast.endTurn()
  }

  /** A link had no room for a message of this node, or for one that it passes on. */
  sendRefused(link: LinkId, message: Message): void {
    const { broadcast, delivery, incoming } = this.#parts
    if (message.type === 'gossip') broadcast.refused(message, link)
    else if (message.type !== 'direct') this.#turn.drop('queue-full', message.type, link)
    else if (message.origin === this.#self) delivery.sendRefused(message)
    else incoming.bounce(message, 'queue-full', undefined)
  }

  #dispatch(message: Message, link: LinkState & { readonly peer: Hello }): void {
    const { antiEntropy, broadcast, links, news } = this.#parts
    switch (message.type) {
      case 'heartbeat':
        links.heartbeatReceived(link, message)
        antiEntropy.compare(link.id, link.peer.name, message.hash)
        break
      case 'records':
        news.records(message.records, link.id)
        break
      case 'digest':
        antiEntropy.digestReceived(link.id, message)
        break
      case 'want':
        antiEntropy.wantReceived(link.id, message)
        break
      case 'gossip':
        this.#gossip(message, link)
        break
      case 'ihave':
        broadcast.ihaveReceived(message, link.id)
        break
      case 'graft':
        broadcast.graftReceived(message, link.id)
        break
      case 'prune':
        broadcast.pruneReceived(message, link.id)
        break
      case 'catch-up':
        broadcast.catchUpReceived(message, link.id)
        break
      case 'direct':
      case 'ack':
      case 'bounce':
        this.#routed(message, link.id)
        break
      case 'unknown':
        this.#turn.drop('unknown-frame', `type ${message.code}`, link.id)
        break
      default:
        this.#closeForError(link.id, 'protocol-error', `${message.type} from a node`)
    }
  }

  #closeForError(link: LinkId, reason: Reason, detail: string): void {
    this.#turn.drop(reason, detail, link)
    this.#parts.neighborhood.close(link, reason)
  }

  #gossip(gossip: Gossip, link: LinkState & { readonly peer: Hello }): void {
    const { broadcast, news } = this.#parts
    const { record, origin } = gossip
    const { id: cameFrom } = link
    if (gossip.kind === 'record' && record?.name !== origin) {
      this.#closeForError(cameFrom, 'not-an-origin', `${origin} published the record of ${record?.name}`)
    } else if (origin === this.#self) {
      this.#ownBroadcast(gossip, cameFrom)
    } else if (broadcast.receive(gossip, cameFrom)) {
      if (record !== undefined) news.learn(record, cameFrom)
      else this.#handOver(gossip, link.peer.name)
    }
  }

  #handOver({ origin: from, payload, hops, incarnation, sequence }: Gossip, via: NodeName): void {
    const spread = { incarnation, sequence, via }
    this.#turn.notify({ type: 'message', from, payload, hops, broadcast: true, spread })
  }

  #ownBroadcast(gossip: Gossip, cameFrom: LinkId): void {
    const { broadcast, news } = this.#parts
    if (!broadcast.ownReceived(gossip, cameFrom) && !news.raiseIncarnation()) return
    if (gossip.record !== undefined) news.learn(gossip.record, cameFrom)
    else {
      news.overheard(gossip.incarnation)
      this.#turn.drop('duplicate', `broadcast ${gossip.sequence} of this node`, cameFrom)
    }
  }

  #routed(message: RoutedMessage, cameFrom: LinkId): void {
    const { delivery, incoming, news, relay } = this.#parts
    if (message.destination !== this.#self) {
      const failure = relay.forward(message, cameFrom)
      if (failure === undefined) return
      if (failure === 'hops-exceeded') this.#turn.drop(failure, `from ${message.origin}`, cameFrom)
      if (message.type === 'direct') incoming.bounce(message, 'no-route', cameFrom)
      else if (failure === 'no-route')
        this.#turn.drop(failure, `${message.type} for ${message.destination}`, cameFrom)
    } else if (message.type === 'direct') incoming.receive(message, cameFrom)
    else if (message.type === 'ack') {
      // Only of whom one is owed: anybody can write one.
      if (delivery.isAwaiting(message.origin)) news.overheard(message.destinationIncarnation)
      delivery.receiveAck(message)
    } else delivery.receiveBounce(message)
  }

  get #self(): NodeName {
    return this.#parts.directory.own.record.name
  }
}
