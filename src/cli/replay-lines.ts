// The lines of a recording, as they are in its file. It must not know what they mean.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { constants, createGunzip } from 'node:zlib'
import { CliError } from './context.ts'
import { EXIT } from './exit-codes.ts'

/**
 * The lines of a file, also of one whose end is missing: what is left of the last line is the last one then. What is damaged
 * further on ends in an empty line. @throws CliError of a file that cannot be read at all
 */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const compressed = createReadStream(file)
  const text = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  compressed.on('error', (error) => text.destroy(error))
  let isRead = false
  try {
    for await (const line of createInterface({
      input: compressed.pipe(text),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      isRead = true
      yield line
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new CliError(EXIT.usage, `There is no file ${file}.`)
    if (!isRead || !code?.startsWith('Z_'))
      throw new CliError(EXIT.usage, `${file} cannot be read as a recording: ${message}`)
    yield ''
  } finally {
    compressed.destroy()
  }
}
