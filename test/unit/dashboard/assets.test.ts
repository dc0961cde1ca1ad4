// Where the files of the topology page come from: sources in a checkout, built ones in a package.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { bundlePage, UI_FILES, writePage } from '../../../src/build/bundle-page.ts'
import { uiFiles, uiFilesFrom } from '../../../src/dashboard/assets.ts'

describe('the files of the topology page', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hearsay-ui-'))
  })
  after(() => rm(directory, { recursive: true }))

  it('are bundled in a checkout, once', async () => {
    const [page, again] = await Promise.all([uiFiles('index.html'), uiFiles('index.html')])
    assert.equal(page, again)
    assert.match(Buffer.from(page.bytes).toString(), /src="ui\/page\.js"/)
    assert.match(Buffer.from(page.bytes).toString(), /data-command="npm run -s hearsay --"/)
    assert.equal(page.contentType, 'text/html; charset=utf-8')
    assert.match(page.etag, /^"[\w-]{22}"$/)
    for (const name of ['page.js', 'page.css'] as const) {
      const { bytes, gzip } = await uiFiles(name)
      assert.ok(gzip !== undefined && gzip.length < bytes.length)
      assert.deepEqual(gunzipSync(gzip), Buffer.from(bytes))
    }
  })

  it('name the packages that are bundled, with their licences', async () => {
    const script = Buffer.from((await uiFiles('page.js')).bytes).toString()
    const notices = script.slice(script.lastIndexOf('/*!'))
    assert.match(notices, /\bforce-graph 1\.\d+\.\d+/)
    assert.match(notices, /\bd3-zoom 3\.\d+\.\d+/)
    assert.match(notices, /Permission is hereby granted, free of charge/)
    assert.match(notices, /Copyright .* Mike Bostock/)
    assert.match(notices, /Copyright .* Vasco Asturiano/)
    assert.ok(notices.trimEnd().endsWith('*/'))
    assert.ok(notices.length < 15_000, `${notices.length} characters`)
  })

  it('say where they are installed how the program is called there', async () => {
    await writePage(await bundlePage(), directory)
    const { bytes } = await uiFilesFrom({ built: pathToFileURL(`${directory}/`), isCheckout: false })(
      'index.html',
    )
    assert.match(Buffer.from(bytes).toString(), /data-command="npx hearsay"/)
    for (const name of UI_FILES) await rm(join(directory, name))
  })

  it('are those that were built; where nothing was, the request says so, and the next one tries again', async () => {
    const files = uiFilesFrom({ built: pathToFileURL(`${directory}/`), isCheckout: false })
    await assert.rejects(files('index.html'), /npm run build/)
    const bytes = Buffer.from('x'.repeat(100))
    await writePage({ 'index.html': bytes, 'page.js': bytes, 'page.css': bytes }, directory)
    const page = await files('index.html')
    assert.deepEqual(page.bytes, bytes)
    assert.deepEqual(gunzipSync(page.gzip ?? Buffer.alloc(0)), bytes)
  })
})
