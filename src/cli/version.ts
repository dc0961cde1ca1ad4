// The version of this program. Nothing else.

import { readFileSync } from 'node:fs'
import { packageUrl } from '../package-files.ts'

/** As in package.json. */
export function version(): string {
  const file = readFileSync(packageUrl('../package.json'), 'utf8')
  return (JSON.parse(file) as { readonly version: string }).version
}
