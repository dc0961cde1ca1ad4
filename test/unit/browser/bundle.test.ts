// `hearsay/browser` as one file: what is in it, and that it cannot grow unnoticed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bundleBrowser } from '../../../src/build/bundle-browser.ts'

/** A little above what it has: docs/PERFORMANCE.md says of what. Raise it only for what pages need. */
const GZIP_BYTES_MAX = 66_000

test('the bundle holds nothing that only Node.js has, nor what pages do not need', async () => {
  const { metafile } = await bundleBrowser()
  const inputs = Object.keys(metafile.inputs)
  const packages = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
  assert.deepEqual([...new Set(packages)], ['nanoid'])
  const imports = Object.values(metafile.inputs).flatMap(({ imports: of }) => of)
  assert.deepEqual(
    imports.filter(({ external }) => external).map(({ path }) => path),
    [],
  )
  const rooms = inputs.flatMap((path) => /^src\/(\w+)\//.exec(path)?.[1] ?? [])
  assert.deepEqual([...new Set(rooms)].sort(), ['bootstrap', 'browser', 'core', 'net', 'node', 'wire'])
  for (const path of ['metrics', 'file-recorder', 'guest-side', 'http-peers', 'doors', 'sockets-world']) {
    assert.ok(!inputs.includes(`src/node/${path}.ts`), path)
  }
})

test('the bundle is as small as it was', async (t) => {
  const { text } = await bundleBrowser()
  const { length } = gzipSync(text, { level: 9 })
  t.diagnostic(`${text.length} bytes, ${length} gzipped`)
  assert.ok(length <= GZIP_BYTES_MAX, `${length} bytes gzipped`)
})
