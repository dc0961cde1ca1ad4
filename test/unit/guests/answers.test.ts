// What guests are told, word for word where people and programs rely on it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SendFailed } from '../../../src/answers.ts'
import {
  type Answer,
  broadcastOutcome,
  greeting,
  help,
  lineOf,
  localOutcome,
  mistake,
  outcome,
  PEERS_SHOWN_MAX,
  peerList,
  pingOutcome,
  received,
  requestOutcome,
  spreadOutcome,
  traceOutcome,
  whoList,
} from '../../../src/guests/answers.ts'
import type { GuestPeer } from '../../../src/guests/guest-host.ts'
import { publishOutcome, subscribed } from '../../../src/guests/topic-answers.ts'

const text = (answer: Answer): string => lineOf(answer, 'text')
const json = (answer: Answer): unknown => JSON.parse(lineOf(answer, 'json'))

const unknown: SendFailed = { status: 'failed', reason: 'unknown-peer', at: 'node8' }
const delivered = { status: 'delivered', id: 'node8/1/7', hops: 2, rttMs: 3.0625 } as const
const toNode12 = { address: 'node12', node: 'node12' }

test('how a direct message ended', () => {
  const good = outcome(toNode12, delivered)
  assert.equal(text(good), 'delivered to node12, 2 hops, 3.1 ms')
  assert.deepEqual(json(good), { event: 'outcome', to: 'node12', ...delivered, rttMs: 3.1 })
  const bad = outcome(toNode12, unknown)
  const error = 'no node of this name is known'
  assert.equal(
    text(bad),
    `not delivered to node12: ${error}; /peers lists all that are (unknown-peer, says node8)`,
  )
  assert.deepEqual(json(bad), { event: 'outcome', to: 'node12', ...unknown, error })
  assert.match(text(outcome(toNode12, { ...delivered, hops: 1, rttMs: 1234.5 })), /, 1 hop, 1235 ms$/)
})

test('a guest of another node: only the node is known to have it', () => {
  const answer = outcome({ address: 'node12/guest-3f', node: 'node12', guest: 'guest-3f' }, delivered)
  assert.equal(text(answer), 'delivered to node12 for guest-3f, 2 hops, 3.1 ms')
})

test('an outcome that could be that of another message repeats it', () => {
  const excerptOf = 'line 1\nline 2, which is far too long'
  assert.equal(
    text(outcome({ ...toNode12, excerptOf }, delivered)),
    'delivered to node12, 2 hops, 3.1 ms: line 1\\nline 2, which is far t…',
  )
  assert.match(text(broadcastOutcome(unknown, { a: 1 })), /: \{"a":1\}$/)
  // Cut in the middle of a pair of surrogates.
  assert.match(text(broadcastOutcome(unknown, `${'x'.repeat(29)}👋 and more`)), /x\\ud83d…$/)
})

test('a guest of the same node', () => {
  assert.equal(text(localOutcome('node8/guest-3f', 'node8', true)), 'delivered to node8/guest-3f')
  assert.match(text(localOutcome('node8/guest-3f', 'node8', false)), /no such guest.*\/who/)
  assert.deepEqual(json(localOutcome('node8/guest-3f', 'node8', true)), {
    event: 'outcome',
    to: 'node8/guest-3f',
    status: 'delivered',
    hops: 0,
    rttMs: 0,
  })
  assert.deepEqual(json(localOutcome('node8/guest-3f', 'node8', false)), {
    event: 'outcome',
    to: 'node8/guest-3f',
    ...unknown,
    error: 'node8 has no such guest',
  })
})

test('how a broadcast ended', () => {
  const sent = { status: 'sent', id: 'node8/1/7', neighbors: 5 } as const
  assert.equal(text(broadcastOutcome(sent)), 'sent to all, over 5 links')
  assert.equal(text(broadcastOutcome({ ...sent, neighbors: 1 })), 'sent to all, over 1 link')
  assert.deepEqual(json(broadcastOutcome(sent)), { event: 'outcome', to: '*', ...sent })
  const all = { ...sent, reached: 29, of: 29, missing: [] }
  assert.equal(text(broadcastOutcome(all)), 'sent to all, reached 29 of 29')
  const most = { ...sent, reached: 27, of: 29, missing: ['node3', 'node4'] }
  assert.equal(text(broadcastOutcome(most)), 'sent to all, reached 27 of 29, not node3, node4')
  const few = { ...sent, reached: 0, of: 29, missing: Array.from({ length: 29 }, (_, i) => `node${i}`) }
  assert.match(text(broadcastOutcome(few)), /node9, …$/)
  assert.match(
    text(broadcastOutcome({ ...unknown, reason: 'queue-full' })),
    /^not sent to all: .*\(queue-full, says node8\)$/,
  )
})

