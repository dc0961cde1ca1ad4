// Where a run may be recorded: nothing but recordings is overwritten, and one node at a time has the place, also after crashes.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { RecordingPlace } from '../../../src/node/recording-place.ts'

const BEGINNING = gzipSync('{"format":"hearsay-recording 1","seed":1}\n')
const TAIL = gzipSync('{"format":"hearsay-tail 1","afterStep":1}\n')
const A = { name: 'a', instance: 'a-1' }
const B = { name: 'b', instance: 'b-1' }

function fileIn(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'hearsay-place-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return join(path, 'a.rec')
}

function assertRefused(file: string, message: RegExp, holder = A): void {
  assert.throws(() => new RecordingPlace(file, holder), {
    name: 'HearsayError',
    code: 'invalid-option',
    message,
  })
}

function assertFree(file: string): void {
  new RecordingPlace(file, A).leave()
  assert.ok(!existsSync(`${file}.lock`))
}

describe('the place of a recording', () => {
  it('is refused where something else would be overwritten or moved, which stays as it is', (t) => {
    const others: [what: string, make: (path: string) => void, message: RegExp][] = [
      ['a text', (path) => writeFileSync(path, 'hello'), /is no such recording/],
      ['one letter', (path) => writeFileSync(path, 'h'), /is no such recording/],
      ['another compressed file', (path) => writeFileSync(path, gzipSync('hello')), /is no such recording/],
      ['a directory', (path) => mkdirSync(path), /is no regular file/],
      ['a link', (path) => symlinkSync('nothing', path), /is no regular file/],
    ]
    for (const end of ['', '.tail', '.tail.1', '.1', '.3.tail', '.new']) {
      for (const [what, make, message] of others) {
        const path = `${fileIn(t)}${end}`
        make(path)
        const before = lstatSync(path)
        assertRefused(path.slice(0, path.length - end.length), message)
        const { ino, size } = lstatSync(path)
        assert.deepEqual({ ino, size }, { ino: before.ino, size: before.size }, `${end} ${what}`)
      }
    }
    const file = fileIn(t)
    writeFileSync(`${file}.tail`, BEGINNING)
    assertRefused(file, /a\.rec\.tail is no such recording/)
  })

  it('may have recordings of any version, and ends of them', (t) => {
    const file = fileIn(t)
    const later = gzipSync('{"format":"hearsay-recording 9"}\n')
    for (const bytes of [BEGINNING, later, BEGINNING.subarray(0, 1), BEGINNING.subarray(0, 30), '']) {
      writeFileSync(file, bytes)
      writeFileSync(`${file}.tail`, TAIL)
      assertFree(file)
    }
  })

  it('belongs to one node, which a refusal names', (t) => {
    const file = fileIn(t)
    const place = new RecordingPlace(file, A)
    assertRefused(file, new RegExp(`node a does so already, process ${process.pid} on `), B)
    place.leave()
    assertFree(file)
  })
})

describe('a lock that was left behind', () => {
  /** The lock of another process. */
  function lock(file: string, pid: number | undefined, host = hostname()): void {
    writeFileSync(`${file}.lock`, JSON.stringify({ ...B, pid, host }))
  }

  it('is taken over when its process is gone, or this one has its number', (t) => {
    const file = fileIn(t)
    lock(file, spawnSync(process.execPath, ['--version']).pid)
    assertFree(file)
    lock(file, process.pid)
    const beforeStart = Date.now() / 1_000 - process.uptime() - 1
    utimesSync(`${file}.lock`, beforeStart, beforeStart)
    assertFree(file)
  })

  it('is left to another thread of this process', async (t) => {
    const file = fileIn(t)
    const worker = new Worker(
      `import { RecordingPlace } from ${JSON.stringify(new URL('../../../src/node/recording-place.ts', import.meta.url).href)}
       import { parentPort } from 'node:worker_threads'
       new RecordingPlace(${JSON.stringify(file)}, ${JSON.stringify(B)})
       parentPort.postMessage('recorded')
       parentPort.once('message', () => process.exit())`,
      { eval: true },
    )
    await once(worker, 'message')
    assertRefused(file, /node b does so already/)
    worker.postMessage('end')
    await once(worker, 'exit')
  })

  it('is taken over when another process has its number, and nothing was written for some time', (t) => {
    const file = fileIn(t)
    writeFileSync(file, BEGINNING)
    lock(file, process.ppid)
    utimesSync(`${file}.lock`, 1, 1)
    assertRefused(file, /node b does so already/)
    utimesSync(file, 1, 1)
    assertFree(file)
  })

  it('of another machine is taken over when nothing was written for some time', (t) => {
    const file = fileIn(t)
    writeFileSync(file, BEGINNING)
    writeFileSync(`${file}.tail`, TAIL)
    utimesSync(file, 1, 1)
    lock(file, 1, 'elsewhere')
    assertRefused(file, /node b does so already, process 1 on elsewhere/)
    utimesSync(`${file}.tail`, 1, 1)
    assertRefused(file, /node b does so already, process 1 on elsewhere/)
    utimesSync(`${file}.lock`, 1, 1)
    assertFree(file)
  })

  it('that says nothing is taken over when it is empty and old, and is somebody else’s otherwise', (t) => {
    const file = fileIn(t)
    writeFileSync(`${file}.lock`, '')
    assertRefused(file, /does not say who records/)
    utimesSync(`${file}.lock`, 1, 1)
    assertFree(file)
    writeFileSync(`${file}.lock`, 'my key')
    utimesSync(`${file}.lock`, 1, 1)
    assertRefused(file, /does not say who records/)
    assert.equal(readFileSync(`${file}.lock`, 'utf8'), 'my key')
  })

  it('by a run whose lock another one took over stays that one’s', (t) => {
    const file = fileIn(t)
    const place = new RecordingPlace(file, A)
    lock(file, process.ppid)
    place.leave()
    assert.ok(existsSync(`${file}.lock`))
  })
})
