#!/usr/bin/env node
// The process's door: arguments go in, an exit code comes out. The only file that exits and that traps signals.
// Everything else but the exit codes and the version that is needed is imported only after that was checked, because an
// older Node.js could not read it.

import type { CliContext } from './cli/context.ts'
import { EXIT } from './cli/exit-codes.ts'
import { isNewEnough, NODE_MAJOR_MIN } from './cli/node-version.ts'

/** How long a graceful end may take before the process is ended all the same, in ms. */
const STOP_MS_MAX = 1_900
/** A second signal within this time is the same Ctrl-C: npm passes on what the terminal has sent already. In ms. */
const SAME_SIGNAL_MS = 300
const SIGNAL_EXIT_CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const

const stop = new AbortController()
let logCrash = (error: unknown): void => {
  process.stderr.write(`hearsay: unexpected error: ${error instanceof Error ? error.stack : String(error)}\n`)
}

function nodeIsNewEnough(): boolean {
  const version = process.versions.node
  if (isNewEnough(version)) return true
  process.stderr.write(
    `hearsay needs Node.js ${NODE_MAJOR_MIN} or newer, and this is ${version} (${process.execPath}).\n` +
      'Get a newer one from https://nodejs.org. In a checkout, `npm ci && npm start` brings its own.\n',
  )
  return false
}

/** Ends gracefully at the first signal, within {@link STOP_MS_MAX} in any case, and at once at the second. */
function trapSignals(): void {
  let firstAtMs: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const nowMs = performance.now()
      if (firstAtMs === undefined) {
        firstAtMs = nowMs
        setTimeout(() => process.exit(SIGNAL_EXIT_CODES[signal]), STOP_MS_MAX).unref()
        stop.abort(signal)
      } else if (nowMs - firstAtMs > SAME_SIGNAL_MS) {
        process.exit(SIGNAL_EXIT_CODES[signal])
      }
    })
  }
}

let showSnapshot = (): void => {}

/** Shows how the process is. Without this the signal would end it. Windows has none. */
function answerSnapshotSignal(): void {
  if (process.platform !== 'win32') process.on('SIGUSR2', () => showSnapshot())
}

function crash(error: unknown): void {
  logCrash(error)
  process.exit(EXIT.failure)
}

/** A reader that goes away (`| head`) is no crash: the process ends in order, as at a signal. Node.js ignores SIGPIPE. */
function endWithTheReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') crash(error)
    stop.abort('SIGPIPE')
  })
  // Logs that nobody reads are lost, and nothing else is.
  process.stderr.on('error', () => {})
}

async function main(): Promise<void> {
  const [{ run }, { COMMAND }, { hostname }] = await Promise.all([
    import('./cli/run.ts'),
    import('./package-files.ts'),
    import('node:os'),
  ])
  const context: CliContext = {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    hostname: hostname(),
    startedAtMs: 0,
    self: COMMAND,
    onCrash: (log) => {
      logCrash = log
    },
    onSnapshot: (show) => {
      showSnapshot = show
    },
  }
  process.exitCode = await run(process.argv.slice(2), context)
  // The command has closed what it had opened, so the process ends by itself now; should it not, it ends all the same.
  setTimeout(() => process.exit(), STOP_MS_MAX).unref()
}

if (nodeIsNewEnough()) {
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
  trapSignals()
  answerSnapshotSignal()
  endWithTheReader()
  main().catch(crash)
} else {
  process.exitCode = EXIT.failure
}
