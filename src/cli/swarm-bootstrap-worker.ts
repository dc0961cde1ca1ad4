// A thread with the bootstrap of a swarm. Only swarm-bootstrap.ts starts it.
// It must not write to a stream: what is to be logged is told.

import { parentPort, workerData } from 'node:worker_threads'
import { type BootstrapStats, createBootstrap } from '../bootstrap/server.ts'
import type { LogLevel } from '../logger.ts'
import { CliError } from './context.ts'
import type { ExitCode } from './exit-codes.ts'
import { startError } from './listening.ts'

/** Where the bootstrap is to be. */
export interface BootstrapPlace {
  readonly listen: number
  readonly host?: string
  readonly allowOrigins: readonly string[]
}

/** What the thread tells. */
export type BootstrapWord =
  | {
      readonly type: 'log'
      readonly level: LogLevel
      readonly fields: Readonly<Record<string, unknown>>
      readonly event: string
    }
  | { readonly type: 'up'; readonly port: number }
  /** It cannot start, for a reason that is no bug. */
  | { readonly type: 'failed'; readonly exitCode: ExitCode; readonly text: string }
  | { readonly type: 'stats'; readonly stats: BootstrapStats }
  | { readonly type: 'closed' }

/** What the thread is told. */
export type BootstrapOrder = 'stats' | 'close'

/** Two minutes of 5 s each: the nodes are in this process, and none of them is gone while all of them start. */
const PATIENT = { heartbeatsMissedMax: 24 }

const tell = (word: BootstrapWord): void => parentPort?.postMessage(word)

const log =
  (level: LogLevel) =>
  (fields: Readonly<Record<string, unknown>>, event: string): void =>
    tell({ type: 'log', level, fields, event })

async function run(place: BootstrapPlace): Promise<void> {
  const logger = {
    trace: log('trace'),
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
  }
  try {
    const bootstrap = await createBootstrap({ ...place, registry: PATIENT, logger })
    const close = (): void => void bootstrap.close().then(() => tell({ type: 'closed' }))
    parentPort?.on('message', (order: BootstrapOrder) =>
      order === 'stats' ? tell({ type: 'stats', stats: bootstrap.stats() }) : close(),
    )
    tell({ type: 'up', port: bootstrap.port })
  } catch (error) {
    const told = startError(error)
    if (!(told instanceof CliError)) throw error
    tell({ type: 'failed', exitCode: told.exitCode, text: told.message })
  }
}

void run(workerData as BootstrapPlace)
