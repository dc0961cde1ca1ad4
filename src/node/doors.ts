// How others get at a node: the port with its HTTP routes and links, and the registrations with bootstraps.
// Composition only: what comes in is handed to the node, what it is asked is answered by the node.

import { clientSockets } from '../bootstrap/client-sockets.ts'
import { uiFiles } from '../dashboard/assets.ts'
import type { GuestHost, ReceivedMessage } from '../guests/guest-host.ts'
import { Guests } from '../guests/guests.ts'
import { jsonAnswer, sendRaw } from '../http/exchange.ts'
import { HEALTH_REASONS } from '../http/health.ts'
import { requestListener } from '../http/listener.ts'
import { createNodeApp } from '../http/node-app.ts'
import type { NodeHost, OutgoingMessage, SendOptions } from '../http/node-host.ts'
import type { ErrorBody } from '../http/shim.ts'
import { withFields } from '../logger.ts'
import type { LinkSocket } from '../net/link-socket.ts'
import { type Listener, listen } from '../net/listener.ts'
import type { ListenerStats } from '../net/listener-stats.ts'
import { PASSAGE_HEADER } from '../net/sub-protocol.ts'
import { dialLink, WsSocket } from '../net/ws-socket.ts'
import type { Conversation } from './conversation.ts'
import { guestHostOf } from './guest-side.ts'
import type { NodeSettings } from './options.ts'
import { Registrations } from './registrations.ts'
import type { DoorsHandlers, DoorsHost, NodeDoors } from './world.ts'

const { httpStatus, text } = HEALTH_REASONS['not-ready']
const NOT_OPEN = jsonAnswer(httpStatus, { error: text, reason: 'not-ready' } satisfies ErrorBody)

/** See the head of the file. */
export class Doors implements NodeDoors {
  readonly #settings: NodeSettings
  #listener: Listener | undefined
  #adopt: ((socket: LinkSocket, from: string) => void) | undefined
  #onRequest: ReturnType<typeof requestListener> | undefined
  #registrations: Registrations | undefined
  #guests: Guests | undefined
  #httpRefused = 0

  private constructor(settings: NodeSettings) {
    this.#settings = settings
  }

  /** Listens, if the settings say so. Nothing is let in before {@link open}. */
  static async listen(settings: NodeSettings): Promise<Doors> {
    const doors = new Doors(settings)
    const { listen: port, host, allowOrigins } = settings
    if (port === false) return doors
    doors.#listener = await listen({
      port,
      ...(host === undefined ? {} : { host }),
      allowOrigins,
      logger: withFields(settings.logger, { room: 'net' }),
      onRequest: (request, response) => {
        if (doors.#onRequest !== undefined) doors.#onRequest(request, response)
        else sendRaw(response, NOT_OPEN)
      },
      onLink: (socket, from) => {
        if (doors.#adopt !== undefined) doors.#adopt(new WsSocket(socket), from)
        else socket.terminate()
      },
      onGuest: (socket, request) => {
        const isPassage = request.headers[PASSAGE_HEADER] !== undefined
        if (doors.#guests !== undefined)
          doors.#guests.accept(socket, request.socket.remoteAddress ?? 'unknown', isPassage)
        else socket.terminate()
      },
    })
    return doors
  }

  /** Gives the links that others dial to `adopt` from now on; before that they are cut off. */
  leadTo(adopt: (socket: LinkSocket, from: string) => void): void {
    this.#adopt = adopt
  }

  /** The port listened on; `undefined`: none. */
  get port(): number | undefined {
    return this.#listener?.port
  }

  /** Counters of the port, if there is one. */
  get listenerStats(): ListenerStats | undefined {
    return this.#listener?.stats()
  }

  /** Requests that the HTTP shim refused by itself. */
  get httpRefused(): number {
    return this.#httpRefused
  }

  /** Whether a bootstrap has this node registered. */
  get registered(): boolean {
    return this.#registrations?.registered ?? false
  }

  /** Whether no bootstrap knows of any other node. */
  get isAlone(): boolean {
    return this.#registrations?.isAlone ?? true
  }

  /** Lets everybody in, and begins to register. Once. */
  open(handlers: DoorsHandlers): void {
    const { logger, link } = this.#settings
    const refused = (): void => {
      this.#httpRefused++
    }
    const ofRoom = (room: string) => withFields(logger, { room })
    const ofHttp = ofRoom('http')
    const { host, conversation, overlay } = handlers
    const guestHost = guestHostOf(host, conversation, overlay)
    const app = createNodeApp({ ...shimHost(host, conversation, guestHost), refused }, ofHttp, uiFiles)
    this.#onRequest = requestListener(app, ofHttp)
    this.#guests = new Guests(guestHost, ofRoom('guests'))
    this.#registrations = new Registrations(this.#settings, handlers, clientSockets(dialLink, link))
  }

  /** Hands a message of the overlay to the guests. */
  deliver(message: ReceivedMessage): boolean {
    return this.#guests?.deliver(message) ?? false
  }

  /** Tells the bootstraps and the guests that the node leaves. */
  async leave(): Promise<void> {
    await Promise.all([this.#registrations?.leave(), this.#guests?.close()])
  }

  /** Stops listening. */
  async close(): Promise<void> {
    await this.#listener?.close()
  }
}

/** The node as the HTTP shim sees it. */
function shimHost(host: DoorsHost, conversation: Conversation, guestHost: GuestHost): NodeHost {
  const how = <T extends SendOptions>({ sender }: OutgoingMessage, options: T) => ({
    ...(sender === undefined ? {} : { sender }),
    ...conversation.patienceOf(options),
  })
  return {
    name: host.name,
    deliver: (message) => host.deliver(message),
    send: (to, message, options) => host.send(to, message.msg, how(message, options)),
    request: (to, message, options) => host.request(to, message.msg, how(message, options)),
    broadcast: (message, options) => host.broadcast(message.msg, how(message, options)),
    publish: (topic, message, options) => host.publish(topic, message.msg, how(message, options)),
    trace: (to, options) => host.trace(to, conversation.patienceOf(options)),
    traceAll: (options) => guestHost.traceAll(options),
    peers: () => host.peers(),
    topology: () => host.topology(),
    health: () => host.health(),
    metrics: () => host.metrics(),
  }
}
