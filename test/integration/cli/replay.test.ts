// A recording of a real node, through the protocol again: it goes the same way, and what is no recording is told.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createNode, type Node } from '../../../src/index.ts'
import { version } from '../../../src/node/version.ts'
import { until } from '../../support/node-rig.ts'
import { folder, replayed } from './recordings.ts'

/** A recorded node in the middle of two others, and what happens to it. */
async function recorded(t: TestContext, file: string): Promise<Node> {
  const b = await createNode({
    name: 'b',
    host: '127.0.0.1',
    config: { heartbeatMs: 50 },
    record: { file },
  })
  const peers = [b.url ?? assert.fail()]
  const [a, c] = await Promise.all(
    ['a', 'c'].map((name) => createNode({ name, listen: false, peers, config: { heartbeatMs: 50 } })),
  )
  assert.ok(a && c)
  t.after(() => Promise.all([a, b, c].map((node) => node.close())))
  await until('all know all', () => [a, b, c].every((node) => node.peers().length === 2))
  assert.equal((await a.send('c', 'a secret')).status, 'delivered')
  assert.equal((await b.send('a', new Uint8Array(5_000))).status, 'delivered')
  assert.equal((await b.send('nobody', 1, { deadlineMs: 50 })).status, 'failed')
  assert.equal((await c.broadcast('to all', { receipts: true })).status, 'sent')
  assert.equal((await b.trace('c')).status, 'traced')
  // A program that takes no more: what it was asked is part of the recording.
  const stream = b.messages({ bufferMax: 1 })
  assert.equal((await a.send('b', 1)).status, 'delivered')
  assert.equal((await a.send('b', 2)).status, 'failed')
  await stream.return()
  await c.close()
  await until('it is gone', () => b.peers().length === 1)
  return b
}

