// The routes of the topology page: headers, compression, validators, and what is not there.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createShim, type ShimApp } from '../../../src/http/shim.ts'
import { addUi, type UiFiles } from '../../../src/http/ui.ts'
import { silentLogger } from '../../../src/logger.ts'

const page = {
  bytes: new TextEncoder().encode('<!doctype html>'),
  gzip: new Uint8Array([31, 139]),
  contentType: 'text/html; charset=utf-8',
  etag: '"1"',
}
const files: UiFiles = async () => page

function appOf(of: UiFiles = files): ShimApp {
  const app = createShim({}, silentLogger)
  addUi(app, of)
  return app
}

describe('the page', () => {
  test('may load nothing from anywhere else', async () => {
    const response = await appOf().request('/ui')
    assert.equal(response.status, 200)
    assert.equal(await response.text(), '<!doctype html>')
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.match(
      response.headers.get('content-security-policy') ?? '',
      /^default-src 'none'; script-src 'self';/,
    )
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  })

  test('is compressed for those who take it', async () => {
    const headers = { 'Accept-Encoding': 'br, gzip' }
    const response = await appOf().request('/ui', { headers })
    assert.equal(response.headers.get('content-encoding'), 'gzip')
    assert.equal(response.headers.get('content-length'), '2')
    assert.equal(response.headers.get('vary'), 'Accept-Encoding')
    for (const [accepted, encoding] of [
      ['gzip;q=0', null],
      ['gzip;q=0, *', null],
      ['identity', null],
      ['*', 'gzip'],
      ['br;q=1.0, gzip;q=0.5', 'gzip'],
      ['x-gzip', null],
    ] as const) {
      const answer = await appOf().request('/ui', { headers: { 'Accept-Encoding': accepted } })
      assert.equal(answer.headers.get('content-encoding'), encoding, accepted)
    }
  })

  test('is not sent again to those who have it', async () => {
    const same = await appOf().request('/ui', { headers: { 'If-None-Match': '"1"' } })
    assert.equal(same.status, 304)
    assert.equal(await same.text(), '')
    for (const tags of ['"0", "1"', 'W/"1"', '*']) {
      const answer = await appOf().request('/ui', { headers: { 'If-None-Match': tags } })
      assert.equal(answer.status, 304, tags)
    }
    // The compressed bytes are others.
    const gzip = { 'Accept-Encoding': 'gzip' }
    const mixed = await appOf().request('/ui', { headers: { ...gzip, 'If-None-Match': '"1"' } })
    assert.equal(mixed.status, 200)
    const tag = mixed.headers.get('etag') ?? ''
    assert.equal((await appOf().request('/ui', { headers: { ...gzip, 'If-None-Match': tag } })).status, 304)
    const other = await appOf().request('/ui', { headers: { 'If-None-Match': '"0"' } })
    assert.equal(other.status, 200)
  })

  test('is at one place, because it names its files relative to itself', async () => {
    const response = await appOf().request('/ui/')
    assert.equal(response.status, 308)
    assert.equal(new URL(response.headers.get('location') ?? '', 'http://a/x/ui/').pathname, '/x/ui')
  })

  test('has no other files', async () => {
    for (const path of ['/ui/none.js', '/ui/..%2Fpackage.json', '/ui/a/b']) {
      const response = await appOf().request(path)
      assert.equal(response.status, 404, path)
      assert.match(response.headers.get('content-type') ?? '', /json/)
    }
  })

  test('says why it is not there', async () => {
    const response = await appOf(() => Promise.reject(new Error('esbuild is not installed'))).request('/ui')
    assert.equal(response.status, 503)
    assert.deepEqual(await response.json(), { error: 'The page is not here: esbuild is not installed' })
  })
})
