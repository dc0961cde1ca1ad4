// The licences of what a bundle has in it: their texts go with every copy of it, as MIT, ISC and BSD ask for. A part of the
// build only.

import { readdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

interface Package {
  readonly title: string
  readonly text: string
}

const MODULES = '/node_modules/'

/**
 * One comment with the name, version and licence of each package, the same text only once.
 * @param inputs the files of the bundle, relative to `root`, as in esbuild's metafile
 * @throws Error when a package cannot be read
 */
export async function noticesOf(inputs: Iterable<string>, root: string): Promise<string> {
  const directories = new Set<string>()
  for (const input of inputs) {
    const directory = packageOf(resolve(root, input))
    if (directory !== undefined) directories.add(directory)
  }
  const packages = await Promise.all([...directories].map(read))
  const titles = new Map<string, string[]>()
  for (const { title, text } of packages) titles.set(text, [...(titles.get(text) ?? []), title])
  const parts = [...titles].map(([text, named]) => `${named.sort().join(', ')}\n\n${text}`)
  const body = ['Licences of the parts that are not of hearsay:', ...parts.sort()].join('\n\n---\n\n')
  return `\n/*!\n${body.replaceAll('*/', '* /')}\n*/\n`
}

function packageOf(path: string): string | undefined {
  const at = path.lastIndexOf(MODULES)
  if (at < 0) return undefined
  const [scopeOrName = '', name = ''] = path.slice(at + MODULES.length).split('/')
  return `${path.slice(0, at)}${MODULES}${scopeOrName.startsWith('@') ? `${scopeOrName}/${name}` : scopeOrName}`
}

async function read(directory: string): Promise<Package> {
  const { name, version, license, author } = JSON.parse(await readFile(`${directory}/package.json`, 'utf8'))
  const file = (await readdir(directory)).sort().find((each) => /^licen[cs]e/i.test(each))
  const by = typeof author === 'string' ? author : author?.name
  const text =
    file === undefined
      ? `${license} licence, by ${by ?? 'its authors'}. The package has no text of it.`
      : (await readFile(`${directory}/${file}`, 'utf8')).replaceAll('\r', '').trim()
  return { title: `${name} ${version}`, text }
}
