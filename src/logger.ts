// What the rooms need of a logger. pino's loggers fit; so does a handful of functions in a test.

/** One log level: fixed event name last, data in fields. */
export type LogFunction = (fields: Readonly<Record<string, unknown>>, event: string) => void

/** A minimal structured logger. */
export interface Logger {
  readonly trace: LogFunction
  readonly debug: LogFunction
  readonly info: LogFunction
  readonly warn: LogFunction
  readonly error: LogFunction
}

/** What is wrong with a logger, as a text for callers; `undefined`: nothing. */
export function loggerProblem(logger: Logger): string | undefined {
  for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) {
    if (typeof logger?.[level] !== 'function') return `logger: it has no function ${level}`
  }
  return undefined
}

const ignore: LogFunction = () => {}

/** Logs nothing: the default of the library. */
export const silentLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
}
