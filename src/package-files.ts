// Where the files of the package are: below src in a checkout, where TypeScript is run as it is, and below dist where the
// JavaScript is bundled. No other file may ask for its own place, because a bundle has it elsewhere: only this one's is
// certain, as build/bundle-node puts what several entry points need at the root of dist.

/** Whether this is a checkout, run from its sources. A program that is bundled to CommonJS with the package has no `import.meta.url`. */
export const IS_CHECKOUT = import.meta.url?.endsWith('.ts') ?? false

/** How its reader calls this program. */
export const COMMAND = IS_CHECKOUT ? 'npm run -s hearsay --' : 'npx hearsay'

/** A file, or with a slash at the end a directory. @param path from src or dist */
export function packageUrl(path: string): URL {
  return new URL(path, import.meta.url)
}

/** What a thread can run. @param path from src or dist, without `.ts` or `.js`; an entry point of build/bundle-node */
export function threadUrl(path: string): URL {
  return packageUrl(`${path}${IS_CHECKOUT ? '.ts' : '.js'}`)
}