test('ping and trace', () => {
  assert.equal(text(pingOutcome('node12', delivered)), 'node12 answers: 2 hops, 3.1 ms')
  assert.match(
    text(pingOutcome('node12', unknown)),
    /^node12 does not answer: .*\(unknown-peer, says node8\)$/,
  )
  assert.deepEqual(json(pingOutcome('node12', delivered)), {
    event: 'ping',
    to: 'node12',
    ...delivered,
    rttMs: 3.1,
  })
  const hops = [
    { node: 'node8', next: 'node3', rttMs: 1.25, queuedBytes: 4_096 },
    { node: 'node3', next: 'node12' },
  ]
  const traced = { status: 'traced', path: ['node8', 'node3', 'node12'], hops } as const
  assert.equal(
    text(traceOutcome('node12', traced)),
    'way to node12: node8 > node3 (1.3 ms, 4096 bytes wait) > node12, 2 hops',
  )
  assert.deepEqual(json(traceOutcome('node12', traced)), { event: 'trace', to: 'node12', ...traced })
  assert.match(text(traceOutcome('node12', { ...unknown, hops: [] })), /^no way to node12: .*says node8\)$/)
  assert.match(
    text(traceOutcome('node12', { ...unknown, hops: [...hops.slice(0, 1), { node: 'node3' }] })),
    /^no way to node12: .*; as far as node8 > node3 \(1.3 ms, 4096 bytes wait\)$/,
  )
})

test('programs are told times to a tenth of a ms', () => {
  const rttMs = 3.0625
  const receipts = [{ name: 'node3', hops: 1, via: 'node8', tookMs: 2.0478515625 }]
  const sent = {
    status: 'sent',
    id: 'node8/1/7',
    neighbors: 3,
    reached: 1,
    of: 1,
    missing: [],
    receipts,
  } as const
  const answered = { status: 'answered', from: 'node12', hops: 1, rttMs } as const
  const toNode12 = { address: 'node12', node: 'node12' }
  const answers = [
    outcome(toNode12, delivered),
    pingOutcome('node12', delivered),
    requestOutcome('node12', { ...answered, value: 1 }),
    requestOutcome('node12', { ...answered, value: new Uint8Array(1) }),
    broadcastOutcome(sent),
    spreadOutcome('node8', sent),
  ]
  for (const answer of answers) {
    const told = json(answer) as { rttMs?: number; receipts?: { tookMs: number }[] }
    assert.deepEqual(
      [told.rttMs, told.receipts?.map(({ tookMs }) => tookMs)],
      told.receipts === undefined ? [3.1, undefined] : [undefined, [2]],
    )
  }
})

test('a question and its answer', () => {
  const answered = { status: 'answered', from: 'node12', value: 'red\nblue', hops: 1, rttMs: 2 } as const
  assert.equal(text(requestOutcome('node12', answered)), 'answer of node12, 1 hop, 2.0 ms: red\\nblue')
  assert.deepEqual(json(requestOutcome('node12', answered)), { event: 'answer', to: 'node12', ...answered })
  const failed = { status: 'failed', reason: 'no-handler', at: 'node12' } as const
  const error = 'the receiver takes no requests'
  assert.equal(
    text(requestOutcome('node12', failed)),
    `no answer of node12: ${error} (no-handler, says node12)`,
  )
  assert.deepEqual(json(requestOutcome('node12', failed)), {
    event: 'answer',
    to: 'node12',
    ...failed,
    error,
  })
})

test('the ways of a broadcast, for people only as long as a person reads', () => {
  assert.match(text(spreadOutcome('node8', unknown)), /^no way to all: .*says node8\)$/)
  const receipts = Array.from({ length: PEERS_SHOWN_MAX + 5 }, (_, i) => ({
    name: `n${i}`,
    via: 'node8',
    hops: 1,
    tookMs: 1,
  }))
  const of = receipts.length
  const sent = { status: 'sent', id: 'node8/1/7', neighbors: 5, reached: of, of, receipts } as const
  const lines = text(spreadOutcome('node8', sent)).split('\n')
  assert.equal(lines[0], 'way to all: reached 1005 of 1005, 1 hop at most')
  assert.equal(lines.length, 1 + PEERS_SHOWN_MAX + 1)
  assert.match(lines.at(-1) ?? '', /^and 6 more: /)
  assert.deepEqual(json(spreadOutcome('node8', sent)), { event: 'trace', to: '*', ...sent })
})

test('topics', () => {
  const sent = { status: 'sent', id: 'node8/1/7', neighbors: 5 } as const
  assert.match(text(publishOutcome('t', { ...sent, listeners: 0 })), /no other node listens$/)
  assert.match(text(publishOutcome('t', { ...sent, listeners: 1 })), /1 other node listens$/)
  assert.equal(
    text(publishOutcome('t', { ...sent, listeners: 2, reached: 1, of: 2, missing: ['node3'] })),
    'published on t: reached 1 of 2, not node3',
  )
  assert.match(text(publishOutcome('t', unknown)), /^not published on t: .*says node8\)$/)
  // A topic may hold what changes the direction of writing.
  assert.match(text(subscribed('a\u202e', true)), /listen to a\\u202e from/)
  const message = { from: 'node12', value: 1, broadcast: true, topic: 'a\u202eb', past: true } as const
  assert.equal(text(received(message)), '[MSG] From node12 on a\\u202eb (before): 1')
})

