// Anti-entropy: two directories compared, so that each gets what it lacks and nothing else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import { answerDigest, answerWant, digestsOf } from '../../../src/core/digests.ts'
import { Directory } from '../../../src/core/directory.ts'
import type { Effect } from '../../../src/core/events.ts'
import type { Digest, Heartbeat, PeerRecord } from '../../../src/core/messages.ts'
import {
  linkId,
  messagesOf,
  nodeName,
  Rig,
  reachExactly,
  recordGossip,
  recordOf,
  recordsOf,
  sent,
} from '../../support/core-rig.ts'

/** A directory with these records, all of them reachable but for the last few. */
function directoryOf(
  own: PeerRecord,
  records: readonly PeerRecord[],
  unreachable: readonly string[] = [],
): Directory {
  const directory = new Directory(own, CORE_DEFAULTS)
  for (const record of records) directory.merge(record, 0)
  const reachable = records.flatMap(({ name }) => (unreachable.includes(name) ? [] : [name]))
  reachExactly(directory, reachable, 0)
  return directory
}

const entry = (name: string, version = 2) => ({ name: nodeName(name), incarnation: 1_000, version })
const digest = (...entries: ReturnType<typeof entry>[]): Digest => ({
  type: 'digest',
  after: '',
  upTo: '',
  entries,
})
const LATER = 10_000

test('a digest lists what can be reached, sorted by name', () => {
  const of = directoryOf(
    recordOf('m', ['k']),
    [recordOf('z', ['k']), recordOf('b', ['k']), recordOf('x', ['k'])],
    ['x'],
  )
  assert.deepEqual(digestsOf(of, LATER), [digest(entry('b'), entry('m'), entry('z'))])
  assert.deepEqual(
    digestsOf(of, 2_999),
    [digest(entry('b'), entry('m'), entry('x'), entry('z'))],
    'or may be soon',
  )
})

test('a large directory travels in digests that follow each other without a gap', () => {
  const names = Array.from({ length: 1_100 }, (_, i) => `n${String(i).padStart(4, '0')}`)
  const digests = digestsOf(
    directoryOf(
      recordOf('m', ['k']),
      names.map((name) => recordOf(name, ['k'])),
    ),
    LATER,
  )
  assert.deepEqual(
    digests.map(({ entries }) => entries.length),
    [512, 512, 77],
  )
  assert.deepEqual(
    digests.map(({ after, upTo }) => [after, upTo]),
    [
      ['', 'n0510'],
      ['n0510', 'n1022'],
      ['n1022', ''],
    ],
  )
})

test('the answer to a digest is what its sender lacks, and a request for what is newer there', () => {
  const b = recordOf('b', ['k'], { version: 5 })
  const e = recordOf('e', ['k'])
  const of = directoryOf(recordOf('m', ['k']), [b, recordOf('c', ['k']), recordOf('d', ['k']), e])
  const theirs = digest(entry('b', 4), entry('c', 3), entry('d', 2), entry('f', 1), entry('m', 2))
  assert.deepEqual(answerDigest(of, theirs, LATER), [
    { type: 'records', records: [b, e] },
    { type: 'want', names: ['c', 'f'] },
  ])
})

test('an answer keeps to the range of its digest', () => {
  const of = directoryOf(
    recordOf('m', ['k']),
    ['b', 'c', 'd', 'e'].map((name) => recordOf(name, ['k'])),
  )
  const middle: Digest = { type: 'digest', after: 'b', upTo: 'd', entries: [] }
  assert.deepEqual(answerDigest(of, middle, LATER), [
    { type: 'records', records: [recordOf('c', ['k']), recordOf('d', ['k'])] },
  ])
  assert.deepEqual(answerDigest(of, { ...middle, after: 'm', upTo: '' }, LATER), [])
})

test('what nobody can reach is not handed round', () => {
  const of = directoryOf(recordOf('m', ['k']), [recordOf('x', ['k'])], ['x'])
  assert.deepEqual(answerDigest(of, digest(entry('m')), LATER), [])
  assert.deepEqual(
    answerDigest(of, digest(entry('m'), entry('x', 1)), LATER),
    [{ type: 'records', records: [recordOf('x', ['k'])] }],
    'but who has it outdated is told',
  )
})

test('nobody is told of what a node has not published, or of one that says that it has no links', () => {
  const standIn = recordOf('b', ['m'], { version: 0 })
  const of = directoryOf(recordOf('m', [], { version: 1 }), [standIn, recordOf('c', [])])
  assert.deepEqual(digestsOf(of, LATER), [digest()])
  assert.deepEqual(answerDigest(of, digest(), LATER), [])
  assert.deepEqual(
    answerDigest(of, digest(entry('b', 2), entry('c', 1)), LATER),
    [
      { type: 'records', records: [recordOf('c', [])] },
      { type: 'want', names: ['b'] },
    ],
    'but who has it outdated is, and what is published is wanted',
  )
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.befriend(2, 'c')
  assert.deepEqual(messagesOf(a.hear(1, recordsOf(recordOf('z', []))), 'records'), [])
  const published = recordOf('z', ['b'], { version: 3 })
  assert.deepEqual(messagesOf(a.hear(1, recordsOf(published)), 'records'), [
    { links: [linkId(2)], message: { type: 'records', records: [published] } },
  ])
})

