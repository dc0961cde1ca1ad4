// The bootstrap of a swarm, on a thread of its own: an event loop takes in one connection a turn, and while a thousand nodes
// start, a turn of theirs takes seconds.

import { Worker } from 'node:worker_threads'
import type { BootstrapStats } from '../bootstrap/server.ts'
import type { Logger } from '../logger.ts'
import { threadUrl } from '../package-files.ts'
import { CliError } from './context.ts'
import type { BootstrapOrder, BootstrapPlace, BootstrapWord } from './swarm-bootstrap-worker.ts'

/** A bootstrap that runs. */
export interface SwarmBootstrap {
  readonly port: number
  /** What it counts; `undefined`: it has ended. Never rejects. */
  stats(): Promise<BootstrapStats | undefined>
  /** Tells everybody that it ends, and resolves when it has. Never rejects. */
  close(): Promise<void>
}

/** Starts it. @throws CliError (rejected) when the address cannot be had */
export async function startBootstrap(place: BootstrapPlace, logger: Logger): Promise<SwarmBootstrap> {
  const worker = new Worker(threadUrl('cli/swarm-bootstrap-worker'), { workerData: place })
  const up = Promise.withResolvers<number>()
  const closed = Promise.withResolvers<undefined>()
  const asked: ((stats: BootstrapStats) => void)[] = []
  const order = (what: BootstrapOrder): void => worker.postMessage(what)
  worker.on('message', (word: BootstrapWord) => {
    if (word.type === 'log') logger[word.level](word.fields, word.event)
    else if (word.type === 'up') up.resolve(word.port)
    else if (word.type === 'failed') up.reject(new CliError(word.exitCode, word.text))
    else if (word.type === 'stats') asked.shift()?.(word.stats)
    else closed.resolve(undefined)
  })
  // A bug: before it was up it is told to who has started it, and after that to nobody else than the process.
  worker.once('error', (error) => {
    up.reject(error)
    closed.resolve(undefined)
    logger.error({ err: error }, 'bootstrap-crashed')
  })
  try {
    const port = await up.promise
    return {
      port,
      stats() {
        const told = new Promise<BootstrapStats>((resolve) => asked.push(resolve))
        order('stats')
        return Promise.race([told, closed.promise])
      },
      async close() {
        order('close')
        await closed.promise
        await worker.terminate()
      },
    }
  } catch (error) {
    await worker.terminate()
    throw error
  }
}
