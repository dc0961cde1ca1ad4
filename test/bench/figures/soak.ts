// Two minutes of steady traffic among thirty nodes, one of which is replaced every 5 s: whether memory, handles, listeners
// and latencies stay as they are. soak.ts does the same for half an hour.

import type { Figure } from '../harness/figure.ts'
import { type SoakPlan, soak, soakRows } from '../harness/soaking.ts'

/** Of a soak, but for how long it takes. */
export const SOAK_PLAN: Omit<SoakPlan, 'seconds'> = {
  nodes: 30,
  replaceEveryMs: 5_000,
  sendsPerSecond: 200,
  broadcastsPerSecond: 10,
}

const TOLD_EVERY_SECONDS = 10

/** See the head of the file. */
export const soakFigures: readonly Figure[] = [
  {
    name: 'soak',
    about:
      'two minutes of steady traffic with a node replaced every 5 s: slope of memory, handles, latencies',
    measure: async (bench) => {
      const plan = { ...SOAK_PLAN, seconds: bench.isQuick ? 20 : 120 }
      let toldSeconds = 0
      const samples = await soak(bench.children, plan, ({ minutes }) => {
        if (minutes * 60 < toldSeconds) return
        bench.progress(`${Math.round(minutes * 60)} of ${plan.seconds} s`)
        toldSeconds += TOLD_EVERY_SECONDS
      })
      return soakRows(samples, plan)
    },
  },
]
