// Where the trace of a simulation goes: to standard output, or to a file.

import { closeSync, openSync, writeSync } from 'node:fs'
import { type TraceLine, traceText } from '../sim/trace.ts'
import { type CliContext, CliError, type Output } from './context.ts'
import { EXIT } from './exit-codes.ts'
import type { SimValues } from './sim.ts'

/** Takes the lines of a trace. */
export interface TraceOutput {
  readonly line: (line: TraceLine) => void
  /** Writes what is left. More than once does no harm. */
  readonly close: () => void
}

/** Lines are written together once they are this long. */
const CHUNK_CHARS = 64 * 1_024

/**
 * Opens what the trace is written to; `undefined` when none was asked for.
 * @throws CliError when the file cannot be written.
 */
export function openTrace(
  { trace, traceNode, traceFile, json }: SimValues,
  { stdout }: CliContext,
): TraceOutput | undefined {
  if (!trace && traceNode === undefined && traceFile === undefined) return undefined
  let output = traceFile === undefined ? undefined : openFile(traceFile)
  let chunk = ''
  const flush = (): void => {
    if (chunk !== '') (output ?? stdout).write(chunk)
    chunk = ''
  }
  return {
    line: (line) => {
      chunk += `${json ? JSON.stringify({ event: 'trace', ...line }) : traceText(line)}\n`
      if (chunk.length > CHUNK_CHARS) flush()
    },
    close: () => {
      flush()
      output?.close()
      output = undefined
    },
  }
}

function openFile(path: string): Output & { close(): void } {
  let file: number
  try {
    file = openSync(path, 'w')
  } catch (error) {
    throw new CliError(EXIT.failure, `The trace cannot be written: ${(error as Error).message}`)
  }
  return { write: (text) => writeSync(file, text), close: () => closeSync(file) }
}
