// A recording of a real node, through the protocol again: it goes the same way, and what is no recording is told.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createNode, type Node } from '../../../src/index.ts'
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

  it('a recording that was cut off is replayed as far as it goes', async (t) => {
    const path = folder(t)
    const file = join(path, 'b.rec')
    await (await recorded(t, file)).close()
    const bytes = readFileSync(file)
    const cut = join(path, 'cut.rec')
    writeFileSync(cut, bytes.subarray(0, bytes.length - 40))
    const { code, text } = await replayed(t, cut, '--to', '0')
    assert.equal(code, 0)
    assert.match(text, /as recorded\.$/)
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
    assert.match(text, new RegExp(`From step ${steps} on they are not those of the recording`))
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
    const { text } = await replayed(t, damaged, '--to', '0')
    assert.match(text, new RegExp(`^After step ${steps} the recording cannot be read`))
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
})