test('what the node received cannot forge a line', () => {
  const answer = received({ from: 'node12', value: 'hi\n[MSG] From node1: I am\u001b[2J', broadcast: false })
  assert.equal(text(answer), '[MSG] From node12: hi\\n[MSG] From node1: I am\\u001b[2J')
  const label = received({ from: 'node12', sender: 'a\u009b\nb', value: { x: 1 }, broadcast: true })
  assert.equal(text(label), '[MSG] From a\\u009b\\nb: {"x":1}')
  assert.deepEqual(json(label), {
    event: 'message',
    from: 'node12',
    sender: 'a\u009b\nb',
    msg: { x: 1 },
    broadcast: true,
  })
  const line = lineOf(label, 'json')
  assert.ok(!line.includes('\u009b'), 'not even in a JSON line does a control character reach a terminal')
})

test('bytes and private messages', () => {
  const bytes = received({ from: 'node12', value: new Uint8Array([0, 255]), broadcast: false })
  assert.equal(text(bytes), '[MSG] From node12: base64:AP8=')
  assert.deepEqual(json(bytes), { event: 'message', from: 'node12', base64: 'AP8=', broadcast: false })
  const message = { from: 'node12', value: 'psst', broadcast: false, to: 'guest-3f' }
  const own = received(message, 'node8/guest-3f')
  assert.equal(text(own), '[MSG] From node12 to you: psst')
  assert.equal((json(own) as { to: string }).to, 'node8/guest-3f')
})

test('peers, the nearest first', () => {
  const peers: GuestPeer[] = [
    { name: 'old', url: 'http://old:5000', kind: 'http' },
    { name: 'node10', url: 'ws://node10:5000', kind: 'node', hops: 2 },
    { name: 'node9', url: 'ws://node9:5000', kind: 'node', hops: 2 },
    { name: 'node20', kind: 'node', hops: 1 },
  ]
  assert.equal(
    text(peerList(peers)),
    [
      '4 peers:',
      '  node20  1 hop      cannot be dialled',
      '  node9   2 hops     ws://node9:5000',
      '  node10  2 hops     ws://node10:5000',
      '  old     HTTP only  http://old:5000',
    ].join('\n'),
  )
  const names = (json(peerList(peers)) as { peers: GuestPeer[] }).peers.map(({ name }) => name)
  assert.deepEqual(names, ['node20', 'node9', 'node10', 'old'])
  assert.match(text(peerList([])), /alone/)
  assert.deepEqual(json(peerList([])), { event: 'peers', peers: [] })
})

test('a long list is cut for people, and says so; programs get all of it', () => {
  const peers = Array.from(
    { length: PEERS_SHOWN_MAX + 5 },
    (_, i): GuestPeer => ({ name: `node${i}`, kind: 'node' }),
  )
  const lines = text(peerList(peers)).split('\n')
  assert.equal(lines.length, PEERS_SHOWN_MAX + 2)
  assert.match(lines.at(-1) ?? '', /and 5 more/)
  assert.equal((json(peerList(peers)) as { peers: [] }).peers.length, peers.length)
})

test('who is here', () => {
  const neighbors = [{ name: 'node10', rttMs: 0.84 }, { name: 'node9' }]
  const answer = whoList('node8', 'guest-3f', neighbors, ['guest-3f', 'guest-a1'])
  assert.equal(
    text(answer),
    'node8 has 2 neighbors: node9, node10 (0.8 ms)\nand 2 guests: guest-3f (you), guest-a1',
  )
  assert.deepEqual(json(answer), {
    event: 'who',
    node: 'node8',
    you: 'node8/guest-3f',
    neighbors: [{ name: 'node9' }, { name: 'node10', rttMs: 0.84 }],
    guests: ['node8/guest-3f', 'node8/guest-a1'],
  })
  assert.match(text(whoList('node8', 'guest-3f', [], ['guest-3f'])), /^node8 has 0 neighbors\nand 1 guest: /)
})

test('the greeting is one line, help has one for each thing to type', () => {
  const welcome = text(greeting('node8', 'node8/guest-3f', 'node3'))
  assert.match(welcome, /^Welcome to node8, you are node8\/guest-3f\. .*@node3 hello.*\/help$/)
  for (const part of [
    '@node3 hello',
    '@* hello',
    '/peers',
    '/who',
    '/ping node3',
    '/trace node3',
    '{"to":',
  ]) {
    assert.ok(text(help('node8', 'node8/guest-3f', 'node3')).includes(part), part)
  }
})

test('a tag comes first, and only in JSON lines', () => {
  assert.equal(lineOf(mistake('no'), 'json', 7), '{"event":"error","tag":7,"text":"no"}')
  assert.equal(lineOf(mistake('no'), 'text', 7), 'no')
})
