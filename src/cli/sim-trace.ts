// Where the trace of a simulation goes: to standard output, or to a file. Nodes that are not there cannot be traced.

import { closeSync, openSync, writeSync } from 'node:fs'
import { type TraceLine, traceText } from '../sim/trace.ts'
import { type CliContext, CliError, type Output, usageError } from './context.ts'
import { EXIT } from './exit-codes.ts'
import type { SimValues } from './sim.ts'

/** Takes the lines of a trace. */
export interface TraceOutput {
  readonly line: (line: TraceLine) => void
  /** The run is over. @throws CliError when the node that was to be traced was not in it. */
  readonly checkTraced: () => void
  /** Writes what is left. More than once does no harm. */
  readonly close: () => void
}

/** The nodes of a run. */
export interface RunNodes {
  /** Of what: `a scenario`. */
  readonly of: string
  /** What all of them are named, those that come later as well. */
  readonly names: RegExp
  /** Those at the beginning: `node1 to node30`. */
  readonly first: string
}

/** Lines are written together once they are this long. */
const CHUNK_CHARS = 64 * 1_024

/**
 * Opens what the trace is written to; `undefined` when none was asked for.
 * @throws CliError when the node that is to be traced has a name that none has, and when the file cannot be written.
 */
export function openTrace(
  { trace, traceNode, traceFile, json }: SimValues,
  nodes: RunNodes,
  { stdout }: CliContext,
): TraceOutput | undefined {
  if (!trace && traceNode === undefined && traceFile === undefined) return undefined
  if (traceNode !== undefined && !nodes.names.test(traceNode)) {
    throw usageError(
      `--trace-node: no node of ${nodes.of} is named ${traceNode}. At the beginning there are ${nodes.first}.`,
    )
  }
  let isEmpty = true
  let output = traceFile === undefined ? undefined : openFile(traceFile)
  let chunk = ''
  const flush = (): void => {
    if (chunk !== '') (output ?? stdout).write(chunk)
    chunk = ''
  }
  return {
    line: (line) => {
      isEmpty = false
      chunk += `${json ? JSON.stringify({ event: 'trace', ...line }) : traceText(line)}\n`
      if (chunk.length > CHUNK_CHARS) flush()
    },
    checkTraced: () => {
      // Which nodes come later only the run shows.
      if (traceNode === undefined || !isEmpty) return
      throw new CliError(
        EXIT.failure,
        `Nothing was traced: no node of this run was named ${traceNode}. At the beginning there were ${nodes.first}.`,
      )
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
