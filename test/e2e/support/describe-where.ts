// Tests that need something of the machine: skipped with one line where it is missing, and failing there when
// HEARSAY_E2E=required, so that no machine that is to run them can leave them out unnoticed.

import { describe, it } from 'node:test'

/**
 * `describe`, for tests that need something.
 * @param missing why they cannot run here; `undefined`: they can
 */
export function describeWhere(missing: string | undefined, name: string, body: () => void): void {
  if (missing === undefined) {
    describe(name, body)
  } else if (process.env.HEARSAY_E2E === 'required') {
    it(name, () => {
      throw new Error(`${missing}, and HEARSAY_E2E=required`)
    })
  } else {
    describe(name, { skip: missing }, body)
  }
}
