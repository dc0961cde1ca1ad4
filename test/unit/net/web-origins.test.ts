// Which pages are let in: by their origin, the host that they have dialled, and where their browser runs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Logger } from '../../../src/logger.ts'
import {
  allowOriginsProblem,
  type PageRequest,
  readAllowedOrigin,
  WebOrigins,
} from '../../../src/net/web-origins.ts'

/** From a browser on another machine, unless told. */
function request(origin: string | undefined, host?: string, remoteAddress = '192.0.2.7'): PageRequest {
  return { headers: { origin, host }, socket: { remoteAddress, localAddress: '192.0.2.1' } }
}

function isLetIn(asks: PageRequest, allowed: readonly string[] = []): boolean {
  return new WebOrigins(allowed).refusal(asks) === undefined
}

describe('a request without an origin', () => {
  test('is no page, and is let in whatever it dials', () => {
    for (const host of ['node8:5000', 'localhost', undefined, 'not a host'])
      assert.ok(isLetIn(request(undefined, host)))
  })
})

describe('a page of the node itself', () => {
  const same: readonly (readonly [origin: string, host: string])[] = [
    ['http://node8:5000', 'node8:5000'],
    ['http://localhost:5008', 'localhost:5008'],
    ['http://Node8:5000', 'node8:5000'],
    ['http://node8:5000', 'NODE8:5000'],
    ['HTTP://node8:5000', 'node8:5000'],
    ['http://node8', 'node8'],
    ['http://node8', 'node8:80'],
    ['http://node8:80', 'node8'],
    ['https://hearsay.example', 'hearsay.example'],
    ['https://hearsay.example', 'hearsay.example:443'],
    ['https://hearsay.example:8443', 'hearsay.example:8443'],
    ['http://192.168.1.5:5000', '192.168.1.5:5000'],
    ['http://[fe80::1]:5000', '[fe80::1]:5000'],
    ['http://[FE80:0::1]:5000', '[fe80::1]:5000'],
    ['http://under_score:5000', 'under_score:5000'],
    // What some libraries send.
    ['http://node8:5000/', 'node8:5000'],
  ]
  for (const [origin, host] of same) {
    test(`${origin} dials ${host}`, () => assert.ok(isLetIn(request(origin, host))))
  }

  const other: readonly (readonly [origin: string, host: string | undefined])[] = [
    ['http://evil.example', 'node8:5000'],
    ['http://node8:5001', 'node8:5000'],
    ['http://node8', 'node8:5000'],
    ['http://node8:5000', 'node8'],
    ['http://node8', 'node8:443'],
    ['https://node8', 'node8:80'],
    ['http://node8.evil.example:5000', 'node8:5000'],
    ['http://evilnode8:5000', 'node8:5000'],
    ['http://node8:5000.evil.example', 'node8:5000'],
    ['http://[fe80::2]:5000', '[fe80::1]:5000'],
    ['http://node8:5000', undefined],
    ['http://node8:5000', ''],
    ['http://node8:5000', 'evil.example@node8:5000'],
    ['http://node8:5000', 'node8:5000, node8:5000'],
    // The page of an extension or an app that happens to have that name.
    ['chrome-extension://node8', 'node8'],
    ['ws://node8:5000', 'node8:5000'],
  ]
  for (const [origin, host] of other) {
    test(`is not ${origin} when ${host} is dialled`, () => assert.ok(!isLetIn(request(origin, host))))
  }
})

