// A thread that runs seeds of the swarm, one for each message, and answers what came of it. Only sim-swarm.ts starts it.

import { parentPort } from 'node:worker_threads'
import { runSwarm } from '../sim/swarm.ts'
import { type TraceLine, traceOf } from '../sim/trace.ts'

/** What the thread is asked. */
export interface SeedTask {
  readonly seed: number
  /** Whether every input is told. */
  readonly isTraced: boolean
  /** Of this node only. */
  readonly traceNode: string | undefined
}

/** What came of a seed. */
export interface SeedResult {
  readonly seed: number
  readonly nodes: number
  readonly violations: readonly { readonly atMs: number; readonly what: string }[]
  /** Virtual time. */
  readonly tookMs: number
  readonly steps: number
  readonly replay: string
}

/** What the thread tells: lines of a trace, and at the end the result. */
export type WorkerWord =
  | { readonly type: 'lines'; readonly lines: readonly TraceLine[] }
  | { readonly type: 'result'; readonly result: SeedResult }

const LINES_AT_ONCE = 1_000

function work({ seed, isTraced, traceNode }: SeedTask, tell: (word: WorkerWord) => void): void {
  let lines: TraceLine[] = []
  const flush = (): void => {
    if (lines.length > 0) tell({ type: 'lines', lines })
    lines = []
  }
  const onLine = (line: TraceLine): void => {
    lines.push(line)
    if (lines.length >= LINES_AT_ONCE) flush()
  }
  const { plan, violations, tookMs, steps, replay } = runSwarm(seed, {
    onNet: (net) => {
      if (isTraced) net.observer = traceOf({ nowMs: () => net.nowMs, node: traceNode, onLine })
    },
  })
  flush()
  tell({ type: 'result', result: { seed, nodes: plan.nodes, violations, tookMs, steps, replay } })
}

parentPort?.on('message', (task: SeedTask) => work(task, (word) => parentPort?.postMessage(word)))
