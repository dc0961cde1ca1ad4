import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CliError } from '../../../src/cli/context.ts'
import type { OptionSpec } from '../../../src/cli/option-spec.ts'
import { OPTIONS } from '../../../src/cli/option-table.ts'
import { fallbackText, type OptionKey, resolveOptions } from '../../../src/cli/options.ts'

const keys = Object.keys(OPTIONS) as OptionKey[]

/** The usage error of a set of flags and variables. */
function refusal(key: OptionKey, flags: Record<string, unknown>, env: Record<string, string> = {}): string {
  try {
    resolveOptions([key], 'node', flags, env)
  } catch (error) {
    assert.ok(error instanceof CliError)
    assert.equal(error.exitCode, 2)
    return error.message
  }
  throw new assert.AssertionError({ message: `${JSON.stringify({ flags, env })} was taken` })
}

describe('the table of options', () => {
  it('has a flag, an environment variable, a description and a default in words for each', () => {
    for (const key of keys) {
      const option: OptionSpec<unknown> = OPTIONS[key]
      assert.match(option.flag, /^[a-z]+(-[a-z]+)*$/)
      assert.ok(option.env.length > 0)
      assert.ok(option.description.length > 10)
      assert.notEqual(fallbackText(key), '')
      assert.doesNotMatch(fallbackText(key), /undefined|\[object/)
    }
  })

  it('names no flag and no variable twice', () => {
    const names = Object.values<OptionSpec<unknown>>(OPTIONS).flatMap((option) => [
      option.flag,
      ...option.env,
    ])
    assert.equal(new Set(names).size, names.length)
  })

  it('accepts its own defaults', () => {
    for (const key of keys) {
      const { fallback, parse } = OPTIONS[key] as OptionSpec<unknown>
      if (fallback === undefined || Array.isArray(fallback)) continue
      assert.deepEqual(parse(String(fallback)), { value: fallback })
    }
  })
})

describe('resolveOptions', () => {
  it('takes the flag before the environment, and the environment before the default', () => {
    const port = (flags: Record<string, unknown>, env: Record<string, string>) =>
      resolveOptions(['port'], 'node', flags, env).port
    assert.equal(port({ port: '1' }, { PORT: '2' }), 1)
    assert.equal(port({}, { PORT: '2' }), 2)
    assert.equal(port({}, {}), 5000)
  })

  it('takes the first variable that is set, and an empty one as not set', () => {
    const name = (env: Record<string, string>) => resolveOptions(['name'], 'node', {}, env).name
    assert.equal(name({ NODE_NAME: 'a', NODE_ID: 'b' }), 'a')
    assert.equal(name({ NODE_NAME: '', NODE_ID: 'b' }), 'b')
    assert.equal(name({ NODE_NAME: ' ', NODE_ID: '' }), undefined)
  })

  it('has defaults that differ by command', () => {
    assert.equal(resolveOptions(['logLevel'], 'node', {}, {}).logLevel, 'info')
    assert.equal(resolveOptions(['logLevel'], 'swarm', {}, {}).logLevel, 'warn')
    const levelOf = (text: string) => resolveOptions(['logLevel'], 'node', {}, { LOG_LEVEL: text }).logLevel
    // As other loggers have them.
    assert.deepEqual(['WARNING', 'off', 'None'].map(levelOf), ['warn', 'silent', 'silent'])
    assert.equal(resolveOptions(['host'], 'swarm', {}, {}).host, '127.0.0.1')
  })

  it('tells which of them were given, whatever their values', () => {
    const given = (flags: Record<string, unknown>, env: Record<string, string> = {}) => [
      ...resolveOptions(['nodes', 'seed', 'json'], 'sim', flags, env).given,
    ]
    assert.deepEqual(given({}), [])
    assert.deepEqual(given({ nodes: '100', json: false }), ['nodes', 'json'])
    assert.deepEqual(given({}, { HEARSAY_SEED: '0', HEARSAY_NODES: ' ' }), ['seed'])
  })

  it('splits lists at commas, and joins repeated flags', () => {
    const { bootstrap } = resolveOptions(
      ['bootstrap'],
      'node',
      { bootstrap: ['http://a:1, ws://b:2', 'http://c:3'] },
      {},
    )
    assert.deepEqual(bootstrap, ['http://a:1', 'ws://b:2', 'http://c:3'])
    const fromEnv = resolveOptions(['bootstrap'], 'node', {}, { BOOTSTRAP_URL: 'http://a:1,,http://b:2,' })
    assert.deepEqual(fromEnv.bootstrap, ['http://a:1', 'http://b:2'])
  })

  it('takes origins of pages from repeated flags and from the environment, in the form in which browsers send them', () => {
    const origins = (flags: Record<string, unknown>, env: Record<string, string> = {}) =>
      resolveOptions(['allowOrigins'], 'node', flags, env).allowOrigins
    assert.deepEqual(origins({}), [])
    assert.deepEqual(origins({ 'allow-origin': ['https://App.example:443/', 'http://a:80, null'] }), [
      'https://app.example',
      'http://a',
      'null',
    ])
    assert.deepEqual(origins({}, { HEARSAY_ALLOW_ORIGIN: '*' }), ['*'])
    assert.match(
      refusal('allowOrigins', { 'allow-origin': 'https://a.example,app.example' }),
      /^--allow-origin: "app\.example" is not an origin: write it as https:\/\/app\.example, scheme:\/\/host\[:port\] without a path/,
    )
    assert.match(
      refusal('allowOrigins', {}, { HEARSAY_ALLOW_ORIGIN: 'https://app.example/page' }),
      /^environment variable HEARSAY_ALLOW_ORIGIN: "https:\/\/app\.example\/page" is not an origin/,
    )
  })

  it('reads switches in words', () => {
    for (const [word, value] of [
      ['1', true],
      ['TRUE', true],
      ['yes', true],
      ['off', false],
      ['0', false],
    ] as const) {
      assert.equal(resolveOptions(['json'], 'node', {}, { HEARSAY_JSON: word }).json, value)
    }
    assert.match(
      refusal('json', {}, { HEARSAY_JSON: 'maybe' }),
      /HEARSAY_JSON: "maybe" is neither true nor false/,
    )
  })

  it('says which flag or variable is wrong, what is wrong with it, and what to give', () => {
    for (const text of ['abc', '-1', '65536', '1e3', '5000.5', '0x10', '', ' ', '99999999999999999999']) {
      assert.match(
        refusal('port', { port: text }),
        /^--port: ".*" is not a port; give a whole number from 0 to 65535$/,
      )
    }
    assert.match(refusal('port', {}, { PORT: 'abc' }), /^environment variable PORT: "abc" is not a port/)
    assert.match(refusal('name', { name: '-x' }), /^--name: "-x" is not a node name; use letters/)
    assert.match(
      refusal('name', {}, { NODE_ID: 'a b' }),
      /^environment variable NODE_ID: "a b" is not a node name/,
    )
    assert.match(
      refusal('bootstrap', { bootstrap: 'http://a:1,nonsense' }),
      /^--bootstrap: "nonsense" is not a URL/,
    )
    assert.match(refusal('at', { at: 'ftp://a' }), /^--at: "ftp:\/\/a" has to begin with/)
    assert.match(refusal('logLevel', { 'log-level': 'loud' }), /"loud" is not one of trace, debug/)
    assert.match(refusal('logLevel', { 'log-level': 'constructor' }), /"constructor" is not one of/)
    assert.match(refusal('nodes', { nodes: '0' }), /a whole number from 1 to 20000/)
    assert.match(refusal('deadlineMs', { 'deadline-ms': '0' }), /from 1 to 3600000/)
    assert.match(refusal('port', { port: ['1', '2'] }), /--port is given 2 times/)
  })

  it('does not look at variables of options that the command does not take', () => {
    assert.doesNotThrow(() => resolveOptions(['at'], 'peers', {}, { PORT: 'abc' }))
  })
})
