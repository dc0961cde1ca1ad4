import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LineReader } from '../../../src/dashboard/page/lines.ts'

const overlay = {
  event: 'overlay',
  atMs: 5,
  self: 'a',
  nodes: [{ name: 'a', kind: 'node', state: 'up', incarnation: 1, version: 2, tags: ['t'] }],
  links: [['b', 'a']],
}

describe('the lines of the feed', () => {
  it('reads what it knows, with the smaller name of a link first', () => {
    const reader = new LineReader()
    const line = reader.read(JSON.stringify(overlay))
    assert.ok(line?.event === 'overlay')
    assert.deepEqual(line.nodes, overlay.nodes)
    assert.deepEqual(line.links, [['a', 'b']])
    assert.equal(reader.ignored, 0)
  })

  it('leaves out and counts what is broken or unknown', () => {
    const reader = new LineReader()
    const broken = ['{', '{}', '{"event":"news"}', '{"event":"overlay"}', '{"event":"reports","atMs":"x"}']
    for (const text of broken) assert.equal(reader.read(text), undefined, text)
    assert.equal(reader.ignored, broken.length)
  })

  it('leaves out what is for people, and does not count it', () => {
    const reader = new LineReader()
    const lines = [
      '',
      'Welcome to node8, you are node8/guest-3f. Type /help',
      '[MSG] From node12: hello',
      '{"event":"help","text":"This is a hearsay bootstrap."}',
      '{"event":"snapshot","peers":[],"registered":0}',
      '{"event":"peer-join","name":"node9","kind":"node"}',
    ]
    for (const text of lines) assert.equal(reader.read(text), undefined, text)
    assert.equal(reader.ignored, 0)
  })

  it('keeps the good parts of a line that has bad ones', () => {
    const reader = new LineReader()
    const nodes = [
      ...overlay.nodes,
      null,
      { name: 'b' },
      { name: 'c', state: 'asleep' },
      { name: '', state: 'up' },
      { name: 'a\nb', state: 'up' },
    ]
    const line = reader.read(
      JSON.stringify({ ...overlay, nodes, links: [['a', 'a'], 'x', ['a', 7], ['a', 'c']] }),
    )
    assert.ok(line?.event === 'overlay')
    assert.deepEqual(
      line.nodes.map(({ name }) => name),
      ['a'],
    )
    assert.deepEqual(line.links, [['a', 'c']])
    assert.equal(reader.ignored, 8)
  })

  it('takes no number that is none, nor a negative one', () => {
    const reader = new LineReader()
    const links = [{ to: 'b', rttMs: -1, queuedBytes: '9', messagesPerS: null, bytesPerS: 3 }]
    const line = reader.read(JSON.stringify({ event: 'reports', atMs: 1, reports: [{ node: 'a', links }] }))
    assert.ok(line?.event === 'reports')
    assert.deepEqual(line.reports[0]?.links, [{ to: 'b', queuedBytes: 0, messagesPerS: 0, bytesPerS: 3 }])
  })

  it('reads how often a node reports, and who reports to others only, where it is said', () => {
    const reader = new LineReader()
    const read = (more: object, report: object) => {
      const reports = [{ node: 'a', ...report }]
      const line = reader.read(JSON.stringify({ event: 'reports', atMs: 1, reports, ...more }))
      return line?.event === 'reports' ? [line.full, line.reports[0]?.everyMs] : undefined
    }
    assert.deepEqual(read({ full: ['b', 7] }, { everyMs: 5_800 }), [['b'], 5_800])
    assert.deepEqual(read({}, { everyMs: -1 }), [undefined, undefined])
    assert.deepEqual(read({ full: 'b' }, {}), [[], undefined])
  })

  it('takes no number that makes no sense', () => {
    const reader = new LineReader()
    const step = { kind: 'direct', id: 'a/1/1/b', origin: 'a', destination: 'b', at: 'b', via: 'a', bytes: 1 }
    const steps = [
      { ...step, hops: 255 },
      { ...step, hops: 256 },
      { ...step, hops: Number.MAX_SAFE_INTEGER },
    ]
    const traffic = reader.read(JSON.stringify({ event: 'traffic', atMs: 1, oneIn: 1e300, steps }))
    assert.ok(traffic?.event === 'traffic')
    assert.deepEqual(
      traffic.steps.map(({ hops }) => hops),
      [255],
    )
    assert.equal(traffic.oneIn, 1)
    assert.equal(reader.ignored, 2)
    const huge = 1.7e308
    const links = [{ to: 'b', rttMs: huge, queuedBytes: huge, messagesPerS: huge, bytesPerS: 1e12 }]
    const report = { node: 'a', sent: { delivered: huge, expired: 2 }, relayed: huge, links }
    const reports = reader.read(JSON.stringify({ event: 'reports', atMs: 1, reports: [report] }))
    assert.ok(reports?.event === 'reports')
    const [read] = reports.reports
    assert.deepEqual(read?.links, [{ to: 'b', queuedBytes: 0, messagesPerS: 0, bytesPerS: 1e12 }])
    assert.deepEqual([read?.sent, read?.relayed], [{ expired: 2 }, 0])
  })

  it('takes no time that no clock can show', () => {
    const reader = new LineReader()
    const at = (atMs: number) => reader.read(JSON.stringify({ ...overlay, atMs }))
    assert.ok(at(8.64e15))
    assert.equal(at(8.64e15 + 2), undefined)
    const nodes = [{ ...overlay.nodes[0], incarnation: 9e15 }]
    const line = reader.read(JSON.stringify({ ...overlay, nodes }))
    assert.ok(line?.event === 'overlay')
    assert.equal(line.nodes[0]?.incarnation, 0)
  })

  it('reads outcomes, errors and messages', () => {
    const reader = new LineReader()
    assert.deepEqual(
      reader.read(
        '{"event":"outcome","to":"*","status":"sent","id":"a/1/1","reached":1,"of":1,"receipts":[{"name":"b","hops":1},7,{}]}',
      ),
      { event: 'outcome', to: '*', status: 'sent', id: 'a/1/1', reached: 1, of: 1, receivers: ['b'] },
    )
    assert.deepEqual(
      reader.read('{"event":"outcome","tag":7,"to":"b","status":"delivered","hops":2,"rttMs":3.1}'),
      {
        event: 'outcome',
        status: 'delivered',
        tag: 7,
        to: 'b',
        hops: 2,
        rttMs: 3.1,
      },
    )
    assert.deepEqual(reader.read('{"event":"error","text":"what?","tag":1}'), {
      event: 'error',
      text: 'what?',
      tag: 1,
    })
    const message = reader.read('{"event":"message","from":"b","msg":{"t":1},"broadcast":true}')
    assert.ok(message?.event === 'message')
    assert.equal(message.text, '{"t":1}')
    const cut = reader.read('{"event":"message","from":"b","msg":"{\\"t\\":","bytes":70000,"cut":true}')
    assert.ok(cut?.event === 'message')
    assert.equal(cut.text, '{"t":…')
  })
})
