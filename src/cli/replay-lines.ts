// The lines of a recording, as they are in its file. It must not know what they mean.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { constants, createGunzip } from 'node:zlib'
import { CliError } from './context.ts'
import { EXIT } from './exit-codes.ts'

/** What zlib says of a file that ends too early; of other bytes than there were it says `Z_DATA_ERROR`. */
const EARLY_END = 'Z_BUF_ERROR'

/**
 * The lines of a file, also of one whose end is missing or that is damaged further on: then what is left of the last line is the
 * last but one, and an empty line the last one.
 * @param onDamage called before that empty line when more than the end is missing: no process that has ended leaves that
 * @throws CliError of a file that cannot be read at all
 */
export async function* linesOf(file: string, onDamage: () => void = () => {}): AsyncGenerator<string> {
  const compressed = createReadStream(file)
  const text = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  // One that reads as far as it goes does not tell whether that was the end. The other one does, and may lose what is before it.
  const strict = createGunzip().resume()
  const problem = finished(strict).then(
    () => undefined,
    ({ code }: NodeJS.ErrnoException) => code,
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
    // What begins with a zero where a piece should, it takes for the end.
    const isLeft = text.bytesWritten < compressed.bytesRead
    const code = await problem
    if (isLeft || (code !== undefined && code !== EARLY_END)) onDamage()
    if (isLeft || code !== undefined) yield ''
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new CliError(EXIT.usage, `There is no file ${file}.`)
    if (!isRead || !code?.startsWith('Z_'))
      throw new CliError(EXIT.usage, `${file} cannot be read as a recording: ${message}`)
    onDamage()
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
