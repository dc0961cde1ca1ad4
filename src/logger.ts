// What the rooms need of a logger. pino's loggers fit; so does a handful of functions in a test.

/** One log level: fixed event name last, data in fields. */
export type LogFunction = (fields: Readonly<Record<string, unknown>>, event: string) => void

/** The levels that rooms log at. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** A minimal structured logger. */
export interface Logger {
  readonly trace: LogFunction
  readonly debug: LogFunction
  readonly info: LogFunction
  readonly warn: LogFunction
  readonly error: LogFunction
  /** A logger whose lines have these fields as well, as pino has it. */
  child?(fields: Readonly<Record<string, unknown>>): Logger
  /**
   * Whether lines of this level are written, as pino has it. It is asked once, when a node is made. Without it, lines at `debug` are
   * put together, and the inputs and effects at `trace`, which cost several times a message, are not.
   */
  isLevelEnabled?(level: 'debug' | 'trace'): boolean
}

/** A logger with more fields in each line. */
export function withFields(logger: Logger, more: Readonly<Record<string, unknown>>): Logger {
  if (logger.child !== undefined) return logger.child(more)
  if (logger === silentLogger) return logger
  const extended =
    (log: LogFunction): LogFunction =>
    (fields, event) =>
      log({ ...more, ...fields }, event)
  return {
    trace: extended((fields, event) => logger.trace(fields, event)),
    debug: extended((fields, event) => logger.debug(fields, event)),
    info: extended((fields, event) => logger.info(fields, event)),
    warn: extended((fields, event) => logger.warn(fields, event)),
    error: extended((fields, event) => logger.error(fields, event)),
    isLevelEnabled: (level) => isWritten(logger, level),
  }
}

/** Whether lines of this level are worth being put together. */
export function isWritten(logger: Logger, level: 'debug' | 'trace'): boolean {
  return logger.isLevelEnabled?.(level) ?? level === 'debug'
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
  isLevelEnabled: () => false,
}
