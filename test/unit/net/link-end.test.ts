// How a link ends, in the words of core/reasons.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { REASONS, type Reason } from '../../../src/core/reasons.ts'
import {
  CLOSE_TEXT_BYTES_MAX,
  closeText,
  endOfRemoteClose,
  endOfSocketError,
} from '../../../src/net/link-end.ts'

test('each close code of ours comes back as its reason', () => {
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const { closeCode, text } = REASONS[reason]
    assert.deepEqual(endOfRemoteClose(closeCode, text), { reason, remote: true, detail: text })
    assert.deepEqual(endOfRemoteClose(closeCode, ''), { reason, remote: true, detail: text })
  }
})

test('a code of someone else is link-lost, with the code in the detail', () => {
  assert.deepEqual(endOfRemoteClose(4999, 'bye'), {
    reason: 'link-lost',
    remote: true,
    detail: 'closed with code 4999: bye',
  })
  assert.equal(endOfRemoteClose(1011, '').detail, 'closed with code 1011')
})

test('a standard close on purpose may be dialled again, and does not say that the node left', () => {
  for (const code of [1000, 1001, 1005, 1012]) {
    const { reason } = endOfRemoteClose(code, '')
    assert.equal(reason, 'shutting-down')
    assert.ok(REASONS[reason].reconnect)
  }
})

test('what the other end calls our mistake is named', () => {
  assert.equal(endOfRemoteClose(1002, '').reason, 'protocol-error')
  assert.equal(endOfRemoteClose(1003, '').reason, 'not-binary')
  assert.equal(endOfRemoteClose(1007, '').reason, 'malformed')
  assert.equal(endOfRemoteClose(1009, '').reason, 'too-large')
})

test('no close frame is link-lost', () => {
  assert.equal(endOfRemoteClose(1006, '').reason, 'link-lost')
})

test("control characters of the other end's text do not reach a log", () => {
  const { detail } = endOfRemoteClose(4000, 'gone\r\n[MSG] From node1: forged\u001b[2J')
  assert.equal(detail, 'gone  [MSG] From node1: forged [2J')
})

test('errors of the WebSocket layer have a reason', () => {
  const reasonOf = (code: string) => endOfSocketError(Object.assign(new Error('x'), { code })).reason
  assert.equal(reasonOf('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'), 'too-large')
  assert.equal(reasonOf('WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'), 'too-large')
  assert.equal(reasonOf('WS_ERR_INVALID_UTF8'), 'malformed')
  assert.equal(reasonOf('WS_ERR_INVALID_OPCODE'), 'protocol-error')
  assert.equal(reasonOf('ECONNRESET'), 'link-lost')
})

test('a close text fits into a close frame and is never cut within a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      const cut = closeText(text)
      assert.ok(Buffer.byteLength(cut) <= CLOSE_TEXT_BYTES_MAX)
      assert.ok(!cut.includes('\ufffd') || text.includes('\ufffd'))
      assert.ok(text.startsWith(cut))
    }),
  )
  assert.equal(closeText('ä'.repeat(100)), 'ä'.repeat(61))
  assert.equal(closeText('a'.repeat(123)), 'a'.repeat(123))
})
