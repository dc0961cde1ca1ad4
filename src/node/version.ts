// The version of this program. Nothing else.

import { packageUrl } from '../package-files.ts'
import { readFileSync } from './node-fs.ts'

/** As in package.json, which is read for it. */
export function version(): string {
  const file = readFileSync(packageUrl('../package.json'), 'utf8')
  return (JSON.parse(file) as { readonly version: string }).version
}
