// The lines of a recording, as they are in its file. It must not know what they mean.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { constants, createGunzip } from 'node:zlib'
import { CliError } from './context.ts'
import { EXIT } from './exit-codes.ts'

/**
 * The lines of a file, also of one whose end is missing or that is damaged further on: then what is left of the last line is the
 * last but one, and an empty line the last one. @throws CliError of a file that cannot be read at all
 */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const compressed = createReadStream(file)
  const text = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  // One that reads as far as it goes does not tell whether that was the end. The other one does, and may lose what is before it.
  const strict = createGunzip().resume()
  const isWhole = finished(strict).then(
    () => true,
    () => false,
  )
  compressed.on('error', (error) => text.destroy(error))
  compressed.pipe(strict)
  let isRead = false
  try {
    for await (const line of createInterface({
      input: compressed.pipe(text),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      isRead = true
      yield line
    }
    if (!(await isWhole)) yield ''
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new CliError(EXIT.usage, `There is no file ${file}.`)
    if (!isRead || !code?.startsWith('Z_'))
      throw new CliError(EXIT.usage, `${file} cannot be read as a recording: ${message}`)
    yield ''
  } finally {
    compressed.destroy()
    strict.destroy()
  }
}

/** The first line of a file that belongs to another one; `undefined`: it cannot be read. */
export async function firstLineOf(file: string): Promise<string | undefined> {
  try {
    for await (const line of linesOf(file)) return line
  } catch {
    // Only the other file is asked for.
  }
  return undefined
}
