// Test networks in a process of their own: nothing of them keeps it, listeners that throw surface as they do in
// production, and a run that fails tells its seed.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runProgram } from '../../support/node-program.ts'

describe('a process with a test network', { concurrency: true }, () => {
  test('ends by itself: after close, and where nothing is awaited any more', async (t) => {
    const closed = runProgram(
      t,
      `const net = createTestNetwork()
       await net.start(5)
       await net.settled()
       await net.close()
       const endMs = Date.now()
       process.on('exit', () => console.log(Date.now() - endMs < 500 ? 'at once' : 'late'))`,
    )
    const left = runProgram(
      t,
      `const net = createTestNetwork()
       await net.start(5)
       await net.settled()`,
    )
    assert.deepEqual(await closed.end(), { code: 0, signal: null })
    assert.deepEqual([closed.output, closed.errors], ['at once\n', ''])
    assert.deepEqual(await left.end(), { code: 0, signal: null })
  })

  test('a listener that throws surfaces as an uncaught exception and breaks nothing', async (t) => {
    const program = runProgram(
      t,
      `const thrown = []
       process.on('uncaughtException', (error) => thrown.push(error.message))
       const net = createTestNetwork()
       const [a, b] = await net.start(['a', 'b'])
       const got = []
       for (const kind of ['message', 'peer-join', 'peer-leave', 'neighbor-up', 'neighbor-down']) {
         a.on(kind, () => { throw new Error(kind) })
       }
       a.on('message', ({ value }) => got.push(value))
       await net.settled()
       console.log((await b.send('a', 1)).status, (await b.send('a', 2)).status, (await a.send('b', 3)).status)
       net.crash('b')
       await net.settled()
       await net.close()
       console.log(got.join(), [...new Set(thrown)].sort().join())`,
    )
    assert.deepEqual(await program.end(), { code: 0, signal: null })
    assert.deepEqual(program.output.split('\n'), [
      'delivered delivered delivered',
      '1,2 message,neighbor-down,neighbor-up,peer-join,peer-leave',
      '',
    ])
  })

  test('that fails tells the seed, unless the program knows it', async (t) => {
    const fails = (options: string) =>
      runProgram(
        t,
        `delete process.env.HEARSAY_SEED
       console.log(createTestNetwork(${options}).seed, createTestNetwork(${options}).seed); process.exitCode = 1`,
      )
    const [drawn, chosen] = [fails(''), fails('{ seed: 7 }')]
    assert.equal((await drawn.end()).code, 1)
    const [, first, second] = /^(\d+) (\d+)$/m.exec(drawn.output) ?? []
    assert.equal(first, second)
    assert.match(drawn.errors, new RegExp(`^hearsay/testing: .* HEARSAY_SEED=${first} `))
    await chosen.end()
    assert.equal(chosen.errors, '')
  })
})