describe('a page on loopback', () => {
  const loopback = [
    'http://localhost',
    'http://localhost:5173',
    'https://localhost:5173',
    'http://app.localhost:3000',
    'http://LOCALHOST:3000',
    'http://127.0.0.1:8080',
    'http://127.8.9.10',
    'http://[::1]:8080',
    'http://[0:0:0:0:0:0:0:1]:8080',
  ]
  const places: readonly (readonly [where: string, host: string, remoteAddress: string])[] = [
    ['over loopback', 'my-laptop:5000', '127.0.0.1'],
    ['over loopback, as a socket of both families says it', 'my-laptop:5000', '::ffff:127.0.0.1'],
    ['over loopback of IPv6', 'my-laptop:5000', '::1'],
    ["over the machine's own address", 'my-laptop:5000', '192.0.2.1'],
    ['at the mapped port of a container', 'localhost:5008', '172.17.0.1'],
    ['at the mapped port of a container, by address', '127.0.0.1:5008', '172.17.0.1'],
    ['at the mapped port of a container, by address of IPv6', '[::1]:5008', '172.17.0.1'],
  ]
  for (const [where, host, remoteAddress] of places) {
    test(`is let in ${where}`, () => {
      for (const origin of loopback) assert.ok(isLetIn(request(origin, host, remoteAddress)), origin)
    })
  }

  test('is not let in from another machine', () => {
    for (const origin of loopback) {
      for (const host of ['node8:5000', '192.0.2.1:5000', 'localhost.example:5000', undefined]) {
        assert.ok(!isLetIn(request(origin, host)), `${origin} ${host}`)
      }
    }
    const nowhere: PageRequest = { headers: { origin: 'http://localhost', host: 'node8' }, socket: {} }
    assert.ok(!isLetIn(nowhere))
  })

  test('is none that only looks like it', () => {
    const lookalikes = [
      'http://localhost.evil.example',
      'http://evil-localhost',
      'http://evillocalhost',
      'http://.localhost',
      'http://127.0.0.1.evil.example',
      'http://127.evil.example',
      'http://128.0.0.1',
      'http://0.0.0.0:8000',
      'http://[::2]',
      'http://[::ffff:127.0.0.1]',
      'http://localhost@evil.example',
      'http://evil.example#localhost',
      'http://evil.example/localhost',
      'http://evil.example\\localhost',
      'http://evil.example?http://localhost',
      'http://localhost, http://evil.example',
      'http://evil.example, http://localhost',
      'http://loc%61lhost',
      'http://local\thost',
      'ws://localhost',
      'ftp://localhost',
      'capacitor://localhost',
      'localhost',
      '//localhost',
      'http:localhost',
    ]
    for (const origin of lookalikes) {
      assert.ok(!isLetIn(request(origin, '127.0.0.1:5000', '127.0.0.1')), origin)
    }
  })
})

describe('an origin that is allowed', () => {
  test('is let in from everywhere, and no other is', () => {
    const allowed = ['https://app.example', 'http://shop.example:8080', 'chrome-extension://abcdef']
    const asks = (origin: string) => isLetIn(request(origin, 'node8:5000'), allowed)
    for (const origin of [...allowed, 'https://APP.example:443', 'http://shop.example:8080/']) {
      assert.ok(asks(origin), origin)
    }
    for (const origin of [
      'http://app.example',
      'https://app.example:8443',
      'https://www.app.example',
      'https://app.example.evil.example',
      'https://evil-app.example',
      'http://shop.example',
      'chrome-extension://fedcba',
      'null',
      '*',
    ]) {
      assert.ok(!asks(origin), origin)
    }
  })

  test('may be the opaque one, which is no other', () => {
    assert.ok(isLetIn(request('null', 'node8'), ['null']))
    assert.ok(!isLetIn(request('https://evil.example', 'node8'), ['null']))
    assert.ok(!isLetIn(request('http://null', 'node8'), ['null']))
    assert.ok(!isLetIn(request('null', 'localhost:5000', '127.0.0.1')), 'it may come from anywhere')
    assert.ok(!isLetIn(request('null', 'null')), 'it is nobody')
  })

  test('may be every one, also what is none', () => {
    for (const origin of ['https://evil.example', 'null', '', 'rubbish', 'a, b']) {
      assert.ok(isLetIn(request(origin, 'node8'), ['*']), origin)
    }
  })

  test('is read in the form in which browsers send it', () => {
    for (const [text, origin] of [
      ['https://app.example', 'https://app.example'],
      [' HTTPS://App.Example:443/ ', 'https://app.example'],
      ['http://app.example:80', 'http://app.example'],
      ['http://[0::1]:8080', 'http://[::1]:8080'],
      ['https://bücher.example', 'https://xn--bcher-kva.example'],
      ['chrome-extension://abcdef', 'chrome-extension://abcdef'],
      ['capacitor://localhost', 'capacitor://localhost'],
      ['null', 'null'],
      [' * ', '*'],
    ] as const) {
      assert.deepEqual(readAllowedOrigin(text), { ok: true, origin })
    }
  })

  test('is refused when it is none, in one line that says how one looks', () => {
    for (const text of [
      '',
      'app.example',
      'app.example:443',
      'https://',
      'https://app.example/page',
      'https://app.example//',
      'https://app.example?x',
      'https://app.example#x',
      'https://me:secret@app.example',
      'https://app.example:99999',
      'https://*.example',
      'https://two words',
      'https://$(touch x)',
      'https://`x`.example',
      '**',
      'NULL',
      `https://${'a'.repeat(400)}.example`,
      'line\nbreak',
    ]) {
      const read = readAllowedOrigin(text)
      assert.ok(!read.ok, text)
      assert.match(
        read.detail,
        /is not an origin: write it as https:\/\/app\.example, scheme:\/\/host\[:port\] without a path/,
      )
      assert.doesNotMatch(read.detail, /\n/)
      assert.ok(read.detail.length < 250)
      assert.equal(allowOriginsProblem(['*', text]), `allowOrigins: ${read.detail}`)
    }
    for (const text of ['wss://app.example', 'ws://app.example', 'file://app.example']) {
      const read = readAllowedOrigin(text)
      assert.match(
        read.ok ? '' : read.detail,
        /is not the origin of a page: they begin with https:\/\/ or http:\/\//,
      )
    }
  })
})

