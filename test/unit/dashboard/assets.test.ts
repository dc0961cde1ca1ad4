import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { UiAssets, UiUnavailable, uiAsset } from '../../../src/dashboard/assets.ts'
import { writePage } from '../../../src/dashboard/bundle.ts'

describe('the files of the topology page', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hearsay-ui-'))
  })
  after(() => rm(directory, { recursive: true }))
  const built = () => new UiAssets({ built: pathToFileURL(`${directory}/`), isCheckout: false })

  it('are bundled in a checkout, once', async () => {
    const [page, again] = [await uiAsset('/ui'), await uiAsset('/ui')]
    assert.ok(page !== undefined && !(page instanceof UiUnavailable), 'no page')
    assert.equal(page, again)
    assert.match(Buffer.from(page.bytes).toString(), /src="ui\/page\.js"/)
    assert.equal(page.contentType, 'text/html; charset=utf-8')
    assert.match(page.etag, /^"[\w-]{22}"$/)
    for (const path of ['/ui/page.js', '/ui/page.css']) {
      const asset = await uiAsset(path)
      assert.ok(asset !== undefined && !(asset instanceof UiUnavailable))
      assert.ok(asset.gzip !== undefined && asset.gzip.length < asset.bytes.length)
      assert.deepEqual(gunzipSync(asset.gzip), Buffer.from(asset.bytes))
    }
  })

  it('are nothing else, whatever is asked for', async () => {
    const paths = [
      '/',
      '/ui/',
      '/ui/index.html',
      '/ui/../assets.ts',
      '/ui/page.js.gz',
      '/ui/constructor',
      '/ui/page.js?x',
    ]
    for (const path of paths) assert.equal(await uiAsset(path), undefined, path)
  })

  it('say why there are none, where nothing was built', async () => {
    const answer = await built().get('/ui')
    assert.ok(answer instanceof UiUnavailable)
    assert.match(answer.error, /npm run build/)
  })

  it('are those that were built, also without compressed ones', async () => {
    const bytes = Buffer.from('x'.repeat(100))
    await writePage({ 'index.html': bytes, 'page.js': bytes, 'page.css': bytes }, directory)
    await rm(join(directory, 'page.css.gz'))
    await writeFile(join(directory, 'secret'), 'secret')
    const assets = built()
    const [page, style] = [await assets.get('/ui'), await assets.get('/ui/page.css')]
    assert.ok(page !== undefined && !(page instanceof UiUnavailable))
    assert.deepEqual(page.bytes, bytes)
    assert.ok(page.gzip !== undefined)
    assert.ok(style !== undefined && !(style instanceof UiUnavailable))
    assert.equal(style.gzip, undefined)
    assert.equal(await assets.get('/ui/secret'), undefined)
  })
})
