// A thread that runs seeds of the swarm, one for each message, and answers what came of it. Only sim-swarm.ts starts it.

import { parentPort } from 'node:worker_threads'
import { runSwarm } from '../sim/swarm.ts'
import { type TraceLine, traceOf } from '../sim/trace.ts'

/** What the thread is asked. */
export interface SeedTask {
  readonly seed: number
  /** Whether programs run on the nodes. */
  readonly programs: boolean
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

async function work(task: SeedTask, tell: (word: WorkerWord) => void): Promise<void> {
  let lines: TraceLine[] = []
  const flush = (): void => {
    if (lines.length > 0) tell({ type: 'lines', lines })
    lines = []
  }
  const onLine = (line: TraceLine): void => {
    lines.push(line)
    if (lines.length >= LINES_AT_ONCE) flush()
  }
  const run = task.programs ? runWithPrograms : runCore
  const { plan, violations, tookMs, steps, replay } = await run(task, onLine)
  flush()
  tell({ type: 'result', result: { seed: task.seed, nodes: plan.nodes, violations, tookMs, steps, replay } })
}

function runCore({ seed, isTraced, traceNode: node }: SeedTask, onLine: (line: TraceLine) => void) {
  return runSwarm(seed, {
    onNet: (net) => {
      if (isTraced) net.observer = traceOf({ nowMs: () => net.nowMs, node, onLine })
    },
  })
}

/** Whoever runs the core alone need not load all that programs use. */
async function runWithPrograms(
  { seed, isTraced, traceNode: node }: SeedTask,
  onLine: (line: TraceLine) => void,
) {
  const { runPrograms } = await import('../programs/swarm.ts')
  return runPrograms(seed, {
    onPrograms: (programs) => {
      if (!isTraced) return
      const nowMs = () => programs.net.nowMs
      programs.onHandled = traceOf({ nowMs, node, onLine }).onHandled
      programs.book.observer = ({ name }, text) => {
        if (node === undefined || name === node) onLine({ atMs: nowMs(), node: name, kind: 'program', text })
      }
    },
  })
}

// An error here is one of the simulator itself: it ends the thread, and whoever started it is told.
parentPort?.on('message', (task: SeedTask) => void work(task, (word) => parentPort?.postMessage(word)))
