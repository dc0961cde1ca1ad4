// The version of this program. Nothing else.

import { readFileSync } from 'node:fs'

/** As in package.json. */
export function version(): string {
  // From src/cli as well as from dist/cli.
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { readonly version: string }).version
}
