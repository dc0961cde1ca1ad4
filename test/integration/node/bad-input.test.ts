// What strangers and neighbors send that they should not, on a running node: the offender gets the answer that the
// design names, it is counted, and no other link notices. The neighborhood's traffic goes on all the while.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import type { Direct, Gossip, Message, NodeName } from '../../../src/core/messages.ts'
import { REASONS, type Reason } from '../../../src/index.ts'
import { encodeBundle } from '../../../src/wire/bundle.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { FRAME_TYPES } from '../../../src/wire/frames.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { frameOf, utf8 } from '../../support/frame-bytes.ts'
import { Neighborhood } from '../../support/node-neighborhood.ts'
import { until } from '../../support/node-rig.ts'
import {
  RawStranger,
  STRANGER,
  Stranger,
  strangerHello,
  webSocketFrame,
} from '../../support/node-stranger.ts'
import { MESSAGE_SAMPLES } from '../../support/wire-samples.ts'

const codeOf = (reason: Reason): number => REASONS[reason].closeCode
const sample = (name: string): Message => MESSAGE_SAMPLES[name] as Message
const bundleOf = (message: Message): Uint8Array => encodeBundle([encodeFrame(message)])

interface Offence {
  readonly what: string
  readonly commit: (stranger: Stranger) => void
  /** Why the link ends. */
  readonly reason: Reason
  /** The close code, when it is not that of the reason: `ws` closes by itself, with the standard codes. */
  readonly code?: number
}

/** Wrong on every link, whether hello was said or not. */
const ALWAYS: readonly Offence[] = [
  {
    what: 'rubbish',
    commit: (stranger) => stranger.bytes(Uint8Array.from({ length: 300 }, (_, index) => 255 - (index % 97))),
    reason: 'malformed',
  },
  { what: 'nothing at all', commit: (stranger) => stranger.bytes(new Uint8Array(0)), reason: 'malformed' },
  {
    what: 'half a frame',
    commit: (stranger) => {
      const bytes = bundleOf(strangerHello())
      stranger.bytes(bytes.subarray(0, bytes.length >> 1))
    },
    reason: 'malformed',
  },
  {
    what: 'a frame that claims to be longer than any',
    commit: (stranger) => stranger.bytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3)),
    reason: 'malformed',
  },
  {
    what: 'a text frame',
    commit: (stranger) => stranger.bytes('{"sender":"mallory","msg":"hi"}'),
    reason: 'not-binary',
  },
  {
    what: 'a message of more than 1 MiB',
    commit: (stranger) => stranger.bytes(new Uint8Array(LIMITS.messageBytesMax + 1)),
    reason: 'too-large',
    code: 1009,
  },
]

const BEFORE_HELLO: readonly Offence[] = [
  {
    what: 'a hello with an illegal name',
    commit: (stranger) => {
      const hello = { ...strangerHello(), name: 'mal lory\n' }
      stranger.bytes(encodeBundle([frameOf(FRAME_TYPES.hello, utf8(JSON.stringify(hello)))]))
    },
    reason: 'malformed',
  },
  {
    what: 'a hello that is not JSON',
    commit: (stranger) => stranger.bytes(encodeBundle([frameOf(FRAME_TYPES.hello, utf8('{"name":'))])),
    reason: 'malformed',
  },
  {
    what: 'a hello that is not UTF-8',
    commit: (stranger) =>
      stranger.bytes(encodeBundle([frameOf(FRAME_TYPES.hello, [0x22, 0xff, 0xc0, 0x22])])),
    reason: 'malformed',
  },
  {
    what: 'a hello that never ends',
    commit: (stranger) => {
      const body = JSON.stringify({ ...strangerHello(), more: 'x'.repeat(LIMITS.helloBytesMax) })
      stranger.bytes(encodeBundle([frameOf(FRAME_TYPES.hello, utf8(body))]))
    },
    reason: 'malformed',
  },
  {
    what: 'a hello of another version',
    commit: (stranger) => stranger.say(strangerHello({ protocol: 2 })),
    reason: 'unsupported-protocol',
  },
  {
    what: 'a hello of a bootstrap',
    commit: (stranger) => stranger.say(strangerHello({ role: 'bootstrap' })),
    reason: 'wrong-role',
  },
  {
    what: 'a hello with the name of the node, from an earlier run',
    commit: (stranger) => stranger.say(strangerHello({ name: 'victim' as NodeName })),
    reason: 'name-taken',
  },
  {
    what: 'a hello with the name of a neighbor, from an earlier run',
    commit: (stranger) => stranger.say(strangerHello({ name: 'left' as NodeName })),
    reason: 'outdated',
  },
  ...['heartbeat', 'records', 'gossip of a payload', 'direct', 'ack', 'welcome'].map((name) => ({
    what: `${name} before hello`,
    commit: (stranger: Stranger) => stranger.say(sample(name)),
    reason: 'protocol-error' as const,
  })),
]

