// How others get at a node: the port with its HTTP routes and links, and the registrations with bootstraps.
// Composition only: what comes in is handed to the node, what it is asked is answered by the node.

import { BootstrapClient } from '../bootstrap/client.ts'
import type { Contact, Hello, ListedPeer, NodeName, PeerEvents } from '../core/messages.ts'
import { requestListener } from '../http/listener.ts'
import { createNodeApp } from '../http/node-app.ts'
import type { NodeHost, OutgoingMessage } from '../http/node-host.ts'
import { type Listener, listen } from '../net/listener.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { NodeMessage } from './events.ts'
import type { LinkSocket } from './links.ts'
import type { NodeSettings } from './options.ts'

/** What a node is asked through its doors. */
export type DoorsHost = Omit<NodeHost, 'send' | 'broadcast'> & {
  send(
    to: string,
    value: JsonValue,
    options: { sender?: string; deadlineMs?: number },
  ): ReturnType<NodeHost['send']>
  broadcast(value: JsonValue, options: { sender?: string }): ReturnType<NodeHost['broadcast']>
}

/** What comes in through the doors. */
export interface DoorsHandlers {
  readonly host: DoorsHost
  readonly hello: () => Hello
  readonly onLink: (socket: LinkSocket, from: string) => void
  readonly onContacts: (contacts: readonly Contact[]) => void
  /** All plain HTTP peers that are registered, whenever that has changed. */
  readonly onHttpPeers: (peers: readonly ListedPeer[]) => void
  /** A bootstrap refused this node's name before any had accepted it. */
  readonly onNameTaken: (detail: string) => void
}

/** See the head of the file. */
export class Doors {
  readonly #settings: NodeSettings
  #listener: Listener | undefined
  #handlers: DoorsHandlers | undefined
  #onRequest: ReturnType<typeof requestListener> | undefined
  #client: BootstrapClient | undefined
  /** Registered nodes, this one included, as far as the last bootstrap that spoke has told. */
  #membersTold = 0
  /** Plain HTTP peers among those who come and go: news of one who has left does not say what it was. */
  readonly #httpNames = new Set<NodeName>()

  private constructor(settings: NodeSettings) {
    this.#settings = settings
  }

  /** Listens, if the settings say so. Nothing is let in before {@link open}. */
  static async listen(settings: NodeSettings): Promise<Doors> {
    const doors = new Doors(settings)
    const { listen: port, host, logger } = settings
    if (port === false) return doors
    doors.#listener = await listen({
      port,
      ...(host === undefined ? {} : { host }),
      logger,
      onRequest: (request, response) => {
        if (doors.#onRequest !== undefined) doors.#onRequest(request, response)
        else response.writeHead(503).end()
      },
      onLink: (socket, from) => {
        if (doors.#handlers !== undefined) doors.#handlers.onLink(socket, from)
        else socket.terminate()
      },
      onGuest: (socket) => socket.terminate(),
    })
    return doors
  }

  /** The port listened on; `undefined`: none. */
  get port(): number | undefined {
    return this.#listener?.port
  }

  /** Whether a bootstrap has this node registered. */
  get registered(): boolean {
    return this.#client?.registered ?? false
  }

  /** Whether no bootstrap knows of any other node. */
  get isAlone(): boolean {
    return this.#membersTold <= 1
  }

  /** Lets everybody in, and begins to register. Once. */
  open(handlers: DoorsHandlers): void {
    const { logger, bootstrap } = this.#settings
    this.#handlers = handlers
    this.#onRequest = requestListener(createNodeApp(shimHost(handlers.host), logger), logger)
    this.#client = new BootstrapClient(
      { urls: bootstrap, hello: handlers.hello, logger },
      {
        onContacts: handlers.onContacts,
        onPeerEvents: (events) => this.#count(events),
        onHttpPeers: handlers.onHttpPeers,
        onRegistered: (url, { registered, contacts, httpPeers }) => {
          this.#membersTold = registered
          for (const { name } of httpPeers) this.#httpNames.add(name)
          logger.info({ url, registered, contacts: contacts.length }, 'registered')
        },
        onNameTaken: (_url, detail) => handlers.onNameTaken(detail),
        onLost: () => {},
      },
    )
    this.#client.start()
  }

  #count({ joined, left }: PeerEvents): void {
    for (const { name, kind } of joined) {
      if (kind === 'http') this.#httpNames.add(name)
      else {
        this.#httpNames.delete(name)
        this.#membersTold++
      }
    }
    for (const { name } of left) if (!this.#httpNames.delete(name)) this.#membersTold--
  }

  /** Hands a message of the overlay to the guests. */
  deliver(_message: NodeMessage): void {}

  /** Tells the bootstraps that the node leaves. */
  async leave(): Promise<void> {
    await this.#client?.close('left')
  }

  /** Stops listening. */
  async close(): Promise<void> {
    await this.#listener?.close()
  }
}

/** The node as the HTTP shim sees it. */
function shimHost(host: DoorsHost): NodeHost {
  const label = ({ sender }: OutgoingMessage) => (sender === undefined ? {} : { sender })
  return {
    name: host.name,
    deliver: (message) => host.deliver(message),
    send: (to, message, options) => host.send(to, message.msg, { ...label(message), ...options }),
    broadcast: (message) => host.broadcast(message.msg, label(message)),
    peers: () => host.peers(),
    topology: () => host.topology(),
    health: () => host.health(),
  }
}
