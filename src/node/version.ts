// The version of this program. Nothing else.

import { IS_CHECKOUT, packageUrl } from '../package-files.ts'
import { readFileSync } from './node-fs.ts'

/** Put in by build/bundle-node: in a program that bundles the package, package.json is another one, or none. */
declare const HEARSAY_VERSION: string

/** As in package.json, which only a checkout reads for it. */
export function version(): string {
  if (!IS_CHECKOUT) return HEARSAY_VERSION
  const file = readFileSync(packageUrl('../package.json'), 'utf8')
  return (JSON.parse(file) as { readonly version: string }).version
}
