// Line mode's grammar (design section 8): what a person or a small program who is a guest of a node can type.
// Pure functions. It must not carry anything out, and nothing that is typed makes it throw: a mistake is a value with
// one line that says what was wrong and what to type instead.
//
//   @node12 hello            to one node              /peers  /who  /help
//   @node8/guest-3f hello    to a guest of a node     /ping node12  /trace node12  /trace *
//   @* hello,  hello         to all nodes             /all hello        to all, with receipts
//   /ask node12 hello        a request                /sub news/#  /unsub news/#  /pub news/today hello
//                                                     /events on  /events off
//   {"to":"node12","msg":"hello"}  {"to":"*","msg":"hello","receipts":true}  {"cmd":"peers"}  {"cmd":"ping","to":"node12"}
//   {"cmd":"subscribe","filter":"news/#"}  {"cmd":"publish","topic":"news/today","msg":"hello"}  and so on: json-lines.ts

import { utf8Size } from './byte-writer.ts'
import { parseJsonLine } from './json-lines.ts'
import { LIMITS } from './limits.ts'
import { type LineCommand, mistake } from './line-requests.ts'
import { parseTextLine } from './text-lines.ts'

/**
 * Reads one line, with or without a line break at its end. A line break within it belongs to the message. A plain
 * line that would begin with `@`, `/` or `{` can be sent as `@* /like this`.
 */
export function parseLine(text: string): LineCommand {
  const line = text.trim()
  if (line === '') return { type: 'nothing', form: 'text' }
  const form = line.startsWith('{') ? 'json' : 'text'
  const size = utf8Size(text.replace(/\r?\n$/, ''))
  if (size > LIMITS.lineBytesMax) {
    const limit = `at most ${LIMITS.lineBytesMax} go into one`
    return {
      ...mistake(`That line has ${size} bytes, ${limit}. Larger messages can go by POST /message`),
      form,
    }
  }
  return form === 'json' ? { ...parseJsonLine(line), form } : { ...parseTextLine(line), form }
}