describe('replay', { concurrency: 2 }, () => {
  it('goes the way of the recording, each time, and has no contents', async (t) => {
    const file = join(folder(t), 'b.rec')
    const b = await recorded(t, file)
    await b.close()
    const first = await replayed(t, file)
    assert.equal(first.code, 0, first.text.slice(-500) + first.errors)
    assert.match(first.text, /steps over \d+\.\d s; all effects: [0-9a-f]{8}, as recorded\.$/)
    for (const line of [/ {2}! message from a, 1 hops/, / {2}! c is gone: left/, /< send \d+ to nobody/]) {
      assert.match(first.text, line)
    }
    const second = await replayed(t, file)
    assert.equal(second.text, first.text)
    assert.doesNotMatch(gunzipSync(readFileSync(file)).toString(), /secret/)
  })

  it('shows some steps, and the state after one', async (t) => {
    const file = join(folder(t), 'b.rec')
    await (await recorded(t, file)).close()
    const whole = await replayed(t, file)
    const steps = whole.text.split('\n').filter((line) => line.startsWith('#')).length
    const part = await replayed(t, file, '--from', '5', '--to', '7', '--state', String(steps - 1))
    assert.equal(part.code, 0)
    assert.deepEqual(part.text.match(/^#\d+$/gm), ['#5', '#6', '#7'])
    assert.match(part.text, /^state: \w+, b\/\d+ version \d+/m)
    assert.match(part.text, /^ {2}reachable, with versions: .*a:\d+/m)
  })

  it('says which steps there are when others are asked for', async (t) => {
    const file = join(folder(t), 'b.rec')
    await (await recorded(t, file)).close()
    const steps = gunzipSync(readFileSync(file))
      .toString()
      .match(/"input"/g)?.length
    for (const [args, says] of [
      [['--to', '0', '--state', '99999'], `There is no step 99999: its steps are 1 to ${steps}.`],
      [['--from', '99998'], `There is no step 99998: its steps are 1 to ${steps}.`],
      [['--from', '5', '--to', '2'], '--from 5 is behind --to 2: there are no such steps.'],
    ] as const) {
      const { code, text, errors } = await replayed(t, file, ...args)
      assert.equal(code, 2)
      assert.ok(errors.includes(says), errors)
      assert.doesNotMatch(text, /^#/m)
    }
  })

  it('a recording that was cut off is replayed as far as it goes, and that is told wherever it is cut', async (t) => {
    const path = folder(t)
    const file = join(path, 'b.rec')
    await (await recorded(t, file)).close()
    const lines = gunzipSync(readFileSync(file)).toString().split('\n')
    const head = gzipSync(`${lines.slice(0, 3).join('\n')}\n`)
    // Behind the checksum of the first piece, in its length; and in what comes before the text of the next one.
    const next = gzipSync(`${lines.slice(3).join('\n')}\n`)
    const cut = join(path, 'cut.rec')
    for (const bytes of [head.subarray(0, -2), Buffer.concat([head, next.subarray(0, 12)])]) {
      writeFileSync(cut, bytes)
      const { code, text } = await replayed(t, cut, '--to', '0')
      assert.equal(code, 0)
      assert.match(text, /^After step 2 the recording cannot be read/)
      assert.match(text, /as recorded\.$/)
    }
  })

  it('a recording that another core would have made is told, with the step', async (t) => {
    const path = folder(t)
    const file = join(path, 'b.rec')
    await (await recorded(t, file)).close()
    const lines = gunzipSync(readFileSync(file)).toString().split('\n')
    const at = lines.findIndex((line) => line.includes('"type":"received"'))
    lines[at] = (lines[at] ?? '').replace(/"effects":\d+/, '"effects":1')
    const steps = lines.slice(1, at + 1).filter((line) => line.includes('"input"')).length
    const forged = join(path, 'forged.rec')
    writeFileSync(forged, gzipSync(lines.join('\n')))
    const { code, text } = await replayed(t, forged, '--to', '0')
    assert.equal(code, 1)
    const says = `From step ${steps} on they are not those of the recording, which is by hearsay ${version()}; this is ${version()}.`
    assert.ok(text.endsWith(says), text.slice(-500))
  })

  it('a line in the middle that cannot be read is told, with the step before it', async (t) => {
    const path = folder(t)
    const file = join(path, 'b.rec')
    await (await recorded(t, file)).close()
    const lines = gunzipSync(readFileSync(file)).toString().split('\n')
    const at = lines.findIndex((line) => line.includes('"type":"received"'))
    const steps = lines.slice(0, at).filter((line) => line.includes('"input"')).length
    const damaged = join(path, 'damaged.rec')
    writeFileSync(damaged, gzipSync([...lines.slice(0, at), 'rubbish', ...lines.slice(at)].join('\n')))
    const { code, text, errors } = await replayed(t, damaged, '--to', '0')
    assert.equal(code, 1)
    assert.match(text, new RegExp(`^After step ${steps} the recording cannot be read`))
    assert.ok(
      errors.endsWith(`damaged.rec is damaged: after step ${steps} is more, which cannot be read.`),
      errors,
    )
  })

  it('fails where other bytes are than were written, and not where the end is missing', async (t) => {
    const path = folder(t)
    const file = join(path, 'b.rec')
    await (await recorded(t, file)).close()
    const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')
    const piece = (from: number, to?: number) => gzipSync(`${lines.slice(from, to).join('\n')}\n`)
    // So much that zlib has given some of it away before it finds what it cannot read.
    const look = `${JSON.stringify({ look: { type: 'distance', name: 'a' } })}\n`
    const first = Buffer.concat([piece(0, 3), gzipSync(look.repeat(2_000))])
    const [second, third] = [piece(3, 6), piece(6)]
    const holed = Buffer.from(second)
    holed.fill(0xff, 12, 60)
    const noSum = Buffer.from(second)
    noSum.fill(0, noSum.length - 8)
    for (const [what, pieces, code] of [
      ['whole', [first, second, third], 0],
      ['cut in its first byte', [first, second.subarray(0, 1)], 0],
      ['cut in its text', [first, second.subarray(0, 40)], 0],
      ['cut in its checksum', [first, second.subarray(0, -3)], 0],
      ['a hole in the middle', [first, holed, third], 1],
      ['a hole in the last piece', [first, holed], 1],
      ['another checksum', [first, noSum, third], 1],
      ['a piece cut, and more after it', [first, second.subarray(0, 40), third], 1],
      ['zeros for a piece', [first, Buffer.alloc(second.length), third], 1],
    ] as const) {
      const broken = join(path, 'broken.rec')
      writeFileSync(broken, Buffer.concat(pieces))
      const run = await replayed(t, broken, '--to', '0')
      assert.equal(run.code, code, `${what}: ${run.text}`)
      assert.equal(/is damaged: after step/.test(run.errors), code === 1, `${what}: ${run.errors}`)
      assert.equal(/the recording cannot be read/.test(run.text), what !== 'whole', `${what}: ${run.text}`)
    }
  })

  it('says that a later run has not taken the place of the one that is asked for', async (t) => {
    const file = join(folder(t), 'b.rec')
    const startedAtMs = (path: string): number =>
      JSON.parse(gunzipSync(readFileSync(path)).toString().split('\n')[0] ?? '').startedAtMs
    const start = async (name: string): Promise<void> => {
      await (await createNode({ name, listen: false, record: { file } })).close()
    }
    await start('good')
    assert.equal((await replayed(t, file, '--to', '0')).errors, '')
    do await start('soon')
    while (startedAtMs(`${file}.new`) === startedAtMs(file))
    const { code, errors } = await replayed(t, file, '--to', '0')
    assert.equal(code, 0)
    assert.match(
      errors,
      /^A later run, soon\/\d+, is in \S+b\.rec\.new: npm run -s hearsay -- replay \S+b\.rec\.new$/,
    )
    // One that is older has nothing to be told of.
    const [earlier, later] = [readFileSync(file), readFileSync(`${file}.new`)]
    writeFileSync(file, later)
    writeFileSync(`${file}.new`, earlier)
    assert.equal((await replayed(t, file, '--to', '0')).errors, '')
  })

  it('an input at which the core threw is told, and throws again', async (t) => {
    const path = folder(t)
    const file = join(path, 'b.rec')
    await (await recorded(t, file)).close()
    const lines = gunzipSync(readFileSync(file)).toString().split('\n')
    const bad = '{"nowMs":1,"input":{"type":"send","id":1,"to":"a"}}'
    const at = lines.findIndex((line) => line.includes('"type":"received"'))
    const steps = lines.slice(0, at).filter((line) => line.includes('"input"')).length
    const threw = join(path, 'threw.rec')
    writeFileSync(threw, gzipSync([...lines.slice(0, at), bad].join('\n')))
    const { code, text, errors } = await replayed(t, threw, '--to', String(steps))
    assert.equal(code, 0, text + errors)
    assert.match(text, /^In step \d+ the core threw: TypeError: .*$/m)
    assert.match(text, /as recorded\.$/)
  })

  it('says what is no recording', async (t) => {
    const path = folder(t)
    const text = join(path, 'text')
    writeFileSync(text, 'hello')
    for (const [file, says] of [
      [text, /cannot be read as a recording/],
      [join(path, 'none'), /There is no file/],
      [path, /cannot be read as a recording/],
    ] as const) {
      const { code, errors } = await replayed(t, file)
      assert.equal(code, 2)
      assert.match(errors, says)
    }
    writeFileSync(text, gzipSync('{"format":"another"}\n'))
    const other = await replayed(t, text)
    assert.equal(other.code, 2)
    assert.match(other.errors, /is no recording of hearsay/)
  })

  it('says what is damaged, though it is JSON', async (t) => {
    const file = join(folder(t), 'b.rec')
    const node = await createNode({ name: 'b', listen: false, record: { file } })
    await node.close()
    const [head = ''] = gunzipSync(readFileSync(file)).toString().split('\n')
    const damaged = 'is a damaged recording'
    const cannotBeRead = 'After step 0 the recording cannot be read'
    for (const [lines, exit, says] of [
      [['{"format":"hearsay-recording 1"}'], 2, damaged],
      [['{"format":"hearsay-tail 1"}'], 2, damaged],
      [[head.replace('recording', 'tail')], 2, damaged],
      [[head.replace('"config":{}', '"config":null')], 2, damaged],
      [[head, '{"look":{"type":"distance"}}', '{"nowMs":1,"input":{"type":"received"}}'], 2, damaged],
      [[head, '{"look":null}'], 0, cannotBeRead],
      [[head, '{"nowMs":1}'], 0, cannotBeRead],
      [[head, 'null'], 0, cannotBeRead],
    ] as const) {
      writeFileSync(file, gzipSync(`${lines.join('\n')}\n`))
      const { code, text, errors } = await replayed(t, file)
      assert.equal(code, exit, `${lines.at(-1)}\n${text}${errors}`)
      assert.ok(`${text}${errors}`.includes(says), `${lines.at(-1)}\n${text}${errors}`)
      assert.doesNotMatch(errors, /^ {4}at /m)
    }
  })
})
