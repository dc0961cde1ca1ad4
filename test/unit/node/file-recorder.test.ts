// The flight recorder's files: how large they get, that nothing is lost between them, what becomes of earlier runs, and what when
// they cannot be written. The steps are made up; what a core does with them is shown by the tests of replay.

import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { Effect, Input } from '../../../src/core/events.ts'
import { Rng } from '../../../src/core/rng.ts'
import { type Logger, silentLogger } from '../../../src/logger.ts'
import { FileRecorder } from '../../../src/node/file-recorder.ts'
import { readRecordingLine, type TailHead, type TailStep } from '../../../src/node/recording.ts'
import { nodeName } from '../../support/core-rig.ts'

const KIB = 1_024
/** Steps that fill both files of the tail of a recording of 32 KiB. */
const ENOUGH = 2_000

/** A file for a recording, with what is made of its name. */
function fileIn(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'hearsay-recorder-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return join(path, 'a.rec')
}

interface Logged {
  readonly level: string
  readonly event: string
}

/** A recorder, and what it logs. */
function record(file: string, bytesMax: number, name = 'a') {
  const logged: Logged[] = []
  const fields: { readonly file?: string }[] = []
  const log = (level: string) => (more: object, event: string) => {
    logged.push({ level, event })
    fields.push(more)
  }
  const logger: Logger = { ...silentLogger, info: log('info'), warn: log('warn'), error: log('error') }
  const identity = { name: nodeName(name), incarnation: 1, instance: `${name}-1` }
  const recorder = new FileRecorder(
    { file, bytesMax },
    { identity, seed: 1, config: {}, startedAtMs: 1 },
    logger,
  )
  return { recorder, logged, fields }
}

/** Steps that hardly can be compressed: about `chars` bytes each. */
class Steps {
  count = 0
  readonly #rng = new Rng(7)

  take(recorder: FileRecorder, count: number, chars = 100): void {
    for (let done = 0; done < count; done++) {
      const id = ++this.count
      const input: Input = { type: 'send', id, to: nodeName('b'), payload: new Uint8Array(id % 7) }
      recorder.begins(id, input)
      recorder.ends(this.#effects(chars))
    }
  }

  #effects(chars: number): Effect[] {
    let url = 'ws://'
    while (url.length < chars) url += this.#rng.uint32().toString(36)
    return [{ type: 'dial', url }]
  }
}

const linesIn = (file: string) =>
  gunzipSync(readFileSync(file))
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => readRecordingLine(line) ?? assert.fail(`not a line: ${line}`))

const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0)

/** The steps of a file of a tail, which must follow each other. */
function tailSteps(file: string): { after: number; last: number } {
  const [head, ...steps] = linesIn(file) as [TailHead, ...TailStep[]]
  assert.equal(head.format, 'hearsay-tail 1')
  for (const [index, { step }] of steps.entries()) assert.equal(step, head.afterStep + 1 + index)
  return { after: head.afterStep, last: head.afterStep + steps.length }
}

/** Steps of a beginning. */
const beginningSteps = (file: string): number => linesIn(file).filter((line) => 'input' in line).length

/** The last step that is kept, when the files follow each other. */
function lastStep(file: string): number {
  const newer = tailSteps(`${file}.tail`)
  if (!existsSync(`${file}.tail.1`)) {
    assert.equal(newer.after, beginningSteps(file))
    return newer.last
  }
  const older = tailSteps(`${file}.tail.1`)
  assert.equal(newer.after, older.last)
  assert.ok(older.after >= beginningSteps(file))
  return newer.last
}

