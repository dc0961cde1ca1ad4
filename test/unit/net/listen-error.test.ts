// Errors of the operating system become errors that say what to do.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  HostUnknownError,
  listenError,
  PortDeniedError,
  PortTakenError,
} from '../../../src/net/listen-error.ts'

const systemError = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code })

test('each known cause has its type, its port and its cause', () => {
  const cause = systemError('EADDRINUSE')
  const taken = listenError(cause, 5000, undefined)
  assert.ok(taken instanceof PortTakenError)
  assert.deepEqual(
    [taken.port, taken.code, taken.name, taken.cause],
    [5000, 'port-taken', 'PortTakenError', cause],
  )
  assert.match(taken.message, /port 5000 .* choose another port/)

  const denied = listenError(systemError('EACCES'), 80, undefined)
  assert.ok(denied instanceof PortDeniedError)
  assert.equal(denied.port, 80)
  assert.match(denied.message, /port 80 .* above 1023/)

  for (const code of ['EADDRNOTAVAIL', 'ENOTFOUND']) {
    const unknown = listenError(systemError(code), 5000, '192.0.2.1')
    assert.ok(unknown instanceof HostUnknownError)
    assert.equal(unknown.host, '192.0.2.1')
  }
})

test('an unknown cause comes back as it is', () => {
  const other = systemError('EMFILE')
  assert.equal(listenError(other, 5000, undefined), other)
})
