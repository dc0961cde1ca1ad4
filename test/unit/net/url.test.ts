// One text form per place: what normalizeUrl accepts, refuses, and that it never throws.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalizeUrl, placeOf, quoteUrl, withoutQuery } from '../../../src/net/url.ts'

const same: readonly (readonly [string, string])[] = [
  ['http://node8:5000', 'ws://node8:5000/'],
  ['http://node8:5000/', 'ws://node8:5000/'],
  ['ws://node8:5000', 'ws://node8:5000/'],
  ['  WS://NODE8:5000/  ', 'ws://node8:5000/'],
  ['node8:5000', 'ws://node8:5000/'],
  ['node8:5000/x', 'ws://node8:5000/x'],
  ['127.0.0.1:5000', 'ws://127.0.0.1:5000/'],
  ['[::1]:5000', 'ws://[::1]:5000/'],
  ['http://[0:0::1]:5000', 'ws://[::1]:5000/'],
  ['http://node8', 'ws://node8:80/'],
  ['ws://node8:80', 'ws://node8:80/'],
  ['https://Hearsay.Example', 'wss://hearsay.example:443/'],
  ['wss://hearsay.example:443/', 'wss://hearsay.example:443/'],
  ['https://hearsay.example:8443/overlay/', 'wss://hearsay.example:8443/overlay'],
  ['ws://node8:5000//', 'ws://node8:5000/'],
  ['ws://node8:5000/a/../b/', 'ws://node8:5000/b'],
  ['ws://node8:5000/?room=1#top', 'ws://node8:5000/?room=1'],
]

for (const [text, url] of same) {
  test(`${JSON.stringify(text)} is ${url}`, () => {
    assert.deepEqual(normalizeUrl(text), { ok: true, url })
  })
}

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  ['   ', /empty/],
  ['node8', /"node8" is not a URL: write it as ws:\/\/host:5000/],
  ['node8:', /not a URL/],
  ['node8:port', /not a URL/],
  ['ws://', /not a URL/],
  ['ws://node8:70000', /not a URL/],
  ['ws://two words:5000', /not a URL/],
  ['ftp://node8:5000', /has to begin with/],
  ['file:///etc/passwd', /has to begin with/],
  ['ws://me:secret@node8:5000', /user name or password/],
  ['ws://node8:0', /port 0/],
  [`ws://node8:5000/${'a'.repeat(2_048)}`, /longer than/],
]

for (const [text, why] of refused) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused in one line`, () => {
    const result = normalizeUrl(text)
    assert.ok(!result.ok)
    assert.match(result.detail, why)
    assert.doesNotMatch(result.detail, /\n/)
    assert.ok(result.detail.length < 200)
  })
}

const quoted: readonly (readonly [string, string])[] = [
  ['http://user:S3CRET@localhost:1/?token=S3CRET', '"http://…@localhost:1/?…"'],
  ['user:S3CRET@localhost:1', '"…@localhost:1"'],
  ['ws://user:S3C/RET@localhost:1/x', '"ws://…@localhost:1/x"'],
  ['ws://user:S3C?RET@localhost:1', '"ws://…@…"'],
  ['ws://localhost:1/?token=S3@CRET', '"ws://…@…"'],
  ['ws://localhost:0/#S3CRET', '"ws://localhost:0/#…"'],
  ['node8\n?S3CRET', '"node8\\n?…"'],
  ['ws://node8:0/x', '"ws://node8:0/x"'],
]

for (const [text, shown] of quoted) {
  test(`${JSON.stringify(text)} is quoted without secrets`, () => {
    assert.equal(quoteUrl(text), shown)
    const result = normalizeUrl(text)
    assert.ok(!result.ok || !withoutQuery(result.url).includes('S3'))
    assert.ok(result.ok || !result.detail.includes('S3'))
  })
}

test('canonical text is its own canonical form, and any text gives a value', () => {
  const text = fc.oneof(
    fc.string(),
    fc.webUrl({ validSchemes: ['http', 'https', 'ws', 'wss'], withQueryParameters: true }),
  )
  fc.assert(
    fc.property(text, (given) => {
      const once = normalizeUrl(given)
      if (once.ok) assert.deepEqual(normalizeUrl(once.url), once)
    }),
    { numRuns: 2_000 },
  )
})

test('a place is named by host and port', () => {
  assert.equal(placeOf('ws://node8:5000/'), 'node8:5000')
  assert.equal(placeOf('ws://node8:80/'), 'node8:80')
  assert.equal(placeOf('wss://node8:443/x'), 'node8:443')
  assert.equal(placeOf('ws://[::1]:5000/'), '[::1]:5000')
})
