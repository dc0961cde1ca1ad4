// Whether a process may have as many open files as a swarm needs, told before it starts one.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { openFilesProblem } from '../../../src/cli/open-files.ts'

test('a swarm that needs more files than there may be is refused with what to do', () => {
  assert.equal(openFilesProblem(30, 1_024), undefined)
  assert.equal(openFilesProblem(1_000, undefined), undefined, 'the system does not say')
  assert.equal(
    openFilesProblem(1_000, 1_024),
    '--nodes 1000 needs about 12100 open files, and this process may have 1024. ' +
      'Raise the limit with "ulimit -n 12100" in the same shell, or give --nodes 77.',
  )
  assert.match(openFilesProblem(5, 50) ?? '', /same shell\.$/)
})

test('the command finds out what its process may have', { skip: process.platform === 'win32' }, async () => {
  const typed = `ulimit -n 200; exec "${process.execPath}" src/main.ts swarm --nodes 30 --port 0`
  const run = promisify(execFile)('sh', ['-c', typed])
  await assert.rejects(run, ({ code, stderr }) => {
    assert.equal(code, 2)
    assert.match(stderr, /--nodes 30 needs about 460 open files, and this process may have 200\./)
    return true
  })
})
