// All scenarios there are.

import type { Scenario } from './scenario.ts'
import { massCrash } from './scenarios/mass-crash.ts'
import { quiet } from './scenarios/quiet.ts'

/** In the order of a list for people. */
export const SCENARIOS: readonly Scenario[] = [quiet, massCrash]

/** The scenario of this name. */
export function scenarioOf(name: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name)
}
