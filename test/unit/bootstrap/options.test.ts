// What a program may ask of a bootstrap: a typed error that names what is wrong, before anything is opened.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BootstrapOptions, checkBootstrapOptions } from '../../../src/bootstrap/options.ts'
import { REGISTRY_DEFAULTS } from '../../../src/bootstrap/registry-config.ts'
import { createBootstrap, HearsayError, LINK_DEFAULTS } from '../../../src/index.ts'

function refuses(says: RegExp, options: unknown): void {
  assert.throws(
    () => checkBootstrapOptions(options as BootstrapOptions),
    (error: unknown) =>
      error instanceof HearsayError && error.code === 'invalid-option' && says.test(error.message),
    JSON.stringify(options),
  )
}

describe('the options of a bootstrap', () => {
  it('are all optional, and their defaults are allowed', () => {
    checkBootstrapOptions({})
    checkBootstrapOptions({ registry: REGISTRY_DEFAULTS, link: LINK_DEFAULTS, watcher: {}, poller: {} })
    checkBootstrapOptions({ listen: 0, host: '127.0.0.1', watcher: { bufferedBytesMax: 1 } })
  })

  it('are such as there are', () => {
    refuses(/^port: there is no such option; there are listen, host, /, { port: 5000 })
    refuses(/^registry\.nodes: there is no such setting/, { registry: { nodes: 5 } })
    refuses(/^link\.timeoutMs: there is no such setting/, { link: { timeoutMs: 5 } })
    refuses(/^watcher\.max: there is no such setting/, { watcher: { max: 5 } })
    refuses(/^poller\.max: there is no such setting/, { poller: { max: 5 } })
    for (const options of [null, 5000, 'ws://localhost:5000', []]) {
      refuses(/^options: expected an object/, options)
    }
    refuses(/^allowOrigins: "app\.example" is not an origin: /, { allowOrigins: ['app.example'] })
    refuses(/^allowOrigins: expected a list/, { allowOrigins: 'https://app.example' })
    checkBootstrapOptions({ allowOrigins: ['https://app.example', '*'] })
    refuses(/^registry: expected an object/, { registry: [] })
    refuses(/^logger: it has no function trace/, { logger: {} })
    checkBootstrapOptions({ logger: console })
  })

  it('are whole numbers within their range', () => {
    for (const listen of [-1, 65_536, 1.5, '5000', false]) {
      refuses(/^listen: .* is not a port: 0 to 65535$/, { listen })
    }
    for (const host of ['', 5, null]) refuses(/^host: expected a name or an address/, { host })
    for (const key of Object.keys(REGISTRY_DEFAULTS)) {
      for (const value of [-1, 0.5, Number.NaN, '5', null, 2 ** 31]) {
        refuses(new RegExp(`^registry\\.${key}: .* is not a whole number from [01] to`), {
          registry: { [key]: value },
        })
      }
    }
    // More than the wire has room for in one welcome.
    refuses(/^registry\.httpPeersMax: 257 .* 0 to 256$/, { registry: { httpPeersMax: 257 } })
    refuses(/^registry\.contactsMax: 65 .* 1 to 64$/, { registry: { contactsMax: 65 } })
    refuses(/^poller\.pollsMax: 0 /, { poller: { pollsMax: 0 } })
    refuses(/^watcher\.bufferedBytesMax: 0 /, { watcher: { bufferedBytesMax: 0 } })
  })

  it('are refused by a rejection, and nothing is left behind', async () => {
    await assert.rejects(createBootstrap({ listen: 70_000 }), {
      name: 'HearsayError',
      code: 'invalid-option',
    })
  })
})
