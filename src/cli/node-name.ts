// The name that a node gets from options and machine (design section 2): as given, else the host part of its URL, else
// the host name. It must not ask anybody whether it is free.

import { type NodeName, parseNodeName } from '../core/messages.ts'
import { normalizeUrl } from '../net/url.ts'
import { usageError } from './context.ts'

/** @throws CliError (usage) when what it would be named after cannot be a name */
export function nodeNameOf(
  values: { readonly name: string | undefined; readonly url: string | undefined },
  hostname: string,
): NodeName {
  const fromUrl = values.url !== undefined
  const text = values.name ?? (values.url === undefined ? hostname : hostOf(values.url))
  const name = parseNodeName(text)
  if (name !== undefined) return name
  const source = fromUrl ? 'host part of --url (NODE_URL)' : 'host name'
  throw usageError(`The ${source}, "${text}", cannot be a node's name. Give one with --name or NODE_NAME.`)
}

function hostOf(url: string): string {
  const normalized = normalizeUrl(url)
  return normalized.ok ? new URL(normalized.url).hostname : url
}
