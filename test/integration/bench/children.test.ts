// Child processes of the benchmarks: answers and errors come back, an end is told with what the child wrote, an answer that
// does not come is given up on, and all are gone when they are ended.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Child, type ChildOptions, Children } from '../../bench/harness/children.ts'
import type { RawSocketsCommands } from '../../bench/processes/raw-sockets.ts'

interface TestCommands extends Record<string, (...args: never[]) => unknown> {
  double(values: Float64Array): Float64Array
  fail(): void
  die(): void
  hang(): void
}

const SERVING = new URL('../../bench/processes/serving.ts', import.meta.url).href
const PROGRAM = `
import { serve } from ${JSON.stringify(SERVING)}
serve({
  double: async (values) => values.map((value) => 2 * value),
  fail: () => { throw new Error('it did not work') },
  die: () => { process.stderr.write('last words\\n'); setImmediate(() => process.exit(3)); return new Promise(() => {}) },
  hang: () => new Promise(() => {}),
})
`

function startChild(t: TestContext, options: Partial<ChildOptions> = {}): Child<TestCommands> {
  const directory = mkdtempSync(join(tmpdir(), 'hearsay-child-'))
  const program = join(directory, 'program.mjs')
  writeFileSync(program, PROGRAM)
  const child = new Child<TestCommands>(program, { label: 'the child', ...options })
  t.after(async () => {
    await child.end()
    rmSync(directory, { recursive: true, force: true })
  })
  return child
}

test('answers come back as they are, each to its question', async (t) => {
  const child = startChild(t)
  const [a, b] = await Promise.all([
    child.ask('double', Float64Array.of(1, 2)),
    child.ask('double', Float64Array.of(3)),
  ])
  assert.deepEqual([a, b], [Float64Array.of(2, 4), Float64Array.of(6)])
})

test('what goes wrong in a command is told, and the next one works', async (t) => {
  const child = startChild(t)
  await assert.rejects(child.ask('fail'), /the child: Error: it did not work/)
  await assert.rejects(child.ask('nothing' as 'fail'), /there is no command nothing/)
  assert.deepEqual(await child.ask('double', Float64Array.of(1)), Float64Array.of(2))
})

test('an end is told to all who wait, and to those who ask later, with what it wrote', async (t) => {
  const child = startChild(t)
  const hanging = assert.rejects(child.ask('hang'), /the child ended with code 3:\nlast words/)
  await assert.rejects(child.ask('die'), /the child ended with code 3:\nlast words/)
  await hanging
  await assert.rejects(child.ask('double', Float64Array.of(1)), /the child ended with code 3/)
})

test('an answer that does not come is given up on', async (t) => {
  const child = startChild(t, { deadlineMs: 50 })
  await assert.rejects(child.ask('hang'), /the child: no answer to hang within 50 ms/)
})

test('a program that is not there is an end', async (t) => {
  const child = new Child<TestCommands>('/no/such/program.ts', { label: 'nobody' })
  t.after(() => child.end())
  await assert.rejects(child.ask('hang'), /nobody ended with code 1:[\s\S]*no\/such\/program/)
})

test('a child that has something to do at its end may do it', async (t) => {
  const child = startChild(t, { endsByItself: true })
  await child.ask('double', Float64Array.of(1))
  await child.end()
  await assert.rejects(child.ask('hang'), /the child ended with code 0/)
})

test('all that were started end together', async () => {
  const children = new Children()
  const some = [1, 2].map((number) =>
    children.start<RawSocketsCommands>('raw-sockets', { label: `child ${number}` }),
  )
  assert.match((await some[0]?.ask('receive')) ?? '', /^ws:\/\/127\.0\.0\.1:\d+$/)
  await children.endAll()
  for (const child of some) await assert.rejects(child.ask('joined'), /ended with SIGKILL/)
})
