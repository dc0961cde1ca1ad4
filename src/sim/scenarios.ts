// All scenarios there are.

import type { Scenario } from './scenario.ts'
import { bootstrapOutage } from './scenarios/bootstrap-outage.ts'
import { churn } from './scenarios/churn.ts'
import { duplicateName } from './scenarios/duplicate-name.ts'
import { joinStorm } from './scenarios/join-storm.ts'
import { lossyDials } from './scenarios/lossy-dials.ts'
import { massCrash } from './scenarios/mass-crash.ts'
import { quiet } from './scenarios/quiet.ts'
import { rollingRestart } from './scenarios/rolling-restart.ts'
import { slowPeer } from './scenarios/slow-peer.ts'
import { splitHeal } from './scenarios/split-heal.ts'

/** In the order of a list for people. */
export const SCENARIOS: readonly Scenario[] = [
  quiet,
  joinStorm,
  churn,
  massCrash,
  splitHeal,
  rollingRestart,
  slowPeer,
  lossyDials,
  bootstrapOutage,
  duplicateName,
]

/** The scenario of this name. */
export function scenarioOf(name: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name)
}
