// Many processes that register at a bootstrap, as it sees them: each has a WebSocket of `hearsay.1`, says hello, and reads its
// welcome and what is pushed to it. They are no nodes: a process holds thousands of them.
// It must not do more than a node that has just started says to its bootstrap.

import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { type NodeName, PROTOCOL_VERSION, parseNodeName } from '../../../src/core/messages.ts'
import { LINK_SOCKET_OPTIONS, SUB_PROTOCOL } from '../../../src/net/sub-protocol.ts'
import { decodeBundle, encodeBundle } from '../../../src/wire/bundle.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { serve } from './serving.ts'

/** Connections that are opened at the same time while the bootstrap is filled. */
const OPENING_MAX = 64

const leavers: WebSocket[] = []
let lastNumber = 0

/** Registers one. Resolves when it is welcome. */
async function registerOne(url: string): Promise<WebSocket> {
  const number = ++lastNumber
  const socket = new WebSocket(url, SUB_PROTOCOL, LINK_SOCKET_OPTIONS)
  await once(socket, 'open')
  const welcomed = Promise.withResolvers<void>()
  socket.on('message', (data: Buffer) => {
    for (const { type } of decodeBundle(data).messages) if (type === 'welcome') welcomed.resolve()
  })
  socket.on('close', (code, reason) => welcomed.reject(new Error(`not welcome: ${code} ${reason}`)))
  const hello = encodeFrame({
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    role: 'node',
    name: parseNodeName(`joiner${number}`) as NodeName,
    incarnation: 1_795_438_603_746 + number,
    instance: `instance-of-joiner-${number}`,
    url: `ws://127.0.0.1:${1_024 + (number % 60_000)}/`,
    linkless: true,
  })
  socket.send(encodeBundle([hello]))
  await welcomed.promise
  return socket
}

/** Registers so many, who stay. */
async function fill(url: string, count: number): Promise<void> {
  let left = count
  const some = async (): Promise<void> => {
    while (left-- > 0) await registerOne(url)
  }
  await Promise.all(Array.from({ length: OPENING_MAX }, some))
}

/** Registers so many, one every so many ms. Resolves when all are welcome. */
async function join(url: string, count: number, everyMs: number): Promise<void> {
  const joining: Promise<WebSocket>[] = []
  for (let index = 0; index < count; index++) {
    joining.push(registerOne(url))
    await delay(everyMs)
  }
  leavers.push(...(await Promise.all(joining)))
}

/** Those who joined last are gone. */
async function leave(): Promise<void> {
  const closing = leavers.splice(0).map((socket) => {
    const closed = once(socket, 'close')
    socket.close()
    return closed
  })
  await Promise.all(closing)
}

const commands = { fill, join, leave }

/** What this process can be asked. */
export type JoinersCommands = typeof commands

serve(commands)
