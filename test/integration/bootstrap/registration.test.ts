// Nodes and a bootstrap on real sockets: registration, contacts, pushes, names, restarts, ends.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BootstrapClient, BootstrapUrlError } from '../../../src/bootstrap/client.ts'
import { clientSockets } from '../../../src/bootstrap/client-sockets.ts'
import { createBootstrap } from '../../../src/bootstrap/server.ts'
import type { Message } from '../../../src/core/messages.ts'
import { Link } from '../../../src/net/link.ts'
import { PortTakenError } from '../../../src/net/listen-error.ts'
import { type Listener, listen } from '../../../src/net/listener.ts'
import { dialLink, WsSocket } from '../../../src/net/ws-socket.ts'
import { encodeBundle } from '../../../src/wire/bundle.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { eventsOf, helloOf, joinRaw, openRaw, startBootstrap, startClient, until } from './rig.ts'

const namesOf = (peers: readonly { readonly name: string }[]) => peers.map(({ name }) => name).sort()

describe('registration over WebSocket', () => {
  it('gives contacts to the newcomer and tells the others', async (t) => {
    const bootstrap = await startBootstrap(t)
    const one = startClient(t, [bootstrap.url], 'node1')
    await until(() => one.client.registered, 'node1 registered')
    const two = startClient(t, [bootstrap.url], 'node2')
    await until(() => two.client.registered, 'node2 registered')
    const three = startClient(t, [bootstrap.url.replace('ws:', 'http:')], 'node3')
    await until(() => three.client.registered, 'node3 registered')
    const [contacts] = three.told.onContacts[0] ?? []
    assert.deepEqual(
      new Map(contacts?.map(({ name, url }) => [name as string, url])),
      new Map([
        ['node1', 'ws://node1:5000/'],
        ['node2', 'ws://node2:5000/'],
      ]),
    )
    assert.equal(three.told.onRegistered[0]?.[1].registered, 3)
    await until(() => eventsOf(one).joined.includes('node3'), 'node1 hears of node3')
    await until(() => eventsOf(two).joined.includes('node3'), 'node2 hears of node3')
    assert.ok(!eventsOf(one).joined.includes('node1'), 'nobody hears of itself')
    // Who joins later is a contact, too.
    assert.ok(one.told.onContacts.some(([list]) => list.some(({ name }) => name === 'node3')))
    assert.deepEqual(namesOf(bootstrap.peers()), ['node1', 'node2', 'node3'])
  })

  it('tells who said that it leaves, and who is just gone', async (t) => {
    const bootstrap = await startBootstrap(t)
    const stays = startClient(t, [bootstrap.url], 'stays')
    const leaves = startClient(t, [bootstrap.url], 'leaves')
    const stops = startClient(t, [bootstrap.url], 'stops')
    await until(() => bootstrap.peers().length === 3, 'all registered')
    const breaks = await joinRaw(t, bootstrap.url, 'breaks')
    await until(() => eventsOf(stays).joined.includes('breaks'), 'joins are pushed')
    await leaves.client.close('left')
    await stops.client.close('shutting-down')
    breaks.socket.terminate()
    await until(() => eventsOf(stays).left.length === 3, 'all three gone')
    assert.deepEqual(eventsOf(stays).left.sort(), ['breaks unreachable', 'leaves left', 'stops left'])
    assert.deepEqual(bootstrap.stats().leaves, { left: 2, unreachable: 1 })
  })

  it('tells 64 nodes of a join, however many there are', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => joinRaw(t, bootstrap.url, `node${index}`)),
    )
    const toldOf = (newcomer: string): number =>
      nodes.filter(({ received }) =>
        received.some(
          (message) => message.type === 'peer-events' && message.joined.some(({ name }) => name === newcomer),
        ),
      ).length
    // The newcomer may be in the sample itself.
    nodes.push(await joinRaw(t, bootstrap.url, 'late'))
    await until(() => toldOf('late') >= 64, 'the sample is told')
    nodes.push(await joinRaw(t, bootstrap.url, 'later'))
    await until(() => toldOf('later') >= 64, 'the next sample is told')
    assert.deepEqual([toldOf('late'), toldOf('later')], [64, 64])
  })

  it('refuses a name that is alive elsewhere, and says where', async (t) => {
    const bootstrap = await startBootstrap(t)
    const first = startClient(t, [bootstrap.url], 'node1', { fields: { url: 'ws://first:5000' } })
    await until(() => first.client.registered, 'the first registered')
    const second = startClient(t, [bootstrap.url], 'node1', { fields: { instance: 'second' } })
    await until(() => second.told.onNameTaken.length > 0, 'the second refused')
    assert.deepEqual(second.told.onNameTaken, [
      [`${bootstrap.url}/`, 'node1 is in use at http://first:5000: choose another name'],
    ])
    assert.equal(second.client.registered, false)
    assert.deepEqual(second.told.onRegistered, [])
    assert.equal(first.client.registered, true)
    assert.equal(bootstrap.stats().refused['name-taken'], 1)
    assert.deepEqual(first.told.onLost, [])
  })

  it('gives the name to a restarted node whose old connection only looks open', async (t) => {
    const bootstrap = await startBootstrap(t, { registry: { probeMs: 200 } })
    const other = startClient(t, [bootstrap.url], 'other')
    const old = await joinRaw(t, bootstrap.url, 'node1', { instance: 'old' })
    await until(() => eventsOf(other).joined.includes('node1'), 'the old one is known')
    // As after a power cut: nothing is read and nothing is said any more.
    old.socket.pause()
    const restarted = startClient(t, [bootstrap.url], 'node1', { fields: { instance: 'new' } })
    await until(() => restarted.client.registered, 'the restarted one registered')
    assert.deepEqual(restarted.told.onNameTaken, [])
    await until(() => eventsOf(other).joined.filter((name) => name === 'node1').length === 2, 'told as new')
    assert.deepEqual(eventsOf(other).left, [])
    old.socket.resume()
    await until(() => old.end(), 'the old one closed')
    assert.equal(old.end()?.reason, 'replaced')
    assert.deepEqual(namesOf(bootstrap.peers()), ['node1', 'other'])
  })

  it('gives the name to a restarted node at once when the old connection is gone', async (t) => {
    const bootstrap = await startBootstrap(t, { registry: { probeMs: 60_000 } })
    const old = await joinRaw(t, bootstrap.url, 'node1', { instance: 'old' })
    old.socket.terminate()
    const restarted = startClient(t, [bootstrap.url], 'node1', { fields: { instance: 'new' } })
    await until(() => restarted.client.registered, 'registered')
  })

  it('closes a connection that says nothing, and a node that falls silent', async (t) => {
    const bootstrap = await startBootstrap(t, { registry: { helloTimeoutMs: 50, heartbeatMs: 300 } })
    const mute = await openRaw(t, bootstrap.url)
    const quiet = await joinRaw(t, bootstrap.url, 'quiet')
    const talks = startClient(t, [bootstrap.url], 'talks', { heartbeatMs: 50, heartbeatsMissedMax: 1_000 })
    await until(() => mute.end(), 'the mute one closed')
    assert.equal(mute.end()?.reason, 'hello-timeout')
    await until(() => quiet.end(), 'the quiet one closed')
    assert.equal(quiet.end()?.reason, 'silent')
    await until(() => eventsOf(talks).left.includes('quiet unreachable'), 'the others are told')
    assert.equal(talks.told.onRegistered.length, 1)
    assert.equal(talks.client.registered, true)
  })
})

