// Who asks for a link and is not known: since when.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import { Strangers } from '../../../src/core/strangers.ts'
import { nodeName } from '../../support/core-rig.ts'

const a = nodeName('a')

test('it counts from the first time that it asked', () => {
  const strangers = new Strangers()
  assert.equal(strangers.asked(a, 100), 0)
  assert.equal(strangers.asked(nodeName('b'), 300), 0)
  assert.equal(strangers.asked(a, 400), 300)
  assert.equal(strangers.asked(a, 400 + CORE_DEFAULTS.dialBackoffMaxMs), 300 + CORE_DEFAULTS.dialBackoffMaxMs)
})

test('who has not asked for long begins anew', () => {
  const strangers = new Strangers()
  strangers.asked(a, 0)
  assert.equal(strangers.asked(a, 90_000), 0)
  assert.equal(strangers.asked(a, 90_001), 1)
})

test('names without end push out the oldest', () => {
  const strangers = new Strangers()
  strangers.asked(a, 0)
  for (let i = 0; i < 63; i++) strangers.asked(nodeName(`n${i}`), 1)
  assert.equal(strangers.asked(a, 2), 2)
  strangers.asked(nodeName('one-more'), 3)
  assert.equal(strangers.asked(nodeName('n0'), 4), 3)
  assert.equal(strangers.asked(a, 5), 0)
})
