// One text form for each place that the registry lists, in a form that the wire can carry. No I/O.
// It must not know who is at the place.

import { type NormalizedUrl, normalizeUrl } from '../net/url.ts'
import { isPeerUrl } from '../wire/validate.ts'

/**
 * The URL in net/url's canonical form, or what is wrong with it. What comes out can be put into a frame: escaping can
 * make a URL longer than the wire allows, and keeps characters that the wire does not.
 */
export function canonicalUrl(text: string): NormalizedUrl {
  const canonical = normalizeUrl(text)
  if (!canonical.ok || isPeerUrl(canonical.url)) return canonical
  return { ok: false, detail: 'the URL is too long, or has characters that no peer accepts' }
}
