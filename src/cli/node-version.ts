// Which Node.js runs hearsay. It imports nothing, so that one that is too old can read it.

/** The oldest one, as in package.json's `engines`. */
export const NODE_MAJOR_MIN = 24

/** Whether this version, as `process.versions.node` has it, is new enough. */
export function isNewEnough(version: string): boolean {
  return Number.parseInt(version, 10) >= NODE_MAJOR_MIN
}