describe('several bootstraps, and bootstraps that come and go', () => {
  it('registers again with a bootstrap that was restarted', async (t) => {
    const first = await createBootstrap({ listen: 0, host: '127.0.0.1' })
    const clients = ['node1', 'node2', 'node3'].map((name) => startClient(t, [first.url], name))
    await until(() => first.peers().length === 3, 'registered')
    await first.close()
    await until(() => clients.every(({ client }) => !client.registered), 'lost')
    for (const { told } of clients) {
      assert.deepEqual(told.onLost, [[`${first.url}/`, 'the node is shutting down']])
    }
    const again = await startBootstrap(t, { listen: first.port })
    await until(() => again.peers().length === 3, 'registered again')
    assert.deepEqual(namesOf(again.peers()), ['node1', 'node2', 'node3'])
    await until(() => clients.every(({ client }) => client.registered), 'all know')
  })

  it('logs a bootstrap that cannot be reached once, and not with each try', async (t) => {
    const gone = await createBootstrap({ listen: 0, host: '127.0.0.1' })
    const { url, port } = gone
    await gone.close()
    const { client, log } = startClient(t, [url], 'node1')
    await until(() => log.filter(({ event }) => event === 'bootstrap-unreachable').length > 3, 'some tries')
    const warned = log.filter(({ level }) => level === 'warn')
    assert.deepEqual(
      warned.map(({ event, fields }) => [event, fields.detail]),
      [['bootstrap-unreachable', `127.0.0.1:${port} refused the connection: is it running?`]],
    )
    await startBootstrap(t, { listen: port })
    await until(() => client.registered, 'registered when it is there')
    assert.equal(log.at(-1)?.event, 'bootstrap-registered')
  })

  it('registers with all of them, and stays registered when one dies', async (t) => {
    const one = await startBootstrap(t)
    const two = await startBootstrap(t)
    const other = startClient(t, [one.url], 'node2')
    await until(() => other.client.registered, 'another one is at one of them')
    const node = startClient(t, [one.url, two.url, one.url], 'node1')
    await until(() => node.told.onRegistered.length === 2, 'registered with both')
    assert.equal(node.client.others, 1)
    await one.close()
    await until(() => node.told.onLost.length === 1, 'lost one')
    assert.equal(node.client.registered, true)
    assert.equal(node.client.others, 0, 'what a bootstrap has counted that is gone is old')
    assert.deepEqual(namesOf(two.peers()), ['node1'])
  })

  it('settles on one of two URLs of the same bootstrap', async (t) => {
    const bootstrap = await startBootstrap(t)
    const { port } = bootstrap
    const node = startClient(t, [`ws://127.0.0.1:${port}`, `ws://localhost:${port}`], 'node1')
    await until(() => node.log.some(({ event }) => event === 'bootstrap-same-as-other'), 'noticed')
    await until(() => node.client.registered && bootstrap.stats().nodes === 1, 'registered')
    const other = startClient(t, [bootstrap.url], 'node2')
    await until(() => node.client.others === 1, 'told of another one')
    await other.client.close('left')
    await until(() => node.client.others === 0, 'told that it has left, at whichever URL')
    assert.deepEqual(node.told.onLost, [])
  })

  it('says that a URL belongs to a node', async (t) => {
    let listener: Listener | undefined
    t.after(() => listener?.close())
    listener = await listen({
      port: 0,
      host: '127.0.0.1',
      onRequest: (_request, response) => response.end(),
      onGuest: (socket) => socket.close(),
      onLink: (socket) => {
        const link = new Link(new WsSocket(socket), {
          onMessages: () => link.send(encodeFrame(helloOf('a-node')), 'control'),
          onClosed: () => {},
        })
      },
    })
    const url = `ws://127.0.0.1:${listener.port}/`
    const { log, client } = startClient(t, [url], 'node1')
    const refused = await until(() => log.find(({ event }) => event === 'bootstrap-refused'), 'noticed')
    assert.deepEqual(refused.fields, {
      url,
      detail: `${url} is a node, not a bootstrap: give it as a peer; it is asked again in 5 minutes`,
      reason: 'wrong-role',
    })
    await client.close('left')
  })

  it('leaves a bootstrap that does not answer heartbeats', async (t) => {
    let listener: Listener | undefined
    t.after(() => listener?.close())
    listener = await listen({
      port: 0,
      host: '127.0.0.1',
      onRequest: (_request, response) => response.end(),
      onGuest: (socket) => socket.close(),
      onLink: (socket) => {
        const link: Link = new Link(new WsSocket(socket), {
          onMessages: (messages) => {
            if (messages[0]?.type !== 'hello') return
            link.send(encodeFrame(helloOf('bootstrap', { role: 'bootstrap' })), 'control')
            const welcome = { type: 'welcome', contacts: [], httpPeers: [], registered: 1 } as const
            link.send(encodeFrame(welcome), 'control')
          },
          onClosed: () => {},
        })
      },
    })
    const url = `ws://127.0.0.1:${listener.port}/`
    const { told, log } = startClient(t, [url], 'node1', { heartbeatMs: 20 })
    await until(() => told.onLost.length > 0, 'lost')
    assert.equal(log.find(({ event }) => event === 'bootstrap-lost')?.fields.reason, 'silent')
    await until(() => told.onRegistered.length > 1, 'tried again')
  })

  it('survives a bootstrap that talks rubbish', async (t) => {
    const hello = helloOf('bootstrap', { role: 'bootstrap' })
    const welcome = { type: 'welcome', contacts: [], httpPeers: [], registered: 1 } as const
    const frames = (...messages: Message[]) => encodeBundle(messages.map(encodeFrame))
    const answers: (Uint8Array | string)[] = [
      Buffer.from('ff00ff00ff', 'hex'),
      'text',
      frames(welcome),
      frames(hello, hello),
      frames({ ...hello, protocol: 9 }),
      frames(hello, { type: 'want', names: [] }),
      frames(hello, welcome, welcome),
      // A frame of a later version is no rubbish.
      encodeBundle([encodeFrame(hello), Uint8Array.of(99, 0, 0, 0), encodeFrame(welcome)]),
    ]
    let connections = 0
    let listener: Listener | undefined
    t.after(() => listener?.close())
    listener = await listen({
      port: 0,
      host: '127.0.0.1',
      onRequest: (_request, response) => response.end(),
      onGuest: (socket) => socket.close(),
      onLink: (socket) => {
        const answer = answers[connections++]
        socket.on('error', () => {})
        socket.once('message', () => {
          if (answer !== undefined) socket.send(answer)
        })
      },
    })
    const { client, log } = startClient(t, [`ws://127.0.0.1:${listener.port}/`], 'node1')
    await until(() => connections === answers.length && client.registered, 'registered at last')
    assert.deepEqual(
      log.filter(({ level }) => level === 'warn').map(({ event, fields }) => [event, fields.reason]),
      [
        ['bootstrap-refused', 'malformed'],
        ['bootstrap-refused', 'not-binary'],
        ['bootstrap-refused', 'protocol-error'],
        ['bootstrap-refused', 'unsupported-protocol'],
        ['bootstrap-refused', 'protocol-error'],
        ['bootstrap-lost', 'protocol-error'],
      ],
    )
  })

  it('keeps trying when the name is taken after it was registered once', async (t) => {
    const first = await createBootstrap({ listen: 0, host: '127.0.0.1' })
    const node = startClient(t, [first.url], 'node1')
    await until(() => node.client.registered, 'registered')
    await first.close()
    const again = await startBootstrap(t, { listen: first.port, registry: { probeMs: 60_000 } })
    // Somebody is quicker, and lives on.
    const thief = startClient(t, [again.url], 'node1', { fields: { instance: 'thief' }, backoffMaxMs: 1 })
    await until(() => thief.client.registered || node.client.registered, 'one of them registered')
    const [winner, loser] = thief.client.registered ? [thief, node] : [node, thief]
    if (loser === node) {
      await until(() => node.log.some(({ event }) => event === 'bootstrap-name-taken'), 'refused')
      assert.deepEqual(node.told.onNameTaken, [])
      await thief.client.close('left')
      await until(() => node.client.registered, 'registered when the name is free')
    } else await until(() => thief.told.onNameTaken.length === 1, 'refused for good')
    assert.ok(winner)
  })

  it('takes only URLs that can be dialled', () => {
    const nothing = () => {}
    const handlers = {
      onContacts: nothing,
      onPeerEvents: nothing,
      onHttpPeers: nothing,
      onRegistered: nothing,
      onNameTaken: nothing,
      onLost: nothing,
    }
    assert.throws(
      () =>
        new BootstrapClient(
          { urls: ['ftp://x'], hello: () => helloOf('node1'), world: clientSockets(dialLink) },
          handlers,
        ),
      (error) => error instanceof BootstrapUrlError && error.code === 'bootstrap-url',
    )
  })
})

describe('the end of a bootstrap', () => {
  it('tells everybody, and is over within 2 s whoever does not answer', async (t) => {
    const bootstrap = await startBootstrap(t)
    const polite = await joinRaw(t, bootstrap.url, 'polite')
    const stuck = await joinRaw(t, bootstrap.url, 'stuck')
    const mute = await openRaw(t, bootstrap.url)
    stuck.socket.pause()
    const startMs = performance.now()
    await Promise.all([bootstrap.close(), bootstrap.close()])
    assert.ok(performance.now() - startMs < 2_000)
    await until(() => polite.end() && mute.end(), 'told')
    assert.equal(polite.end()?.reason, 'shutting-down')
    assert.equal(mute.end()?.reason, 'shutting-down')
    await assert.rejects(openRaw(t, bootstrap.url))
  })

  it('says plainly that the port is taken', async (t) => {
    const bootstrap = await startBootstrap(t)
    await assert.rejects(createBootstrap({ listen: bootstrap.port, host: '127.0.0.1' }), PortTakenError)
  })
})
