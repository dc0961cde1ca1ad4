// What may be asked of a test network, and where its seed comes from.

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { createTestNetwork, TestNetworkError } from '../../../src/testing/test-network.ts'

const before = process.env.HEARSAY_SEED

describe('options of a test network', () => {
  afterEach(() => {
    if (before === undefined) delete process.env.HEARSAY_SEED
    else process.env.HEARSAY_SEED = before
  })

  it('are checked: what makes no sense is an error at once', () => {
    const wrong: Record<string, unknown[]> = {
      seed: [-1, 1.5, '7', Number.NaN, 2 ** 53],
      latencyMs: [-1, [5], [5, 1], [1, 2, 3], ['1', '2'], Number.POSITIVE_INFINITY],
      jitterMs: [-1, '5'],
      bytesPerSecond: [0, -1],
      dialFailure: [-0.1, 1.1],
      patienceMs: [0],
      config: [null, 5, []],
      latency: [5],
    }
    for (const [key, values] of Object.entries(wrong)) {
      for (const value of values) {
        assert.throws(
          () => createTestNetwork({ [key]: value }),
          (error) =>
            error instanceof TestNetworkError &&
            error.code === 'invalid-option' &&
            error.message.startsWith(`${key}: `),
          `${key}: ${value}`,
        )
      }
    }
  })

  it('have to be an object, and what they are is told as it is', () => {
    for (const [options, message] of [
      [null, /^options: null is not an object/],
      [5, /^options: 5 is not an object/],
      [[], /^options: \[\] is not an object/],
      [{ latencyMs: Number.NaN }, /^latencyMs: NaN is not ms/],
      [{ jitterMs: Number.POSITIVE_INFINITY }, /^jitterMs: Infinity is not ms/],
      [{ seed: () => 5 }, /^seed: \(\) => 5 is not a whole number/],
    ] as const) {
      assert.throws(() => createTestNetwork(options as never), { code: 'invalid-option', message })
    }
  })

  it('settings of all nodes are checked as those of one are', () => {
    for (const [config, message] of [
      [{ linksAmi: 5 }, /^config\.linksAmi: there is no such setting/],
      [{ linksAim: 0 }, /^config\.linksAim: 0 is not a whole number from 1 to/],
      [{ heartbeatMs: '5' }, /^config\.heartbeatMs: 5 is not a whole number/],
    ] as const) {
      assert.throws(() => createTestNetwork({ config } as never), { code: 'invalid-option', message })
    }
    // Each alone: those of a node may make up for it.
    assert.doesNotThrow(() => createTestNetwork({ config: { linksMin: 7 } }))
  })

  it('the seed that is asked for comes first, then that of HEARSAY_SEED', () => {
    process.env.HEARSAY_SEED = '12'
    assert.equal(createTestNetwork().seed, 12)
    assert.equal(createTestNetwork({ seed: 7 }).seed, 7)
    process.env.HEARSAY_SEED = 'twelve'
    assert.throws(() => createTestNetwork(), { code: 'invalid-option', message: /^HEARSAY_SEED: "twelve"/ })
    assert.equal(createTestNetwork({ seed: 7 }).seed, 7)
  })

  it('a seed that is drawn is the same for all networks of the process', () => {
    delete process.env.HEARSAY_SEED
    const { seed } = createTestNetwork()
    assert.ok(Number.isSafeInteger(seed) && seed >= 0)
    assert.equal(createTestNetwork().seed, seed)
  })
})