describe('a refusal', () => {
  test('says which origin was refused, and what allows it', () => {
    const why = new WebOrigins().refusal(request('https://App.example:443', 'node8'))
    assert.match(why ?? '', /^Pages of the origin https:\/\/app\.example are not allowed here/)
    assert.match(why ?? '', /--allow-origin https:\/\/app\.example \(.*HEARSAY_ALLOW_ORIGIN.*allowOrigins\)$/)
    assert.match(new WebOrigins().refusal(request('null', 'node8')) ?? '', /--allow-origin null /)
  })

  test('of rubbish is one short line, with nothing in it that a terminal or a shell would take for something else', () => {
    for (const origin of [
      '',
      'a, b',
      '\u001b[31m\u009b\u2028',
      `https://${'x'.repeat(16_000)}`,
      'https://`id`.example',
    ]) {
      const why = new WebOrigins().refusal(request(origin, 'node8'))
      assert.match(why ?? '', /^".*" is not an origin as browsers send one/)
      assert.doesNotMatch(why ?? '', /[\p{Cc}\u2028]|--allow-origin/u)
      assert.ok((why?.length ?? 0) < 300)
    }
  })

  test('is logged once an origin as a warning, for so many of them, and every time at debug else', () => {
    const lines: { level: string; origin: unknown }[] = []
    const ignore = (): void => {}
    const level =
      (level: string) =>
      ({ origin }: Readonly<Record<string, unknown>>, event: string): void => {
        assert.equal(event, 'page-refused')
        lines.push({ level, origin })
      }
    const logger: Logger = {
      trace: ignore,
      debug: level('debug'),
      info: ignore,
      warn: level('warn'),
      error: ignore,
    }
    const origins = new WebOrigins(['https://app.example'], logger)
    const levels = (origin: string): string[] => {
      lines.length = 0
      origins.refusal(request(origin, 'node8'))
      return lines.map((line) => line.level)
    }
    assert.deepEqual(levels('https://app.example'), [])
    assert.deepEqual(levels('https://evil.example'), ['warn'])
    assert.deepEqual(lines, [{ level: 'warn', origin: 'https://evil.example' }])
    assert.deepEqual(levels('https://EVIL.example:443'), ['debug'])
    assert.deepEqual(levels('rubbish'), ['warn'])
    assert.deepEqual(levels('more rubbish'), ['debug'])
    const many = Array.from({ length: 1_000 }, (_, index) => levels(`https://evil${index}.example`)).flat()
    assert.equal(many.length, 1_000)
    assert.equal(many.filter((one) => one === 'warn').length, 14)
  })

  test('comes of any header, and none throws', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.domain().map((host) => `http://${host}`),
    )
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), (origin, host) => {
        const why = new WebOrigins().refusal(request(origin, host))
        assert.ok(why === undefined || why.length < 1_000)
        if (why === undefined) assert.notEqual(host, undefined)
      }),
    )
  })
})
