// The last steps of a long run: of a node that was killed, shown as they were recorded, also when a file is damaged.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { startNode, until } from '../../support/node-rig.ts'
import { Hearsay } from './process.ts'
import { folder, replayed } from './recordings.ts'

const BYTES_MAX = 65_536
/** Of the last message, with what a node puts before it. */
const LAST_BYTES = 4_322

/** A node that is killed when its last message is on the disk. */
async function longRun(t: TestContext): Promise<string> {
  const file = join(folder(t), 'b.rec')
  const b = new Hearsay(t, ['node', '--host', '127.0.0.1', '--name', 'b'], {
    PORT: '0',
    HEARSAY_RECORD: file,
    HEARSAY_RECORD_BYTES: String(BYTES_MAX),
  })
  const peers = [`http://127.0.0.1:${await b.port()}`]
  const { node: a } = await startNode(t, 'a', { listen: false, peers })
  await a.ready()
  while (!existsSync(`${file}.tail.1`)) {
    const sends = Array.from({ length: 200 }, (_, index) => a.send('b', index))
    for (const { status } of await Promise.all(sends)) assert.equal(status, 'delivered')
  }
  assert.equal((await a.send('b', new Uint8Array(LAST_BYTES - 1))).status, 'delivered')
  await until('the last message is recorded', () =>
    textOf(readFileSync(`${file}.tail`)).includes(`"$bytes":${LAST_BYTES}}`),
  )
  b.child.kill('SIGKILL')
  await b.ended
  return file
}

/** What is there of a file that may end anywhere. */
const textOf = (bytes: Buffer): string =>
  gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString()

const numbersIn = (text: string): number[] =>
  [...text.matchAll(/^#(\d+)$/gm)].map(([, number]) => Number(number))

/** They follow each other. */
function assertInOrder(numbers: readonly number[]): void {
  assert.ok(numbers.length > 0)
  for (const [index, number] of numbers.entries()) assert.equal(number, (numbers[0] ?? 0) + index)
}

describe('replay of a long run', () => {
  it('has its beginning and its last steps, the same each time', async (t) => {
    const file = await longRun(t)
    const [tail, older] = [`${file}.tail`, `${file}.tail.1`]
    const bytes = [file, tail, older].map((path) => statSync(path).size)
    assert.ok(bytes.reduce((sum, size) => sum + size) <= BYTES_MAX, bytes.join(' '))

    const beginning = await replayed(t, file)
    assert.equal(beginning.code, 0, beginning.errors)
    assert.match(
      beginning.text,
      /^After step \d+ the beginning is full\. The last steps of the run are in .*\.tail\.$/m,
    )
    assert.match(beginning.text, /as recorded\.$/)

    const last = await replayed(t, tail)
    assert.equal(last.code, 0, last.errors)
    assert.match(
      last.text,
      /^The steps after step \d+, as they were recorded and not run again\. .*\.tail\.1\.$/m,
    )
    assert.match(last.text, new RegExp(`  ! message from a, 1 hops, ${LAST_BYTES} bytes`))
    assert.match(last.text, /^\d+ steps over .* They were not run again\.$/m)
    assert.equal((await replayed(t, tail)).text, last.text)

    const before = await replayed(t, older)
    assertInOrder([...numbersIn(before.text), ...numbersIn(last.text)])
    assert.ok((numbersIn(before.text)[0] ?? 0) > (numbersIn(beginning.text).at(-1) ?? 0))

    const chosen = numbersIn(last.text)[1] ?? assert.fail()
    const one = await replayed(t, tail, '--from', String(chosen), '--to', String(chosen))
    assert.deepEqual(numbersIn(one.text), [chosen])
    const state = await replayed(t, tail, '--state', String(chosen))
    assert.equal(state.code, 2)
    assert.equal(state.text, '')
    assert.match(state.errors, /no state is known/)
  })

  it('says when the tail is not that of the run', async (t) => {
    const file = await longRun(t)
    const [tail, older] = [`${file}.tail`, `${file}.tail.1`]
    const [head = '', ...steps] = textOf(readFileSync(tail)).split('\n')
    const forge = (line: string) => writeFileSync(tail, gzipSync([line, ...steps].join('\n')))
    for (const [line, says] of [
      [
        head.replace(/"instance":"/, '$&other'),
        /the beginning is full\. .*\.tail has nothing of this run, b\/\d+\.$/m,
      ],
      [
        head.replace(/"afterStep":\d+/, '"afterStep":3'),
        /\.tail does not belong to it: that goes on after step 3\.$/m,
      ],
    ] as const) {
      forge(line)
      assert.match((await replayed(t, file, '--to', '0')).text, says)
    }
    forge(head)
    const other = textOf(readFileSync(older)).replace(/"instance":"/, '$&other')
    writeFileSync(older, gzipSync(other))
    assert.doesNotMatch((await replayed(t, tail, '--to', '0')).text, /Those before them/)
    const last = Number(/(\d+)\. They were not run/.exec((await replayed(t, tail)).text)?.[1])
    const beyond = await replayed(t, tail, '--from', String(last + 1))
    assert.equal(beyond.code, 2)
    assert.match(beyond.errors, new RegExp(`There is no step ${last + 1}: its steps are \\d+ to ${last}\\.`))
  })

  it('says what is missing, and shows what is whole', async (t) => {
    const file = await longRun(t)
    const path = folder(t)
    const made = (name: string, bytes: Buffer): string => {
      writeFileSync(join(path, name), bytes)
      return join(path, name)
    }
    const [tail, older] = [readFileSync(`${file}.tail`), readFileSync(`${file}.tail.1`)]
    const inOrder = await replayed(t, made('both', Buffer.concat([older, tail])))
    assertInOrder(numbersIn(inOrder.text))
    assert.doesNotMatch(inOrder.text, /missing|cannot be read/)
    const swapped = await replayed(t, made('swapped', Buffer.concat([tail, older])))
    assert.match(swapped.text, /^Step \d+ follows step \d+: the files are not in their order\.$/m)

    const lines = textOf(older).split('\n')
    const holed = await replayed(
      t,
      made('holed', gzipSync([...lines.slice(0, 5), ...lines.slice(8)].join('\n'))),
    )
    assert.match(holed.text, /^Between step \d+ and step \d+, 3 steps are missing\.$/m)

    let end = Math.floor(older.length / 2)
    while (textOf(older.subarray(0, end)).endsWith('\n')) end--
    const whole = textOf(older.subarray(0, end)).split('\n').length - 2
    const cut = await replayed(t, made('cut', older.subarray(0, end)))
    assert.equal(cut.code, 0)
    assert.equal(numbersIn(cut.text).length, whole)
    assert.match(cut.text, /^After step \d+ the recording cannot be read/m)

    const spoiled = Buffer.from(older)
    spoiled.fill(0xff, end, end + 64)
    const damaged = await replayed(t, made('spoiled', spoiled))
    assert.equal(damaged.code, 1, damaged.errors)
    assert.match(damaged.text, /^After step \d+ the recording cannot be read/m)
  })
})