const AFTER_HELLO: readonly Offence[] = [
  {
    what: 'a second hello',
    commit: (stranger) => stranger.say(strangerHello()),
    reason: 'protocol-error',
  },
  {
    what: 'a welcome, which only a bootstrap sends',
    commit: (stranger) => stranger.say(sample('welcome')),
    reason: 'protocol-error',
  },
  {
    what: 'peer-events, which only a bootstrap sends',
    commit: (stranger) => stranger.say(sample('peer-events')),
    reason: 'protocol-error',
  },
  {
    what: 'a broadcast record of someone who is not its origin',
    commit: (stranger) => {
      const gossip = sample('gossip of a record') as Extract<Message, { type: 'gossip' }>
      stranger.say({ ...gossip, origin: STRANGER as NodeName })
    },
    reason: 'not-an-origin',
  },
]

/** The offender is told, the end of its link is counted, and nobody else notices. */
async function committed(t: TestContext, offence: Offence, joins: boolean): Promise<void> {
  const neighborhood = await Neighborhood.start(t)
  const { victim } = neighborhood
  const stranger = joins ? await Stranger.join(t, victim.url) : await Stranger.dial(t, victim.url)
  offence.commit(stranger)
  const { code } = await stranger.end()
  assert.equal(code, offence.code ?? codeOf(offence.reason))
  await until('it is counted', () => victim.node.stats().linksEnded[offence.reason] === 1)
  const { 'crossed-dial': _, ...ended } = victim.node.stats().linksEnded
  assert.deepEqual(ended, { [offence.reason]: 1 })
  assert.deepEqual(victim.down, joins ? [`${STRANGER} ${offence.reason}`] : [])
  await neighborhood.unharmed()
}

describe('bad input on a link that has not said hello', { concurrency: 4 }, () => {
  for (const offence of [...ALWAYS, ...BEFORE_HELLO]) test(offence.what, (t) => committed(t, offence, false))
})

describe('bad input from a neighbor', { concurrency: 4 }, () => {
  for (const offence of [...ALWAYS, ...AFTER_HELLO]) test(offence.what, (t) => committed(t, offence, true))
})

describe('what is wrong on a link and does not end it', { concurrency: 4 }, () => {
  test('a frame of an unknown type is ignored', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const stranger = await Stranger.join(t, victim.url)
    stranger.bytes(encodeBundle([frameOf(0x7f, [1, 2, 3]), frameOf(0x2f)]))
    await until('they are counted', () => victim.node.drops()['unknown-frame'] === 2)
    await neighborhood.unharmed()
    assert.ok(stranger.isOpen)
  })

  test('payloads that do not decode reach nobody and are counted', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim, left, right } = neighborhood
    const stranger = await Stranger.join(t, victim.url)
    const payloads = [[], [0x7f], [1, 0xff, 0xfe], [2, 0x7b], [0x81, 0xff, 0xff], [0x81, 0, 2, 0x5b, 0x5d]]
    for (const [index, payload] of payloads.entries()) {
      const sequence = index + 1
      stranger.say(directTo('victim', { sequence, payload: Uint8Array.from(payload) }))
      stranger.say(gossipOf({ sequence, payload: Uint8Array.from(payload) }))
    }
    for (const [node, count] of [
      [victim, 12],
      [left, 6],
      [right, 6],
    ] as const) {
      await until('they are counted', () => node.node.drops().malformed === count)
      assert.ok(node.messages.every(({ from }) => from !== STRANGER))
    }
    await neighborhood.unharmed()
    assert.ok(stranger.isOpen)
  })

  test('a message that may travel no further is dropped and bounced', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim, left } = neighborhood
    const stranger = await Stranger.join(t, victim.url)
    stranger.say(directTo('left', { hopsLeft: 0, hops: 16 }))
    const bounce = await stranger.hears('bounce')
    assert.deepEqual([bounce.failedDestination, bounce.reasonCode], ['left', codeOf('no-route')])
    assert.equal(victim.node.drops()['hops-exceeded'], 1)
    stranger.say(directTo('nobody', { sequence: 2 }))
    await until(
      'a second bounce',
      () => stranger.received.filter(({ type }) => type === 'bounce').length === 2,
    )
    stranger.say(gossipOf({ hopsLeft: 0 }))
    await until('the broadcast stays', () => victim.node.drops()['hops-exceeded'] === 2)
    await neighborhood.unharmed()
    assert.ok(left.messages.every(({ from }) => from !== STRANGER))
  })

  test('a message that comes twice is handed over once', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const stranger = await Stranger.join(t, victim.url)
    const payload = Uint8Array.from([1, 0x68, 0x69])
    for (let time = 0; time < 3; time++) stranger.say(directTo('victim', { payload }), gossipOf({ payload }))
    // The neighbors' own broadcasts come over two links too.
    await until('the rest is counted', () => (victim.node.drops().duplicate ?? 0) >= 4)
    assert.equal(victim.messages.filter(({ from }) => from === STRANGER).length, 2)
    await neighborhood.unharmed()
  })

  test('a message for an earlier run of the node is bounced, one of an earlier run of its origin dropped', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const stranger = await Stranger.join(t, victim.url)
    stranger.say(directTo('victim', { destinationIncarnation: 5 }))
    const bounce = await stranger.hears('bounce')
    assert.equal(bounce.reasonCode, codeOf('peer-left'))
    const payload = Uint8Array.from([1, 0x68, 0x69])
    stranger.say(directTo('victim', { originIncarnation: 9, sequence: 1, payload }))
    stranger.say(directTo('victim', { originIncarnation: 8, sequence: 2, payload }))
    await until('it is counted', () => victim.node.drops()['stale-incarnation'] === 1)
    assert.equal(victim.messages.filter(({ from }) => from === STRANGER).length, 1)
    await neighborhood.unharmed()
  })
})