test('records travel in messages of bounded size', () => {
  const names = Array.from({ length: 150 }, (_, i) => nodeName(`n${i}`))
  const of = directoryOf(
    recordOf('m', ['k']),
    names.map((name) => recordOf(name, ['k'])),
  )
  const answers = answerWant(of, { type: 'want', names: [...names, nodeName('nobody')] })
  assert.deepEqual(
    answers.map(({ records }) => records.length),
    [64, 64, 22],
  )
})

const heartbeat: Heartbeat = { type: 'heartbeat', clock: 1, echo: 0, heldUs: 0, hash: { high: 1, low: 1 } }

test('differing hashes: the smaller name sends digests, on a new link at once and later after three heartbeats', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const digests = () => messagesOf(a.hear(1, heartbeat), 'digest')
  const expected = [{ links: [linkId(1)], message: digest(entry('a'), entry('b')) }]
  assert.deepEqual(digests(), expected, 'the first one after the link came up')
  assert.deepEqual([digests(), digests()], [[], []])
  assert.deepEqual(digests(), expected)
  digests()
  digests()
  a.hear(1, { ...heartbeat, hash: a.overlay.directory.hash })
  assert.deepEqual([digests(), digests()], [[], []], 'equal hashes in between start the count again')
  assert.deepEqual(digests(), expected)

  const c = Rig.started('c')
  c.befriend(1, 'b')
  for (let i = 0; i < 10; i++) assert.deepEqual(messagesOf(c.hear(1, heartbeat), 'digest'), [])
})

test('ends that were apart compare their directories at once; others give broadcasts the time to arrive', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['d'])
  a.hear(1, recordsOf(recordOf('d', ['b']), recordOf('e', ['f'])))
  a.wait(2_500)
  const heartbeats = (link: number, name: string): number => {
    a.meet(link, name)
    for (let count = 1; count <= 5; count++) {
      if (messagesOf(a.hear(link, heartbeat), 'digest').length > 0) return count
    }
    return Number.NaN
  }
  assert.equal(heartbeats(2, 'c'), 2, 'nobody has said anything of c')
  assert.equal(heartbeats(3, 'd'), 3, 'd was reached by way of b')
  assert.equal(heartbeats(4, 'e'), 1, 'e was known, and no path led there')
})

test('digests, requests and records are answered on the link they came over, and news is passed on', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['d'])
  a.befriend(2, 'c')
  assert.deepEqual(a.hear(1, digest(entry('a', 3), entry('b'), entry('c'), entry('d'))), [
    sent([1], { type: 'want', names: [nodeName('d')] }),
  ])
  const d = recordOf('d', ['b'])
  const effects = a.hear(1, recordsOf(d, recordOf('b', [], { version: 1 })))
  assert.deepEqual(messagesOf(effects, 'records'), [{ links: [linkId(2)], message: recordsOf(d) }])
  assert.deepEqual(messagesOf(a.hear(1, recordsOf(d)), 'records'), [], 'what is old goes no further')
  assert.deepEqual(a.hear(2, { type: 'want', names: [nodeName('d'), nodeName('nobody')] }), [
    sent([2], recordsOf(d)),
  ])
})

test('a process that is behind passes news of anti-entropy on where broadcasts of its node are pushed, and not on all links', () => {
  const a = Rig.started('a')
  for (const [link, name] of [
    [1, 'b'],
    [2, 'c'],
    [3, 'd'],
  ] as const)
    a.befriend(link, name)
  const passedOn = (effects: Effect[]) => messagesOf(effects, 'records').flatMap(({ links }) => links)
  const calm = a.hear(1, recordsOf(recordOf('v', ['b'])))
  assert.deepEqual(passedOn(calm), [linkId(2), linkId(3)], 'in peace it goes on all of them')
  // Of all but the first link broadcasts of x are wanted over c only.
  a.hear(1, recordGossip(recordOf('x', []), 1))
  const ranges = [
    { kind: 'payload', origin: nodeName('x'), incarnation: 0, first: 1, behindLast: 1 },
  ] as const
  a.hear(2, { type: 'graft', ranges })
  for (let turns = 0; turns < 20; turns++) a.hear(1, recordsOf(recordOf(`w${turns}`, ['b'])))
  a.take({ type: 'timer', timer: { kind: 'announce', token: 0 }, lateMs: 50 })
  a.hear(1, recordsOf(recordOf('x', ['b'], { version: 9 })))
  // Nor is that of v but where it has another run: who has that name must hear of it.
  a.hear(1, recordsOf(recordOf('v', ['b'], { incarnation: 5_000 })))
  const later = a.wait(100)
  const toldOf = (name: string) =>
    messagesOf(later, 'records').flatMap(({ links, message }) =>
      message.records.some((record) => record.name === name) ? links : [],
    )
  assert.deepEqual(toldOf('x'), [linkId(2)])
  assert.deepEqual(toldOf('v'), [linkId(2), linkId(3)])
})