describe('a recording', () => {
  it('has one file until half of its bytes are used, and a tail of two files after that', (t) => {
    const file = fileIn(t)
    const bytesMax = 32 * KIB
    const { recorder, logged } = record(file, bytesMax)
    const steps = new Steps()
    for (let round = 0; round < 100; round++) {
      steps.take(recorder, 20)
      const tails = sizeOf(`${file}.tail`) + sizeOf(`${file}.tail.1`)
      assert.ok(sizeOf(file) + tails <= bytesMax, `${sizeOf(file)} and ${tails} bytes`)
      if (tails > 0) assert.ok(sizeOf(file) >= bytesMax / 2)
    }
    recorder.end()
    assert.ok(existsSync(`${file}.tail.1`))
    assert.deepEqual(linesIn(file).at(-1), { full: true })
    assert.deepEqual(logged, [{ level: 'info', event: 'recording-goes-on' }])
  })

  it('loses no step between its files, and has the last ones', (t) => {
    const file = fileIn(t)
    const { recorder } = record(file, 32 * KIB)
    const steps = new Steps()
    const turns = new Set<number>()
    for (let size = 0; turns.size < 6; ) {
      steps.take(recorder, 1)
      if (sizeOf(`${file}.tail`) === size) continue
      size = sizeOf(`${file}.tail`)
      assert.equal(lastStep(file), steps.count)
      turns.add(tailSteps(`${file}.tail`).after)
    }
    steps.take(recorder, 1)
    recorder.end()
    assert.equal(lastStep(file), steps.count)
    // A quarter of the bytes, but for a piece.
    assert.ok(sizeOf(`${file}.tail.1`) > 4 * KIB)
  })

  it('has what was done in full in its tail, and sizes in place of payloads', (t) => {
    const file = fileIn(t)
    const { recorder } = record(file, 32 * KIB)
    new Steps().take(recorder, ENOUGH)
    recorder.looked({ type: 'distance', name: nodeName('b') })
    recorder.begins(5, { type: 'send', id: 1, to: nodeName('b'), payload: new Uint8Array([97, 98]) })
    recorder.took(true)
    recorder.took(false)
    const payload = new Uint8Array([99, 100, 101])
    recorder.ends([
      {
        type: 'notify',
        notification: { type: 'message', from: nodeName('b'), payload, hops: 1, broadcast: false },
      },
    ])
    recorder.end()
    const text = gunzipSync(readFileSync(`${file}.tail`)).toString()
    assert.equal(
      text.trimEnd().split('\n').at(-1),
      `{"step":${ENOUGH + 1},"nowMs":5,"input":{"type":"send","id":1,"to":"b","payload":{"$bytes":2}},"taken":[true,false],` +
        '"effects":[{"type":"notify","notification":{"type":"message","from":"b","payload":{"$bytes":3},"hops":1,"broadcast":false}}]}',
    )
  })

  it('keeps a step that is larger than its share, and what was before it', (t) => {
    const file = fileIn(t)
    const { recorder } = record(file, 32 * KIB)
    const steps = new Steps()
    while (!existsSync(`${file}.tail`)) steps.take(recorder, 1)
    steps.take(recorder, 50)
    steps.take(recorder, 1, 60 * KIB)
    assert.ok(sizeOf(`${file}.tail`) > 16 * KIB)
    assert.equal(lastStep(file), steps.count)
    assert.ok(tailSteps(`${file}.tail.1`).last > tailSteps(`${file}.tail.1`).after)
    steps.take(recorder, 1)
    recorder.end()
    assert.equal(lastStep(file), steps.count)
  })

  it('has the input at which the core threw, as the last thing or before what came next', (t) => {
    for (const bytesMax of [256 * KIB, 32 * KIB]) {
      const file = fileIn(t)
      const { recorder } = record(file, bytesMax)
      new Steps().take(recorder, ENOUGH)
      recorder.begins(1, { type: 'awake' })
      recorder.begins(2, { type: 'leave' })
      recorder.end()
      const lines = linesIn(bytesMax > 32 * KIB ? file : `${file}.tail`).slice(-2)
      assert.deepEqual(
        lines.map((line) => 'input' in line && [line.input.type, line.effects]),
        [
          ['awake', undefined],
          ['leave', undefined],
        ],
      )
    }
  })
})

describe('the files of earlier runs', () => {
  /** Steps of a run that is worth the place of another one, though it has no tail. */
  const KEPT = 100

  /** Whose recording is there. */
  const nameIn = (path: string): string => {
    const [head] = linesIn(path)
    return head !== undefined && 'identity' in head ? head.identity.name : assert.fail(path)
  }

  it('stay where they are while a run is not worth their place, however many there are', (t) => {
    const file = fileIn(t)
    const good = record(file, 32 * KIB, 'good').recorder
    assert.ok(existsSync(file), 'the first run has its place at once')
    new Steps().take(good, ENOUGH)
    good.end()
    for (let run = 0; run < 5; run++) {
      const { recorder, logged } = record(file, 32 * KIB, `short${run}`)
      new Steps().take(recorder, KEPT - 1)
      recorder.end()
      assert.deepEqual(logged, [{ level: 'info', event: 'recording-short' }])
    }
    assert.equal(nameIn(file), 'good')
    assert.ok(lastStep(file) === ENOUGH)
    assert.equal(nameIn(`${file}.new`), 'short4')
    assert.ok(!existsSync(`${file}.1`) && !existsSync(`${file}.lock`))
  })

  it('make room for one at which the core threw', (t) => {
    const file = fileIn(t)
    record(file, 32 * KIB, 'earlier').recorder.end()
    const { recorder, logged } = record(file, 32 * KIB, 'threw')
    recorder.begins(1, { type: 'awake' })
    recorder.end()
    assert.deepEqual(logged, [])
    assert.deepEqual([file, `${file}.1`].map(nameIn), ['threw', 'earlier'])
    assert.ok(!existsSync(`${file}.new`))
  })

  it('are no runs when they are empty', (t) => {
    const file = fileIn(t)
    for (const path of [file, `${file}.tail`]) writeFileSync(path, '')
    record(file, 32 * KIB).recorder.end()
    assert.equal(nameIn(file), 'a')
    assert.ok(!existsSync(`${file}.1`) && !existsSync(`${file}.tail`))
  })

  it('leave a gap to be filled, before one of them is let go', (t) => {
    const file = fileIn(t)
    for (let run = 0; run < 4; run++) {
      const { recorder } = record(file, 32 * KIB, `run${run}`)
      new Steps().take(recorder, KEPT)
      recorder.end()
    }
    rmSync(`${file}.1`)
    const { recorder } = record(file, 32 * KIB, 'run4')
    new Steps().take(recorder, KEPT)
    recorder.end()
    const kept = [file, `${file}.1`, `${file}.2`, `${file}.3`].map(nameIn)
    assert.deepEqual(kept, ['run4', 'run3', 'run1', 'run0'])
  })

  it('are moved aside together, those of three runs', (t) => {
    const file = fileIn(t)
    const isLong = [true, false, true, true, false, true]
    for (const [run, long] of isLong.entries()) {
      const { recorder } = record(file, 32 * KIB, `run${run}`)
      new Steps().take(recorder, long ? ENOUGH : KEPT)
      recorder.end()
    }
    for (let age = 0; age <= 4; age++) {
      const run = isLong.length - 1 - age
      const base = age === 0 ? file : `${file}.${age}`
      const files = [base, `${base}.tail`, `${base}.tail.1`]
      const kept = age === 4 ? [] : isLong[run] ? files : [base]
      assert.deepEqual(files.filter(existsSync), kept)
      for (const path of kept) assert.equal(nameIn(path), `run${run}`)
    }
  })
})

