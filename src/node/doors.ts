// How others get at a node: the port with its HTTP routes and links, and the registrations with bootstraps.
// Composition only: what comes in is handed to the node, what it is asked is answered by the node.

import type { RequestListener } from 'node:http'
import { clientSockets } from '../bootstrap/client-sockets.ts'
import type { ReceivedMessage } from '../guests/guest-host.ts'
import { Guests } from '../guests/guests.ts'
import { type ErrorBody, jsonAnswer, sendRaw } from '../http/fixed-answer.ts'
import { HEALTH_REASONS } from '../http/health-reasons.ts'
import { lateListener } from '../http/late-listener.ts'
import { withFields } from '../logger.ts'
import type { LinkSocket } from '../net/link-socket.ts'
import { type Listener, listen } from '../net/listener.ts'
import type { ListenerStats } from '../net/listener-stats.ts'
import { PASSAGE_HEADER } from '../net/sub-protocol.ts'
import { dialLink, WsSocket } from '../net/ws-socket.ts'
import { guestHostOf } from './guest-side.ts'
import type { NodeSettings } from './options.ts'
import { Registrations } from './registrations.ts'
import type { DoorsHandlers, NodeDoors } from './world.ts'

const { httpStatus, text } = HEALTH_REASONS['not-ready']
const NOT_OPEN = jsonAnswer(httpStatus, { error: text, reason: 'not-ready' } satisfies ErrorBody)

/** See the head of the file. */
export class Doors implements NodeDoors {
  readonly #settings: NodeSettings
  #listener: Listener | undefined
  #adopt: ((socket: LinkSocket, from: string) => void) | undefined
  #onRequest: RequestListener | undefined
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
    this.#onRequest = lateListener(async () => {
      const { nodeListener } = await import('./http-side.ts')
      return nodeListener({ host, conversation, guestHost, refused }, ofHttp)
    }, ofHttp)
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
