// What a program is told where a plain HTTP server takes the place of a node, or a node that of a server, in whichever
// order the overlay and the bootstrap say so: it may keep names, and must not lose one that is there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../../src/logger.ts'
import { Emitter } from '../../../src/node/events.ts'
import { HttpPeerList, type KnownNodes } from '../../../src/node/http-peer-list.ts'
import { PeerNews } from '../../../src/node/peer-news.ts'
import { nodeName, recordOf } from '../../support/core-rig.ts'

/** A node that knows of `web` what the test says. */
function knower() {
  const emitter = new Emitter()
  const told: string[] = []
  emitter.on('peer-join', ({ name, kind }) => told.push(`+${name}/${kind}`))
  emitter.on('peer-leave', ({ name, kind, reason }) => told.push(`-${name}/${kind} ${reason}`))
  const entry = { joined: false, reachable: false }
  let isRegistered = false
  const registered = {
    get list() {
      return isRegistered ? [{ name: 'web', kind: 'http', url: 'http://web:80' } as const] : []
    },
    has: (name: string) => isRegistered && name === 'web',
  }
  const nodes = { directory: { get: () => entry }, neighbors: new Map() } as unknown as KnownNodes
  const httpPeers = new HttpPeerList(registered, nodes)
  const nothing = () => {}
  const news = new PeerNews({
    name: nodeName('a'),
    logger: silentLogger,
    emitter,
    readiness: { changed: nothing, linkUp: () => false },
    conversation: { peerLeft: nothing },
    sightings: { linkDown: nothing },
    httpPeers,
  })
  return {
    told,
    httpPeers,
    listed: () => httpPeers.listed.map(({ name }) => name),
    /** The bootstrap says whether a server has the name. */
    server: (isThere: boolean) => {
      isRegistered = isThere
      news.httpPeers()
    },
    /** The core has found out, and tells it if that is to be told. */
    node: (reachable: boolean, joined = reachable) => {
      entry.reachable = reachable
      if (joined === entry.joined) return
      entry.joined = joined
      if (joined) news.told({ type: 'peer-join', peer: recordOf('web', []) })
      else news.told({ type: 'peer-leave', name: nodeName('web'), reason: 'unreachable' })
    },
  }
}

test('a node takes the place of a server: the server leaves, then the node joins, and nothing follows', () => {
  const { told, listed, httpPeers, server, node } = knower()
  server(true)
  assert.deepEqual([listed(), httpPeers.names], [['web'], ['web']])
  node(true)
  assert.deepEqual([listed(), httpPeers.names], [[], []])
  server(false)
  assert.deepEqual(told, ['+web/http', '-web/http unreachable', '+web/node'])
})

test('so it is where the bootstrap is the first to say it', () => {
  const { told, server, node } = knower()
  server(true)
  server(false)
  node(true)
  assert.deepEqual(told, ['+web/http', '-web/http unreachable', '+web/node'])
})

test('a server takes the place of a node that is thought alive for another second', () => {
  const { told, listed, httpPeers, server, node } = knower()
  node(true)
  node(false, true)
  server(true)
  assert.deepEqual([told, listed()], [['+web/node'], []])
  // What is for the name arrives already.
  assert.ok(httpPeers.has('web'))
  node(false)
  assert.deepEqual(told, ['+web/node', '-web/node unreachable', '+web/http'])
  assert.deepEqual(listed(), ['web'])
  server(false)
  assert.equal(told.at(-1), '-web/http unreachable')
})

test('while a node of the name can be reached, it has the name', () => {
  const { told, httpPeers, server, node } = knower()
  node(true)
  server(true)
  assert.equal(httpPeers.has('web'), false)
  // A link is replaced: nobody has left.
  node(false, true)
  node(true, true)
  server(false)
  assert.deepEqual(told, ['+web/node'])
})
