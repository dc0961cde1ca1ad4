// The process's log: pino on standard error, JSON for programs, pretty for a person on a terminal.
// Standard output is not touched: it belongs to messages and answers.

import { pino, stdTimeFunctions } from 'pino'
import type { Logger } from '../logger.ts'
import { withoutQuery } from '../net/url.ts'
import { type CliContext, type Output, paints } from './context.ts'

/** What a logger is made from; option values of these names fit. */
export interface LogSettings {
  readonly logLevel: string
  /** `auto`: pretty when the stream is a terminal. */
  readonly logFormat: 'auto' | 'json' | 'pretty'
}

/** The rooms' logger, with a word more for the end, and one for whoever asks. */
export interface ProcessLogger extends Logger {
  readonly fatal: Logger['error']
  /** Writes `snapshot` at `info`, also where the level is above that: somebody has asked for it. */
  readonly snapshot: (fields: Readonly<Record<string, unknown>>) => void
}

/**
 * A logger that writes whole lines to `context.stderr`, each at once, so that none is lost in a crash. It also takes
 * over the last words of a crash. `fields` stand in every line.
 */
export async function createLogger(
  settings: LogSettings,
  context: CliContext,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<ProcessLogger> {
  const { stderr, env } = context
  const pretty = settings.logFormat === 'pretty' || (settings.logFormat === 'auto' && stderr.isTTY === true)
  const logger = pino(
    {
      level: settings.logLevel,
      base: fields,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { url: urlText, place: urlText },
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty ? await prettyStream(stderr, paints(stderr, env)) : { write: (line) => void stderr.write(line) },
  )
  const asked = logger.child({ room: 'cli' }, { level: 'info' })
  const log: ProcessLogger = Object.assign(logger, {
    snapshot: (counted: Readonly<Record<string, unknown>>) => asked.info(counted, 'snapshot'),
  })
  context.onCrash((error) => log.fatal({ err: error }, 'crash'))
  return log
}

// Loaded only where a person watches: it costs start-up time. As a function and not as a stream, so that a line is
// out when the call returns.
async function prettyStream(stderr: Output, colorize: boolean): Promise<{ write(line: string): void }> {
  const { prettyFactory } = await import('pino-pretty')
  const format = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l', singleLine: true })
  return { write: (line) => void stderr.write(format(line)) }
}

const urlText = (url: unknown): unknown => (typeof url === 'string' ? withoutQuery(url) : url)
