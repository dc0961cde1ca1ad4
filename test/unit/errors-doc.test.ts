// docs/ERRORS.md against the registries that it lists: each table as it has to be. Where one differs, the failure shows
// the right one to paste.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { EXIT, EXIT_CODES, exitCodeOf } from '../../src/cli/exit-codes.ts'
import { isRequestFailure, isSendFailure, REASONS, type Reason } from '../../src/core/reasons.ts'
import { HEARSAY_ERRORS } from '../../src/errors.ts'
import { HEALTH_REASONS } from '../../src/http/health-reasons.ts'
import { HostUnknownError, PortDeniedError, PortTakenError } from '../../src/index.ts'
import { endOfRemoteClose } from '../../src/net/link-end.ts'
import { FOREIGN_ORIGIN } from '../../src/net/web-origins.ts'
import { TEST_NETWORK_ERRORS } from '../../src/testing/complaint.ts'

/** The words of HTTP answers that are about no message and no link. */
const HTTP_REASONS = { ...HEALTH_REASONS, [FOREIGN_ORIGIN.reason]: FOREIGN_ORIGIN }

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/ERRORS.md')

/** Checks the table between the markers `<!-- name -->` and `<!-- /name -->`. */
function assertTable(name: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const found = new RegExp(`<!-- ${name} -->\n(.*?)<!-- /${name} -->`, 's').exec(page)?.[1]
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`)
  const right = lines.join('').replace(/^(\| ---.*)$/m, (line) => line.replaceAll(' ', ''))
  assert.equal(found, right, `docs/ERRORS.md: the right table "${name}":\n${right}`)
}

const code = (text: string | number) => `\`${text}\``

type Group = 'sends' | 'requests' | 'links' | 'input' | 'drops'

/** Where the page has a reason: as the registry groups them, but all that can fail a send together. */
function groupOf(reason: Reason): Group {
  const { closeCode } = REASONS[reason]
  if (isSendFailure(reason)) return 'sends'
  if (isRequestFailure(reason)) return 'requests'
  if (closeCode >= 4060) return 'drops'
  return closeCode >= 4020 ? 'input' : 'links'
}

function reasonRow(reason: Reason): string[] {
  const { closeCode, httpStatus, reconnect, text, advice } = REASONS[reason]
  const exit = exitCodeOf(reason)
  return [
    code(reason),
    String(closeCode),
    httpStatus === 0 ? '–' : String(httpStatus),
    exit === EXIT.failure ? '–' : String(exit),
    reconnect ? 'yes' : 'no',
    text,
    advice,
  ]
}

for (const group of ['sends', 'requests', 'links', 'input', 'drops'] as const) {
  test(`the reasons: ${group}`, () => {
    const head = ['reason', 'close', 'HTTP', 'exit', 'reconnect', 'what happened', 'what to do']
    const reasons = (Object.keys(REASONS) as Reason[]).filter((reason) => groupOf(reason) === group)
    assertTable(group, head, reasons.map(reasonRow))
  })
}

test('a reason has an HTTP status exactly where it can fail a request', () => {
  const registering: Reason[] = ['name-taken', 'full', 'malformed', 'shutting-down']
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const mayFail = isRequestFailure(reason) || registering.includes(reason)
    const { httpStatus } = REASONS[reason]
    assert.equal(httpStatus !== 0, mayFail, reason)
    if (mayFail) assert.ok(httpStatus >= 400 && httpStatus < 600, reason)
  }
})

test("the WebSocket's own close codes", () => {
  const codes = [...Array(16).keys()].map((n) => 1000 + n)
  const reasons = codes.map((closeCode) => endOfRemoteClose(closeCode, '').reason)
  const known = codes.flatMap((closeCode, i) => {
    const reason = reasons[i] as Reason
    return reason === 'link-lost' ? [] : [[String(closeCode), code(reason)]]
  })
  assertTable('close-codes', ['close', 'counts as'], [...known, ['any other', code('link-lost')]])
  assert.equal(endOfRemoteClose(3000, '').reason, 'link-lost')
  assert.equal(endOfRemoteClose(4999, '').reason, 'link-lost')
})

test('the answers about a process, and to a page', () => {
  const rows = Object.entries(HTTP_REASONS).map(([reason, { httpStatus, text, advice }]) => [
    code(reason),
    String(httpStatus),
    text,
    advice,
  ])
  assertTable('http', ['reason', 'HTTP', 'what happened', 'what to do'], rows)
})

const codeRows = (registry: Readonly<Record<string, { text: string; advice: string }>>) =>
  Object.entries(registry).map(([name, { text, advice }]) => [code(name), text, advice])

test('HearsayError', () => {
  assertTable('hearsay-error', ['code', 'what happened', 'what to do'], codeRows(HEARSAY_ERRORS))
})

test('the errors of listening', () => {
  const errors = [new PortTakenError(5000), new PortDeniedError(80), new HostUnknownError('10.0.0.1')]
  const rows = errors.map(({ name, code: word, message }) => [code(word), code(name), message])
  assertTable('listening', ['code', 'class', 'message'], rows)
})

test('TestNetworkError', () => {
  assertTable('test-network-error', ['code', 'what happened', 'what to do'], codeRows(TEST_NETWORK_ERRORS))
})

test('exit codes', () => {
  assert.deepEqual(
    EXIT_CODES.map(({ code: number }) => number),
    Object.values(EXIT),
  )
  const rows = EXIT_CODES.map(({ code: number, text, advice }) => [String(number), text, advice])
  assertTable('exit-codes', ['exit', 'meaning', 'what to do'], rows)
})

test('texts are one sentence, with no end of their own and nothing that breaks a table', () => {
  const all = [REASONS, HTTP_REASONS, HEARSAY_ERRORS, TEST_NETWORK_ERRORS].flatMap((registry) =>
    Object.entries<{ text: string; advice: string }>(registry),
  )
  for (const [name, { text, advice }] of all) {
    for (const sentence of [text, advice]) assert.doesNotMatch(sentence, /[|\n]|\. |[.!?]$/, name)
    assert.match(advice, /^[A-Z]/, name)
  }
})

test("README has each failure of a send or request with its status, and no others'", () => {
  const [, list = ''] =
    /for messages that did not arrive\n(.*?)`at` is the\s+node that says so/s.exec(read('README.md')) ?? []
  const [, ...parts] = list.split(/(?<= )(\d{3})(?= `)/)
  const said = new Map<string, number>()
  for (let i = 0; i + 1 < parts.length; i += 2) {
    for (const [, reason] of (parts[i + 1] ?? '').matchAll(/`([a-z-]+)`/g))
      said.set(String(reason), Number(parts[i]))
  }
  const failures = (Object.keys(REASONS) as Reason[]).filter(isRequestFailure)
  assert.deepEqual(
    Object.fromEntries([...said].sort()),
    Object.fromEntries(failures.map((reason) => [reason, REASONS[reason].httpStatus] as const).toSorted()),
  )
})
