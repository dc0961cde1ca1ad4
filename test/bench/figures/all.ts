// All figures, in the order of the table.

import type { Figure } from '../harness/figure.ts'
import { bootstrapFigures } from './bootstrap.ts'
import { broadcastFigures } from './broadcast.ts'
import { coreFigures } from './core.ts'
import { loneFigures } from './lone.ts'
import { memoryProcessFigures } from './memory-process.ts'
import { postFigures } from './post.ts'
import { simulatorFigures } from './simulator.ts'
import { soakFigures } from './soak.ts'
import { idleFigures, startFigures, swarmMemoryFigures } from './swarm.ts'
import { throughputFigures } from './throughput.ts'
import { watchedFigures } from './watched.ts'

/** In the order of the table. */
export const FIGURES: readonly Figure[] = [
  ...throughputFigures,
  ...loneFigures,
  ...broadcastFigures,
  ...postFigures,
  ...watchedFigures,
  ...startFigures,
  ...swarmMemoryFigures,
  ...memoryProcessFigures,
  ...idleFigures,
  ...bootstrapFigures,
  ...coreFigures,
  ...simulatorFigures,
  ...soakFigures,
]
