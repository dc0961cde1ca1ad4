// Which marks are taken for a trace: the examples of W3C Trace Context, sections 3.2.2 and 3.2.3.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isSampled,
  isTraceparent,
  TRACEPARENT_CHARS,
  TRACEPARENT_EXAMPLE,
} from '../../../src/wire/traceparent.ts'

const [trace, parent] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

test('what is a traceparent', () => {
  assert.equal(TRACEPARENT_EXAMPLE.length, TRACEPARENT_CHARS)
  for (const good of [TRACEPARENT_EXAMPLE, `00-${trace}-${parent}-00`, `01-${trace}-${parent}-ff`])
    assert.ok(isTraceparent(good), good)
  for (const bad of [
    '',
    `ff-${trace}-${parent}-00`,
    `00-${'0'.repeat(32)}-${parent}-00`,
    `00-${trace}-${'0'.repeat(16)}-00`,
    `00-${trace.toUpperCase()}-${parent}-00`,
    `00-${trace}-${parent}`,
    `00-${trace}-${parent}-00-more`,
    ` 00-${trace}-${parent}-00`,
  ])
    assert.ok(!isTraceparent(bad), bad)
})

test('whether it is recorded', () => {
  assert.ok(isSampled(`00-${trace}-${parent}-01`))
  assert.ok(isSampled(`00-${trace}-${parent}-03`))
  assert.ok(!isSampled(`00-${trace}-${parent}-00`))
  assert.ok(!isSampled(`00-${trace}-${parent}-02`))
})
