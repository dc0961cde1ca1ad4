// A registration in a world that the test plays: how long it leaves an address alone at which a node has answered.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLIENT_DEFAULTS } from '../../../src/bootstrap/client.ts'
import type { ClientConnection, ConnectionHandlers } from '../../../src/bootstrap/client-world.ts'
import { Registration } from '../../../src/bootstrap/registration.ts'
import type { Hello, Message } from '../../../src/core/messages.ts'
import { helloOf } from '../../support/core-rig.ts'

const nothing = () => {}

/** A registration whose waits are drawn as long as they can be, and who has answered each of its dials. */
function registrationAt(roles: readonly Hello['role'][]) {
  const waits: number[] = []
  const warned: string[] = []
  const sent: Message[] = []
  let wake = nothing
  let drop = nothing
  let dials = 0
  const dial = (_: string, { onOpen, onMessages, onClosed }: ConnectionHandlers) => {
    const role = roles[dials++] ?? 'node'
    let isOpen = true
    const end = (reason: 'wrong-role' | 'link-lost', detail = '') => {
      isOpen = false
      onClosed({ reason, detail })
    }
    const connection: ClientConnection = {
      get isOpen() {
        return isOpen
      },
      send: (message) => sent.push(message),
      close: (reason) => {
        if (reason === 'wrong-role') end(reason)
      },
    }
    drop = () => end('link-lost')
    onOpen(connection)
    onMessages([helloOf('other', { role })])
    if (role === 'bootstrap') onMessages([{ type: 'welcome', contacts: [], httpPeers: [], registered: 1 }])
    return nothing
  }
  const after = (ms: number, run: () => void) => {
    waits.push(ms)
    wake = run
    return nothing
  }
  const warn = (fields: object, event: string) =>
    warned.push(`${event}: ${'detail' in fields && fields.detail}`)
  const registration = new Registration(
    {
      url: 'ws://x:5000/?token=secret',
      hello: () => helloOf('node1'),
      times: CLIENT_DEFAULTS,
      logger: { error: warn, warn, info: nothing, debug: nothing, trace: nothing },
      random: () => 1,
      world: { nowMs: () => 0, after, dial },
    },
    {
      onWelcome: nothing,
      onPeerEvents: nothing,
      onLost: nothing,
      onNameTaken: () => true,
      onReplaced: () => false,
    },
  )
  registration.start()
  return {
    sent,
    warned,
    dials: () => dials,
    wake: () => wake(),
    drop: () => drop(),
    waitMs: () => waits.at(-1),
  }
}

test('an address that is that of a node is left alone for minutes, and the log says once what to do', () => {
  const { sent, warned, dials, wake, waitMs } = registrationAt(['node', 'node', 'bootstrap'])
  assert.equal(waitMs(), CLIENT_DEFAULTS.mistakenMs)
  wake()
  assert.equal(waitMs(), CLIENT_DEFAULTS.mistakenMs)
  const what = 'ws://x:5000/?… is a node, not a bootstrap: give it as a peer; it is asked again in 5 minutes'
  assert.deepEqual(warned, [`bootstrap-refused: ${what}`])
  wake()
  assert.equal(dials(), 3)
  // The node is told before it does anything about it.
  assert.ok(sent.every((message) => message.type === 'hello' && message.registers === true))
})

test('where a bootstrap has been, one may be back soon', () => {
  const { wake, drop, waitMs } = registrationAt(['bootstrap', 'node'])
  drop()
  wake()
  assert.equal(waitMs(), CLIENT_DEFAULTS.backoffMaxMs)
})
