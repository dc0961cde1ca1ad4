// What a program may ask of a member in a browser, and what becomes of it. It must not open anything.

import { customAlphabet } from 'nanoid'
import {
  checkMember,
  MEMBER_OPTIONS,
  type MemberOptions,
  type MemberSettings,
  refuse,
} from '../node/member-options.ts'
import { optionProblem } from '../settings.ts'

/** How a member in a browser is to run. Everything is optional, but who names neither a bootstrap nor a peer stays alone. */
export interface BrowserNodeOptions extends MemberOptions {
  /** Unique in the overlay: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`. Default: another one for each page, like `browser-x7k2p0`. */
  readonly name?: string
}

const suffix = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 6)

/** What only nodes in Node.js can do. */
const IMPOSSIBLE = ['listen', 'host', 'allowOrigins', 'url', 'record']

/** @throws HearsayError `invalid-name`, `invalid-url` or `invalid-option` */
export function checkOptions(options: BrowserNodeOptions): MemberSettings {
  const impossible = IMPOSSIBLE.find((option) => Object.hasOwn(Object(options), option))
  if (impossible !== undefined) refuse(`${impossible}: a browser cannot do that; nodes in Node.js can`)
  refuse(optionProblem('', options, MEMBER_OPTIONS))
  return checkMember(options, () => `browser-${suffix()}`)
}
