// What a program may ask of a member in a browser: what members have in common, and clear words for what cannot be.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BrowserNodeOptions, checkOptions } from '../../../src/browser/options.ts'
import { HearsayError } from '../../../src/errors.ts'

function refuses(code: string, says: RegExp, options: unknown): void {
  assert.throws(
    () => checkOptions(options as BrowserNodeOptions),
    (error: unknown) => error instanceof HearsayError && error.code === code && says.test(error.message),
    JSON.stringify(options),
  )
}

test('defaults are those of all members, and a name of its own', () => {
  const { logger, name, ...settings } = checkOptions({ peers: ['node8:5000'] })
  assert.equal(typeof logger.error, 'function')
  assert.match(name, /^browser-[0-9a-z]{6}$/)
  assert.notEqual(checkOptions({}).name, name)
  assert.deepEqual(settings, {
    bootstrap: [],
    peers: ['ws://node8:5000/'],
    tags: [],
    history: 0,
    config: {},
    deadlineMs: 10_000,
    deadlineMaxMs: 3_600_000,
    link: {},
  })
})

test('what a browser cannot do is refused by name', () => {
  for (const [option, value] of Object.entries({
    listen: false,
    host: '::',
    allowOrigins: [],
    url: 'ws://a:1',
    record: {},
  })) {
    refuses('invalid-option', new RegExp(`^${option}: a browser cannot do that`), { [option]: value })
  }
})

test('what is wrong is refused as it is in Node.js', () => {
  refuses('invalid-option', /^nmae: there is no such option; there are name, bootstrap, /, { nmae: 'a' })
  refuses('invalid-option', /^options: expected an object, got null$/, null)
  refuses('invalid-name', /is not a node name/, { name: 'a b' })
  refuses('invalid-url', /has to begin with ws:/, { bootstrap: ['ftp://a'] })
  refuses('invalid-option', /^config\.hopsMax: /, { config: { hopsMax: 0 } })
})