describe('silence', { concurrency: 4 }, () => {
  test('a link on which nobody says hello is closed', async (t) => {
    const neighborhood = await Neighborhood.start(t, { config: { helloTimeoutMs: 50 } })
    const { victim } = neighborhood
    const stranger = await Stranger.dial(t, victim.url)
    assert.equal((await stranger.end()).code, codeOf('hello-timeout'))
    assert.equal(victim.node.stats().linksEnded['hello-timeout'], 1)
    await neighborhood.unharmed()
  })

  test('a neighbor of whom nothing is heard for three heartbeats is closed', async (t) => {
    const config = { heartbeatMs: 100 }
    const neighborhood = await Neighborhood.start(t, { config })
    const { victim, left } = neighborhood
    const stranger = await Stranger.join(t, victim.url)
    await until('left knows', () => left.joined.includes(STRANGER) || victim.joined.includes(STRANGER))
    assert.equal((await stranger.end()).code, codeOf('silent'))
    assert.ok(stranger.received.filter(({ type }) => type === 'heartbeat').length >= 2)
    assert.deepEqual(victim.down, [`${STRANGER} silent`])
    await neighborhood.unharmed()
  })

  test('connections that say nothing are limited, and room is made when they end', async (t) => {
    const neighborhood = await Neighborhood.start(t, { config: { helloPendingMax: 3, helloTimeoutMs: 300 } })
    const { victim } = neighborhood
    const silent = await Promise.all([1, 2, 3].map(() => Stranger.dial(t, victim.url)))
    const late = await Stranger.dial(t, victim.url)
    assert.equal((await late.end()).code, codeOf('full'))
    for (const stranger of silent) assert.equal((await stranger.end()).code, codeOf('hello-timeout'))
    await Stranger.join(t, victim.url)
    await neighborhood.unharmed()
  })

  test('a TCP client that says nothing is told so and closed after 5 s', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const silent = new RawStranger(t, victim.node.port)
    const slow = new RawStranger(t, victim.node.port)
    slow.socket.write('POST /message HTTP/1.1\r\nHost: x\r\n')
    const startMs = performance.now()
    await Promise.all([silent.end(9_000), slow.end(9_000)])
    const tookMs = performance.now() - startMs
    assert.ok(tookMs > 4_500 && tookMs < 8_000, `${tookMs} ms`)
    assert.match(silent.text, /^HTTP\/1\.1 408 .*"error"/s)
    assert.match(slow.text, /^HTTP\/1\.1 408 .*"error"/s)
    assert.equal(victim.node.stats().listener?.timedOut, 2)
    await neighborhood.unharmed()
  })
})

