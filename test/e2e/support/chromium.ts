// A real browser for tests: Debian's chromium, by playwright-core. Where there is none the tests are skipped with one
// line, or fail when HEARSAY_E2E=required.

import { accessSync, constants } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { describeWhere } from './describe-where.ts'

/** Where distributions put it, after what CHROMIUM says. */
const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** The program, where there is one. */
const executablePath = PLACES.find((place) => place !== undefined && isExecutable(place))
const missing =
  executablePath === undefined
    ? `there is no chromium (${PLACES.filter((place) => place !== undefined).join(', ')})`
    : undefined

/** `describe`, for tests that need a browser. */
export function describeInBrowser(name: string, body: () => void): void {
  describeWhere(missing, name, body)
}

/** Starts the browser, with more of its flags. Whoever starts it closes it. */
export function startBrowser(flags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    // No sandbox for root, as whom containers run.
    args: ['--no-sandbox', ...flags],
    // As everybody's browser: Playwright turns the cache of pages that one can come back to off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
}

/** Collects what a page complains of: errors and warnings of the console, and exceptions that nobody caught. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    const type = message.type()
    if (type === 'error' || type === 'warning') complaints.push(`${type}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  return complaints
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