describe('a recording whose path is relative', () => {
  it('stays where it is when the program changes its directory, and is logged as it was asked for', (t) => {
    const [file, elsewhere] = [fileIn(t), dirname(fileIn(t))]
    const before = process.cwd()
    t.after(() => process.chdir(before))
    process.chdir(dirname(file))
    record(basename(file), 32 * KIB, 'earlier').recorder.end()
    const { recorder, logged, fields } = record(basename(file), 32 * KIB)
    process.chdir(elsewhere)
    new Steps().take(recorder, ENOUGH)
    recorder.end()
    assert.deepEqual(logged, [{ level: 'info', event: 'recording-goes-on' }])
    assert.equal(fields[0]?.file, 'a.rec.tail')
    assert.equal(lastStep(file), ENOUGH)
    assert.ok(existsSync(`${file}.tail.1`) && existsSync(`${file}.1`) && !existsSync(`${file}.lock`))
    assert.deepEqual(readdirSync(elsewhere), [])
  })

  it('is named as it was asked for when it ended soon, or cannot be made', (t) => {
    const file = fileIn(t)
    const before = process.cwd()
    t.after(() => process.chdir(before))
    process.chdir(dirname(file))
    record('a.rec', 32 * KIB, 'earlier').recorder.end()
    const { recorder, fields } = record('a.rec', 32 * KIB)
    assert.throws(() => record('a.rec', 32 * KIB, 'b'), {
      message: /^cannot record to a\.rec: .* remove a\.rec\.lock /,
    })
    recorder.end()
    assert.equal(fields[0]?.file, 'a.rec.new')
  })
})

describe('recorders', () => {
  it('have one listener for the end of the process, however many there are', (t) => {
    const before = process.listenerCount('exit')
    const recorders = Array.from({ length: 12 }, () => record(fileIn(t), 32 * KIB).recorder)
    assert.equal(process.listenerCount('exit'), before + 1)
    for (const recorder of recorders) recorder.end()
    assert.equal(process.listenerCount('exit'), before)
  })
})

describe('a recording that cannot be written any more', () => {
  const failed = [{ level: 'error', event: 'recording-failed' }]
  const goneOn = { level: 'info', event: 'recording-goes-on' }

  it('ends with its beginning, when there can be no tail', (t) => {
    const file = fileIn(t)
    const { recorder, logged } = record(file, 32 * KIB)
    mkdirSync(`${file}.tail`)
    new Steps().take(recorder, ENOUGH)
    recorder.end()
    assert.deepEqual(logged, failed)
    assert.deepEqual(linesIn(file).at(-1), { full: true })
  })

  it('ends where the tail cannot turn', (t) => {
    const file = fileIn(t)
    const { recorder, logged } = record(file, 32 * KIB)
    mkdirSync(`${file}.tail.1`)
    new Steps().take(recorder, ENOUGH)
    recorder.end()
    assert.deepEqual(logged, [goneOn, ...failed])
    assert.equal(tailSteps(`${file}.tail`).after, beginningSteps(file))
  })

  it('ends where the disk is full', { skip: !existsSync('/dev/full') }, (t) => {
    const file = fileIn(t)
    const { recorder, logged } = record(file, 32 * KIB)
    symlinkSync('/dev/full', `${file}.tail`)
    new Steps().take(recorder, ENOUGH)
    recorder.end()
    assert.deepEqual(logged, failed)
  })
})
