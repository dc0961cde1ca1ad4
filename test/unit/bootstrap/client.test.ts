// A node's side of the rendezvous, in a world that the test plays: when a name that was its own is given up, and what it
// hands on of those who have it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BootstrapClient } from '../../../src/bootstrap/client.ts'
import type { ConnectionHandlers } from '../../../src/bootstrap/client-world.ts'
import type { PeerEvents } from '../../../src/core/messages.ts'
import { helloOf, nodeName, urlOf } from '../../support/core-rig.ts'

/** A client of one bootstrap, which accepts the first `accepted` hellos and refuses the name after that. */
function clientOf(accepted: number, isLinkless: () => boolean, wasMember = false) {
  const waiting: (() => void)[] = []
  const told: string[] = []
  const contacts: string[] = []
  let [dials, drop] = [0, () => {}]
  let push = (_: PeerEvents) => {}
  const dial = (_: string, { onOpen, onMessages, onClosed }: ConnectionHandlers) => {
    let isOpen = true
    const isAccepted = ++dials <= accepted
    const end = (reason: 'link-lost' | 'name-taken', detail = '') => {
      isOpen = false
      onClosed({ reason, detail })
    }
    drop = () => end('link-lost')
    push = (events) => onMessages([events])
    waiting.push(() => {
      onOpen({
        get isOpen() {
          return isOpen
        },
        send: () => {},
        close: () => {
          isOpen = false
        },
      })
      onMessages([helloOf('bootstrap', { role: 'bootstrap' })])
      if (isAccepted) onMessages([{ type: 'welcome', contacts: [], httpPeers: [], registered: 1 }])
      else end('name-taken', 'in use elsewhere')
    })
    return () => {}
  }
  const after = (_: number, run: () => void) => {
    waiting.push(run)
    return () => {
      const index = waiting.indexOf(run)
      if (index !== -1) waiting.splice(index, 1)
    }
  }
  const nothing = () => {}
  const client = new BootstrapClient(
    {
      urls: ['ws://bootstrap:5000'],
      wasMember,
      hello: () => helloOf('node1', { name: nodeName('node1'), linkless: isLinkless() }),
      world: { nowMs: () => 0, after, dial },
    },
    {
      onContacts: (named) => contacts.push(...named.map(({ name, url }) => `${name} ${url}`)),
      onPeerEvents: nothing,
      onHttpPeers: nothing,
      onRegistered: () => told.push('registered'),
      onNameTaken: (_, detail) => told.push(`name taken: ${detail}`),
      onLost: () => told.push('lost'),
    },
  )
  client.start()
  /** Whatever is planned happens, so often. */
  const steps = (count: number) => {
    for (let i = 0; i < count; i++) waiting.shift()?.()
  }
  return {
    ...{ client, told, contacts, steps, drop: () => drop(), dials: () => dials },
    push: (events: PeerEvents) => push(events),
  }
}

test('a name that was never its own is given up at the first refusal', () => {
  const { told, steps, dials } = clientOf(0, () => true)
  steps(10)
  assert.deepEqual(told, ['name taken: in use elsewhere'])
  assert.equal(dials(), 1)
})

test('a name that was never its own is not given up while the node has links: the overlay decides', () => {
  const { told, steps, dials } = clientOf(0, () => false)
  steps(100)
  assert.deepEqual(told, [])
  assert.ok(dials() > 20, 'goes on')
})

test('another process of its name is a contact, and the node itself is none', () => {
  const { contacts, steps, push } = clientOf(1, () => false)
  steps(1)
  const at = (url: string) => ({ name: nodeName('node1'), kind: 'node', url }) as const
  push({ type: 'peer-events', joined: [at(urlOf('node1')), at('ws://elsewhere:5000/')], left: [] })
  assert.deepEqual(contacts, ['node1 ws://elsewhere:5000/'])
})

test('how many others there are is what the bootstrap says last, not what can be made of the changes', () => {
  const { client, steps, push } = clientOf(1, () => false)
  assert.equal(client.others, 0)
  steps(1)
  const joined = [{ name: nodeName('b'), kind: 'node', url: urlOf('b') }] as const
  push({ type: 'peer-events', joined, left: [], registered: 2 })
  assert.equal(client.others, 1)
  push({ type: 'peer-events', joined, left: [], registered: 2 })
  assert.equal(client.others, 1, 'b was restarted')
  push({ type: 'peer-events', joined: [], left: [] })
  assert.equal(client.others, 1, 'it need not say so')
  push({
    type: 'peer-events',
    joined: [],
    left: [{ name: nodeName('flask'), reason: 'left' }],
    registered: 1,
  })
  assert.equal(client.others, 0)
})

test('a name that was its own is given up after several refusals, if the node has no link to find out elsewhere', () => {
  for (const isLinkless of [true, false]) {
    const { told, steps, drop, dials } = clientOf(1, () => isLinkless)
    steps(1)
    drop()
    steps(100)
    const end = isLinkless ? ['name taken: in use elsewhere'] : []
    assert.deepEqual(told, ['registered', 'lost', ...end])
    if (isLinkless) assert.equal(dials(), 9)
    else assert.ok(dials() > 20, 'goes on')
  }
})

test('a name that was its own before is not given up at once either: whoever has it may be about to leave', () => {
  const { told, steps, dials } = clientOf(0, () => true, true)
  steps(100)
  assert.deepEqual(told, ['name taken: in use elsewhere'])
  assert.equal(dials(), 8)
})

test('what waits to dial again dials at once when it is told to, and is not dialled twice', () => {
  const { client, told, steps, drop, dials } = clientOf(2, () => true)
  client.hurry()
  assert.equal(dials(), 1, 'the first dial is under way')
  steps(1)
  client.hurry()
  assert.equal(dials(), 1, 'it is registered')
  drop()
  client.hurry()
  assert.equal(dials(), 2)
  steps(1)
  assert.deepEqual(told, ['registered', 'lost', 'registered'])
})
