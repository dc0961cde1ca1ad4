// The node as the HTTP shim sees it, and what answers its requests. Loaded with the first one, by doors.ts.

import type { RequestListener } from 'node:http'
import { uiFiles } from '../dashboard/assets.ts'
import type { GuestHost } from '../guests/guest-host.ts'
import { requestListener } from '../http/listener.ts'
import { createNodeApp } from '../http/node-app.ts'
import type { NodeHost, OutgoingMessage, SendOptions } from '../http/node-host.ts'
import type { Logger } from '../logger.ts'
import type { Conversation } from './conversation.ts'
import type { DoorsHost } from './world.ts'

/** What is asked over HTTP. */
export interface HttpSide {
  readonly host: DoorsHost
  readonly conversation: Conversation
  readonly guestHost: GuestHost
  /** A request was refused by the shim itself. */
  readonly refused: () => void
}

/** Answers the requests to a node. */
export function nodeListener(side: HttpSide, logger: Logger): RequestListener {
  return requestListener(createNodeApp(shimHost(side), logger, uiFiles), logger)
}

function shimHost({ host, conversation, guestHost, refused }: HttpSide): NodeHost {
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
    refused,
  }
}
