// A node's listeners: who is called, in which order, and what becomes of one that throws.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Emitter } from '../../../src/node/events.ts'

const UP = { name: 'a' }

describe('the listeners of a node', () => {
  test('are called in order, each as often as it was added, until it is taken off', () => {
    const emitter = new Emitter()
    const calls: string[] = []
    const twice = (): void => {
      calls.push('twice')
    }
    emitter.on('neighbor-up', ({ name }) => calls.push(name))
    const off = emitter.on('neighbor-up', twice)
    emitter.on('neighbor-up', twice)
    emitter.on('neighbor-down', () => calls.push('wrong kind'))
    emitter.emit('neighbor-up', UP)
    assert.deepEqual(calls, ['a', 'twice', 'twice'])
    off()
    off()
    emitter.emit('neighbor-up', UP)
    assert.deepEqual(calls.slice(3), ['a', 'twice'])
    emitter.clear()
    emitter.emit('neighbor-up', UP)
    assert.equal(calls.length, 5)
  })

  test('are functions, for events that there are', () => {
    const emitter = new Emitter()
    const refused = (says: RegExp) => ({ name: 'HearsayError', code: 'invalid-option', message: says })
    assert.throws(
      () => emitter.on('mesage' as never, () => {}),
      refused(/no event "mesage"; there are message, /),
    )
    assert.throws(() => emitter.on('message', undefined as never), refused(/expected a function/))
  })

  test('may come and go while they are called: that counts from the next event on', () => {
    const emitter = new Emitter()
    const calls: string[] = []
    const offs = [
      emitter.on('neighbor-up', () => {
        calls.push('first')
        offs[1]?.()
        if (calls.length < 100) emitter.on('neighbor-up', () => calls.push('new'))
      }),
      emitter.on('neighbor-up', () => calls.push('second')),
    ]
    emitter.emit('neighbor-up', UP)
    assert.deepEqual(calls, ['first', 'second'])
    emitter.emit('neighbor-up', UP)
    assert.deepEqual(calls, ['first', 'second', 'first', 'new'])
  })

  test('that listen anew in each call are not called for ever', () => {
    const emitter = new Emitter()
    let calls = 0
    const again = (): void => {
      if (++calls < 1_000) emitter.on('neighbor-up', again)
    }
    emitter.on('neighbor-up', again)
    emitter.emit('neighbor-up', UP)
    assert.equal(calls, 1)
  })
})
