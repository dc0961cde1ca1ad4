// The order of names and URLs, and the HTTP form of URLs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compareNaturally, httpUrlOf, readPeerUrl, sortedUrls } from '../../../src/http/peer-urls.ts'

const numbered = fc.array(fc.constantFrom('node', '-', '0', '00', '1', '9', '10', '02', 'a', ':'), {
  maxLength: 6,
})
const text = fc.oneof(
  numbered.map((parts) => parts.join('')),
  fc.string(),
)

describe('the natural order', () => {
  test('counts as people do', () => {
    const sorted = [
      'a',
      'node',
      'node0',
      'node1',
      'node01',
      'node2',
      'node2-b',
      'node10',
      'node10a1',
      'nodes',
    ]
    assert.deepEqual(sorted.toReversed().sort(compareNaturally).toSorted(compareNaturally), [
      'a',
      'node',
      'node0',
      'node01',
      'node1',
      'node2',
      'node2-b',
      'node10',
      'node10a1',
      'nodes',
    ])
    const huge = ['9007199254740993', '9007199254740992', '10000000000000000000000']
    assert.deepEqual(huge.sort(compareNaturally), [
      '9007199254740992',
      '9007199254740993',
      '10000000000000000000000',
    ])
  })

  test('is a total order', () => {
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const sign = (x: string, y: string) => Math.sign(compareNaturally(x, y))
        assert.equal(sign(a, b), -sign(b, a) + 0)
        assert.equal(sign(a, b) === 0, a === b)
        if (sign(a, b) <= 0 && sign(b, c) <= 0) assert.ok(sign(a, c) <= 0)
      }),
      { numRuns: 2_000 },
    )
  })
})

test('ws: and http: mean the same place', () => {
  assert.equal(httpUrlOf('ws://node1:5000'), 'http://node1:5000')
  assert.equal(httpUrlOf('wss://node1/'), 'https://node1')
  assert.equal(httpUrlOf('https://ws.example'), 'https://ws.example')
  assert.deepEqual(sortedUrls(['ws://b:1/', 'http://b:1', 'ws://a10', 'ws://a9']), [
    'http://a9',
    'http://a10',
    'http://b:1',
  ])
})

test('what a client sends for a URL never throws, and what is accepted stays as it is', () => {
  const sent = fc.oneof(
    fc.webUrl(),
    fc.string(),
    fc.anything(),
    fc.domain().map((host) => `${host}:5000`),
  )
  fc.assert(
    fc.property(sent, (value) => {
      const read = readPeerUrl(value)
      if (!read.ok) return assert.match(read.error, /^The peer's address /)
      assert.match(read.url, /^https?:\/\/.*[^/]$/)
      assert.deepEqual(readPeerUrl(read.url), read)
    }),
  )
})
