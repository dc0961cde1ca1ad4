// What a program may ask of a node: defaults, canonical forms, and a typed error that names what is wrong.

import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { describe, test } from 'node:test'
import { CORE_DEFAULTS, createNode, HearsayError, LINK_DEFAULTS } from '../../../src/index.ts'
import { checkOptions, defaultUrl, type NodeOptions } from '../../../src/node/options.ts'

function refuses(code: string, says: RegExp, options: unknown): void {
  assert.throws(
    () => checkOptions(options as NodeOptions),
    (error: unknown) => error instanceof HearsayError && error.code === code && says.test(error.message),
    JSON.stringify(options),
  )
}

describe('the options of a node', () => {
  test('have defaults', () => {
    const { logger, ...settings } = checkOptions({ name: 'a' })
    assert.equal(typeof logger.error, 'function')
    assert.deepEqual(settings, {
      name: 'a',
      listen: 0,
      host: undefined,
      allowOrigins: [],
      url: undefined,
      bootstrap: [],
      peers: [],
      tags: [],
      history: 0,
      config: {},
      deadlineMs: 10_000,
      deadlineMaxMs: 3_600_000,
      link: {},
      record: undefined,
    })
  })

  test('name comes before the host of the URL, which comes before the machine', () => {
    assert.equal(checkOptions({ name: 'a', url: 'ws://b:5000' }).name, 'a')
    assert.equal(checkOptions({ url: 'http://node8:5000' }).name, 'node8')
    assert.equal(checkOptions({}).name, hostname())
  })

  test('URLs become canonical', () => {
    const { url, bootstrap, peers } = checkOptions({
      name: 'a',
      url: 'http://Node8:5000/',
      bootstrap: ['bootstrap:5000'],
      peers: ['wss://node9'],
    })
    assert.deepEqual(
      { url, bootstrap, peers },
      { url: 'ws://node8:5000/', bootstrap: ['ws://bootstrap:5000/'], peers: ['wss://node9:443/'] },
    )
  })

  test('the URL that nobody gave is made of host and port', () => {
    assert.equal(defaultUrl('127.0.0.1', 5000), 'ws://127.0.0.1:5000/')
    assert.equal(defaultUrl('::1', 5000), 'ws://[::1]:5000/')
    for (const any of [undefined, '0.0.0.0', '::']) {
      assert.equal(defaultUrl(any, 5000), `ws://${hostname().toLowerCase()}:5000/`)
    }
  })

  test('a name is 1 to 64 of the right characters', () => {
    for (const name of ['a', '0', 'a.b_c-d', 'x'.repeat(64)]) assert.equal(checkOptions({ name }).name, name)
    for (const name of ['', '.a', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(65), 5, {}, ['a']]) {
      refuses('invalid-name', /is not a node name/, { name })
    }
    refuses('invalid-name', /\[::1\]/, { url: 'ws://[::1]:5000' })
  })

  test('a port is 0 to 65535, or false', () => {
    for (const listen of [0, 65_535, false] as const) {
      assert.equal(checkOptions({ name: 'a', listen }).listen, listen)
    }
    for (const listen of [-1, 65_536, 1.5, Number.NaN, '5000', true]) {
      refuses('invalid-option', /listen/, { name: 'a', listen })
    }
  })

  test('a URL is one that can be dialled', () => {
    for (const url of ['', 'nowhere', 'ftp://a:1', 'ws://user@a:1', 'ws://a:0', 'ws://a:99999', 5, null]) {
      if (url !== null) refuses('invalid-url', /./, { name: 'a', url })
      refuses('invalid-url', /./, { name: 'a', bootstrap: [url] })
      refuses('invalid-url', /./, { name: 'a', peers: ['ws://a:1', url] })
    }
    refuses('invalid-option', /bootstrap: expected a list/, { name: 'a', bootstrap: 'ws://a:1' })
    refuses('invalid-option', /peers: expected a list/, { name: 'a', peers: 'ws://a:1' })
  })

  test('a host is a name or an address', () => {
    for (const host of ['', ' ', 5, null, {}])
      refuses('invalid-option', /^host: expected/, { name: 'a', host })
  })

  test('origins of pages are origins, in a list', () => {
    const allowOrigins = ['https://app.example', 'http://localhost:5173', 'null', '*']
    assert.deepEqual(checkOptions({ name: 'a', allowOrigins }).allowOrigins, allowOrigins)
    for (const origin of ['', 'app.example', 'https://app.example/page', 'https://*.example', 5, null]) {
      const says =
        /^allowOrigins: .* is not an origin: write it as https:\/\/app\.example, scheme:\/\/host\[:port\] without/
      refuses('invalid-option', says, { name: 'a', allowOrigins: ['null', origin] })
    }
    refuses('invalid-option', /^allowOrigins: expected a list/, { name: 'a', allowOrigins: '*' })
  })

  test('a logger is one', () => {
    for (const logger of [null, {}, { ...console, warn: 'no' }, 5]) {
      refuses('invalid-option', /logger: it has no function/, { name: 'a', logger })
    }
    assert.equal(checkOptions({ name: 'a', logger: console }).logger, console)
  })

  test('a setting is one that there is, a whole number, and within its range', () => {
    assert.deepEqual(checkOptions({ name: 'a', config: CORE_DEFAULTS }).config, CORE_DEFAULTS)
    for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, undefined, 2 ** 31]) {
      refuses('invalid-option', /config\.heartbeatMs: .* from 1 to/, {
        name: 'a',
        config: { heartbeatMs: value },
      })
    }
    refuses('invalid-option', /config\.heartbeatsMs: there is no such/, {
      name: 'a',
      config: { heartbeatsMs: 5 },
    })
    for (const config of [{ hopsMax: 0 }, { hopsMax: 256 }, { linksHardMax: 32 }, { meshNodesMax: 33 }]) {
      refuses('invalid-option', /whole number from/, { name: 'a', config })
    }
    refuses('invalid-option', /whole number from/, { name: 'a', config: { windowMessagesMax: 65_536 } })
  })

  test('numbers of links must not contradict each other', () => {
    const few = { meshNodesMax: 2, linksMin: 1, linksAim: 1, linksMax: 1 }
    assert.deepEqual(checkOptions({ name: 'a', config: few }).config, few)
    for (const config of [{ linksMax: 4 }, { linksAim: 4 }, { linksAim: 9 }, { linksHardMax: 7 }]) {
      refuses('invalid-option', /does not hold/, { name: 'a', config })
    }
    refuses('invalid-option', /meshNodesMax \(10\)/, { name: 'a', config: { meshNodesMax: 10 } })
  })

  test('what is asked of links are whole numbers above 0', () => {
    const link = { progressTimeoutMs: 100, laneBytesMax: { control: 1, direct: 2, broadcast: 3 } }
    assert.deepEqual(checkOptions({ name: 'a', link }).link, link)
    for (const value of [0, 1.5, '5', Number.NaN]) {
      refuses('invalid-option', /^link\.closeTimeoutMs: /, { name: 'a', link: { closeTimeoutMs: value } })
      const laneBytesMax = { ...LINK_DEFAULTS.laneBytesMax, direct: value }
      refuses('invalid-option', /^link\.laneBytesMax\.direct: /, { name: 'a', link: { laneBytesMax } })
    }
    refuses('invalid-option', /^link\.laneBytesMax: control is missing/, {
      name: 'a',
      link: { laneBytesMax: { direct: 5, broadcast: 5 } },
    })
    refuses('invalid-option', /^link\.closeTimeoutMs: 1001 .* 1 to 1000$/, {
      name: 'a',
      link: { closeTimeoutMs: 1_001 },
    })
  })

  test('an option that there is not is no slip that nobody notices', () => {
    refuses('invalid-option', /^bootstraps: there is no such option; there are name, .*bootstrap, /, {
      name: 'a',
      bootstraps: ['ws://a:1'],
    })
    refuses('invalid-option', /^link\.timeoutMs: there is no such setting/, {
      name: 'a',
      link: { timeoutMs: 5 },
    })
    refuses('invalid-option', /^link\.laneBytesMax\.fast: there is no such/, {
      name: 'a',
      link: { laneBytesMax: { ...LINK_DEFAULTS.laneBytesMax, fast: 5 } },
    })
    for (const options of [null, 'a', 5, [], true]) {
      refuses('invalid-option', /^options: expected an object/, options)
    }
    refuses('invalid-option', /^config: expected an object/, { name: 'a', config: 'fast' })
    refuses('invalid-option', /^link: expected an object/, { name: 'a', link: [] })
  })

  test('a node that is not made leaves nothing behind', async () => {
    await assert.rejects(createNode({ name: 'not a name' }), { code: 'invalid-name' })
  })
})
