// Recordings of real nodes: where they are, whose they are, and what becomes of them when a node starts again, or cannot record.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { createBootstrap, createNode } from '../../../src/index.ts'
import { startNode } from '../../support/node-rig.ts'
import { Hearsay } from './process.ts'
import { folder } from './recordings.ts'

const INDEX = new URL('../../../src/index.ts', import.meta.url).href
const MAIN = new URL('../../../src/main.ts', import.meta.url).pathname
/** Whether files can be mounted here, in a namespace of their own. */
const CAN_MOUNT = spawnSync('unshare', ['-m', 'true']).status === 0

/** What a descriptor of this process leads to; `undefined`: it is closed by now. */
function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}

/** Whose recording is there. */
const nameIn = (path: string): string =>
  JSON.parse(gunzipSync(readFileSync(path)).toString().split('\n')[0] ?? '').identity.name

/** A node of its own process, which records. */
function recording(t: TestContext, name: string, file: string, ...args: string[]): Hearsay {
  return new Hearsay(t, ['node', '--no-listen', '--name', name, '--record', file, ...args])
}

const running = (node: Hearsay) => node.entry('that it runs', ({ msg }) => msg === 'node-running')

describe('a recording', { concurrency: 2 }, () => {
  it('of an earlier run stays when those after it may not have their name', async (t) => {
    const file = join(folder(t), 'b.rec')
    await (await createNode({ name: 'good', listen: false, record: { file } })).close()
    const bootstrap = await createBootstrap({ host: '127.0.0.1' })
    t.after(() => bootstrap.close())
    const contacts = [`http://127.0.0.1:${bootstrap.port}`]
    const { node: first } = await startNode(t, 'taken', { bootstrap: contacts })
    await startNode(t, 'other', { bootstrap: contacts })
    await first.ready()
    for (let run = 0; run < 4; run++) {
      const node = await createNode({ name: 'taken', listen: false, bootstrap: contacts, record: { file } })
      await assert.rejects(node.ready(), { code: 'name-taken' })
      await node.close()
    }
    assert.equal(nameIn(file), 'good')
    assert.ok(!existsSync(`${file}.1`))
    assert.equal(nameIn(`${file}.new`), 'taken')
  })

  it('is closed with its node', { skip: !existsSync('/proc/self/fd') }, async (t) => {
    const file = join(folder(t), 'b.rec')
    const node = await createNode({ name: 'a', listen: false, record: { file } })
    const open = () => readdirSync('/proc/self/fd').filter((fd) => linkOf(fd) === file).length
    assert.equal(open(), 1)
    await node.close()
    assert.equal(open(), 0)
  })

  it('that cannot be made is told at once', async (t) => {
    await assert.rejects(createNode({ name: 'a', listen: false, record: { file: '/nonexistent/x' } }), {
      code: 'invalid-option',
      message: /^cannot record to \/nonexistent\/x: ENOENT.*; choose a directory that this user may write/,
    })
    await assert.rejects(createNode({ name: 'a', listen: false, record: { file: '' } }), {
      code: 'invalid-option',
    })
    const text = join(folder(t), 'notes.txt')
    writeFileSync(text, 'hello')
    for (const [file, says] of [
      ['/nonexistent/x', /cannot record to .*: ENOENT/],
      [text, /cannot record to .*notes\.txt is no such recording/],
    ] as const) {
      const node = recording(t, 'a', file)
      assert.equal((await node.ended).code, 2)
      assert.match(node.stderr.join('\n'), says)
      assert.doesNotMatch(node.text, /fatal|^ {4}at /m)
    }
    assert.equal(readFileSync(text, 'utf8'), 'hello')
  })

  it('that is mounted by itself is told at once', { skip: !CAN_MOUNT }, (t) => {
    const path = folder(t)
    const [host, file] = [join(path, 'host'), join(path, 'a node.rec')]
    for (const made of [host, file]) writeFileSync(made, '')
    const node = [process.execPath, MAIN, 'node', '--no-listen', '--record', file]
    const { status, stderr } = spawnSync(
      'unshare',
      ['-m', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', host, file, ...node],
      { encoding: 'utf8' },
    )
    assert.equal(status, 2, stderr)
    assert.match(stderr, /it is mounted by itself and cannot be moved aside; mount its directory/)
  })

  it('of an earlier run stays when the disk is full, and nodes go on without', { skip: !CAN_MOUNT }, (t) => {
    const path = folder(t)
    const program = `import { appendFileSync, existsSync, readFileSync } from 'node:fs'
      import { createNode } from '${INDEX}'
      const file = process.argv[1] + '/b.rec'
      const logged = []
      const log = (_fields, event) => logged.push(event)
      const logger = { trace() {}, debug() {}, info() {}, warn() {}, error: log }
      const start = (name) => createNode({ name, listen: false, logger, record: { file } })
      await (await start('good')).close()
      const good = readFileSync(file)
      try { for (;;) appendFileSync(process.argv[1] + '/filler', Buffer.alloc(4_096)) } catch {}
      for (let run = 0; run < 4; run++) await (await start('a')).close()
      console.log(JSON.stringify({ logged, isKept: good.equals(readFileSync(file)), isMoved: existsSync(file + '.1') }))`
    const { stdout, stderr } = spawnSync(
      'unshare',
      [
        ...['-m', 'sh', '-c', 'mount -t tmpfs -o size=64k none "$0" && exec "$@"', path],
        ...[process.execPath, '--input-type=module', '-e', program, path],
      ],
      { encoding: 'utf8' },
    )
    assert.equal(stderr, '')
    const failed = Array.from({ length: 4 }, () => 'recording-failed')
    assert.deepEqual(JSON.parse(stdout), { logged: failed, isKept: true, isMoved: false })
  })

  it('belongs to one node at a time, until its process is gone', async (t) => {
    const file = join(folder(t), 'b.rec')
    const first = recording(t, 'first', file)
    await running(first)
    const second = recording(t, 'second', file)
    assert.equal((await second.ended).code, 2)
    assert.match(second.text, new RegExp(`node first does so already, process ${first.child.pid} on `))
    await assert.rejects(createNode({ name: 'c', listen: false, record: { file } }), {
      code: 'invalid-option',
    })
    first.child.kill('SIGKILL')
    await first.ended
    const third = recording(t, 'third', file)
    await running(third)
    third.child.kill('SIGTERM')
    assert.equal((await third.ended).code, 0)
    assert.deepEqual([nameIn(file), nameIn(`${file}.new`)], ['first', 'third'])
    assert.ok(!existsSync(`${file}.lock`))
  })

  it('of a process that ends by itself is whole, and nobody has it any more', async (t) => {
    const file = join(folder(t), 'b.rec')
    const program = `import { createNode } from '${INDEX}'
      const node = await createNode({ name: 'a', listen: false, record: { file: process.argv[1] } })
      node.broadcast('x')
      process.exit()`
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, file], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    assert.match(gunzipSync(readFileSync(file)).toString(), /"type":"broadcast"/)
    assert.ok(!existsSync(`${file}.lock`))
  })
})
