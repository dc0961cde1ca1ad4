// What a command gets from the process that runs it: streams, environment, the wish to stop. Commands touch no
// `process.*` themselves, so that tests run them in-process; only main.ts knows the real ones.

import { styleText } from 'node:util'
import type { ExitCode } from './exit-codes.ts'
import { EXIT } from './exit-codes.ts'

/** A stream that text can be written to: `process.stdout`, or an array in a test. */
export interface Output {
  /** Writes the text as it is, in one piece. */
  write(text: string): unknown
  /** Whether a person reads it on a terminal. */
  readonly isTTY?: boolean | undefined
  /** The terminal's width. */
  readonly columns?: number | undefined
  /** Whether the reader is slower than what is written: more only piles up. */
  readonly writableNeedDrain?: boolean | undefined
  /** Bytes that wait for the reader, in this process. */
  readonly writableLength?: number | undefined
  /** Calls this when the reader has caught up. */
  once?(event: 'drain', listener: () => void): unknown
}

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The process, as far as commands may see it. */
export interface CliContext {
  readonly env: Environment
  /** Results: messages, answers, tables. */
  readonly stdout: Output
  /** Logs, progress and errors. */
  readonly stderr: Output
  /**
   * Aborted when the process is to end; the command then cleans up and returns. The reason is the signal: `SIGINT`,
   * `SIGTERM`, or `SIGPIPE` when nobody reads standard output any more.
   */
  readonly signal: AbortSignal
  readonly hostname: string
  /** When the process started, on the clock of `performance.now()`. */
  readonly startedAtMs: number
  /** How the reader calls this program: `npm run -s hearsay --` in a checkout, `npx hearsay` elsewhere. */
  readonly self: string
  /** Names the one who writes the last words, should the process crash. Replaces an earlier one. */
  onCrash(log: (error: unknown) => void): void
  /** Names what is done when somebody asks how the process is (SIGUSR2). Replaces an earlier one. */
  onSnapshot(show: () => void): void
}

/** A failure with a text for the person at the terminal: what happened, and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError'
  /** The status to exit with. */
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** A mistake on the command line or in the environment: exit code 2. */
export function usageError(message: string): CliError {
  return new CliError(EXIT.usage, message)
}

/** Resolves once the process is to end. */
export function stopRequested(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** The exit code of work that was broken off by the wish to stop. */
export function brokenOffCode({ reason }: AbortSignal): ExitCode {
  if (reason === 'SIGPIPE') return EXIT.readerGone
  return reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted
}

/** Whether text on this stream may have colours: a terminal, and nobody said no (https://no-color.org). */
export function paints(output: Output, env: Environment): boolean {
  return output.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** Writes text with colours where the reader has them. */
export type Painter = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string

/** The painter of one stream. */
export function painter(output: Output, env: Environment): Painter {
  if (!paints(output, env)) return (_format, text) => text
  return (format, text) => styleText(format, text, { validateStream: false })
}
