// How a received message looks on stdout: `[MSG] From node12: Hello node8`, always exactly one line (design section 2).
// It must not print: whoever owns stdout does.

import type { JsonValue } from '../wire/payload.ts'
import { printable, printableValue } from '../wire/printable.ts'

/**
 * The line for a message, without a line break at its end. Strings stand as they are, other JSON values as compact
 * JSON, bytes as `base64:` and their base64. Never contains a line break or another control character, and never
 * throws: a value that cannot be written as JSON stands as `(unprintable)`.
 */
export function messageLine(sender: string, msg: JsonValue | Uint8Array): string {
  return `[MSG] From ${printable(sender)}: ${printableValue(msg)}`
}