describe('bytes that break WebSocket or HTTP', { concurrency: 4 }, () => {
  const violations: readonly (readonly [what: string, bytes: Buffer, code: number])[] = [
    ['an opcode that there is not', webSocketFrame(0x83, Uint8Array.of(1)), 1002],
    ['a frame without a mask', webSocketFrame(0x82, Uint8Array.of(1), false), 1002],
    ['a reserved bit', webSocketFrame(0xc2, Uint8Array.of(1)), 1002],
    ['a continuation of nothing', webSocketFrame(0x80, Uint8Array.of(1)), 1002],
    ['a ping in two parts', webSocketFrame(0x09, Uint8Array.of(1)), 1002],
    ['a ping of more than 125 bytes', webSocketFrame(0x89, new Uint8Array(126)), 1002],
    ['a close code that may not be sent', webSocketFrame(0x88, Uint8Array.of(1005 >> 8, 1005 & 0xff)), 1002],
    ['a text that is not UTF-8', webSocketFrame(0x81, Uint8Array.of(0xff)), 1007],
    ['a frame of 2^40 bytes', Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ]
  const reasons: Readonly<Record<number, Reason>> = {
    1002: 'protocol-error',
    1007: 'malformed',
    1009: 'too-large',
  }
  for (const [what, bytes, code] of violations) {
    test(what, async (t) => {
      const neighborhood = await Neighborhood.start(t)
      const { victim } = neighborhood
      const stranger = new RawStranger(t, victim.node.port)
      await stranger.upgrade()
      stranger.socket.write(bytes)
      assert.equal(await stranger.closeCode(), code)
      await stranger.end()
      const reason = reasons[code] as Reason
      await until('it is counted', () => victim.node.stats().linksEnded[reason] === 1)
      await neighborhood.unharmed()
    })
  }

  test('a fragmented message that grows beyond 1 MiB', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const stranger = new RawStranger(t, victim.node.port)
    await stranger.upgrade()
    const part = new Uint8Array(65_536)
    stranger.socket.write(webSocketFrame(0x02, part))
    for (let count = 0; count < 16; count++) stranger.socket.write(webSocketFrame(0x00, part))
    assert.equal(await stranger.closeCode(), 1009)
    await until('it is counted', () => victim.node.stats().linksEnded['too-large'] === 1)
    await neighborhood.unharmed()
  })

  test('a connection that breaks in the middle of a frame', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const stranger = new RawStranger(t, victim.node.port)
    await stranger.upgrade()
    stranger.socket.write(webSocketFrame(0x82, new Uint8Array(1_000)).subarray(0, 500), () =>
      stranger.socket.resetAndDestroy(),
    )
    await until('it is counted', () => victim.node.stats().linksEnded['link-lost'] === 1)
    await neighborhood.unharmed()
  })

  test('a sub-protocol that is not spoken here', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const socket = new WebSocket(victim.url, ['hearsay.2', 'mqtt'])
    const error = await new Promise<Error>((resolve) => socket.on('error', resolve))
    assert.match(error.message, /400/)
    await until('it is counted', () => victim.node.stats().listener?.badHandshakes === 1)
    assert.equal(victim.node.stats().listener?.links, 2)
    await neighborhood.unharmed()
  })

  test('what is not HTTP', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const stranger = new RawStranger(t, victim.node.port)
    stranger.socket.write(Uint8Array.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))
    await stranger.end()
    assert.match(stranger.text, /^HTTP\/1\.1 400 .*"error"/s)
    assert.equal(victim.node.stats().listener?.malformedHttp, 1)
    await neighborhood.unharmed()
  })

  test('HTTP bodies that are too large, not UTF-8, not JSON, not a message', async (t) => {
    const neighborhood = await Neighborhood.start(t)
    const { victim } = neighborhood
    const post = async (body: string | Buffer<ArrayBuffer>, type = 'application/json'): Promise<number> => {
      const init = { method: 'POST', headers: { 'content-type': type }, body }
      const answer = await fetch(`${victim.http}/message`, init)
      assert.equal(typeof ((await answer.json()) as { error?: unknown }).error, 'string')
      return answer.status
    }
    const invalidUtf8 = Buffer.concat([
      Buffer.from('{"sender":"a","msg":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ])
    assert.equal(await post(JSON.stringify({ sender: 'a', msg: 'x'.repeat(LIMITS.messageBytesMax) })), 413)
    assert.equal(await post(invalidUtf8), 400)
    assert.equal(await post('{"sender":'), 400)
    assert.equal(await post('{"sender":"a"}'), 400)
    assert.equal(await post('{"sender":"a","msg":"hi","to":"no such name!"}'), 400)
    assert.equal(await post('sender=a&msg=hi', 'application/x-www-form-urlencoded'), 415)
    assert.equal(victim.node.stats().httpRefused, 6)
    assert.ok(victim.messages.every(({ via }) => via === 'overlay'))
    await neighborhood.unharmed()
  })
})

function directTo(destination: string, fields: Partial<Direct> = {}): Direct {
  return {
    type: 'direct',
    hopsLeft: 15,
    hops: 1,
    destination: destination as NodeName,
    destinationIncarnation: 0,
    origin: STRANGER as NodeName,
    originIncarnation: 1,
    sequence: 1,
    floor: 1,
    payload: Uint8Array.of(1),
    ...fields,
  }
}

function gossipOf(fields: Partial<Gossip> = {}): Gossip {
  return {
    type: 'gossip',
    kind: 'payload',
    hopsLeft: 15,
    hops: 1,
    origin: STRANGER as NodeName,
    incarnation: 1,
    sequence: 1,
    payload: Uint8Array.of(1),
    ...fields,
  }
}
