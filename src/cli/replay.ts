// `hearsay replay`: a recording of a node (`hearsay node --record FILE`) through the protocol again, step by step.
// It must not dial anybody, nor know the time: all that there is stands in the file.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { constants, createGunzip } from 'node:zlib'
import type { Effect } from '../core/events.ts'
import { hashPair } from '../core/hash.ts'
import { type Look, Overlay } from '../core/overlay.ts'
import {
  effectsHash,
  RECORDING_FORMAT,
  type RecordingEntry,
  type RecordingHead,
  readRecordingLine,
} from '../node/recording.ts'
import { traceOf, traceText } from '../sim/trace.ts'
import { command } from './command.ts'
import { brokenOffCode, CliError, type Output } from './context.ts'
import { EXIT } from './exit-codes.ts'
import { stateText } from './replay-state.ts'

/** The command. */
export const replay = command({
  name: 'replay',
  summary: 'Run the recording of a node through the protocol again, step by step',
  details:
    'Reads what `hearsay node --record FILE` has written, and prints each step: what came in (<), what was to be done (>), and what ' +
    'was told (!). It goes the same way each time, and says where it does not go the way of the record. ' +
    'All of it is run, whatever is shown. With --state the links, the directory and what is under way are shown after that step.',
  positionals: [{ name: 'file', description: 'The recording' }],
  options: ['from', 'to', 'state'],
  examples: [
    ['replay node8.rec', 'all of it'],
    ['replay node8.rec --from 100 --to 120 --state 120', 'twenty steps, and the state after them'],
  ],
  async run({ from, to, state }, { file }, { stdout, signal }) {
    const run = new Replay(file, stdout, { from, to, state })
    for await (const line of linesOf(file)) {
      if (signal.aborted) return brokenOffCode(signal)
      if (!run.take(line)) break
      // What a slow reader has not read yet would pile up.
      while (stdout.writableNeedDrain && !signal.aborted) await delay(DRAIN_MS)
    }
    return run.end() ? EXIT.ok : EXIT.failure
  },
})

/** How often a reader that is slower than this is looked at, in ms. */
const DRAIN_MS = 5

interface Shown {
  readonly from: number
  readonly to: number | undefined
  readonly state: number | undefined
}

/** A core that is given what another one was given. */
class Replay {
  readonly #file: string
  readonly #out: Output
  readonly #shown: Shown
  #overlay: Overlay | undefined
  #taken: boolean[] = []
  #steps = 0
  #lastMs = 0
  #firstMs: number | undefined
  #differs: number | undefined
  #hash = 0

  constructor(file: string, out: Output, shown: Shown) {
    this.#file = file
    this.#out = out
    this.#shown = shown
  }

  /** One more line; false when it is the last one. @throws CliError for what is no recording */
  take(text: string): boolean {
    const line = readRecordingLine(text)
    if (this.#overlay === undefined) {
      this.#begin(line)
      return true
    }
    if (line === undefined || 'format' in line) {
      this.#out.write(
        `After step ${this.#steps} the recording cannot be read: its process has ended there, or the file is damaged.\n`,
      )
      return false
    }
    if ('look' in line) {
      repeat(this.#overlay, line.look)
      return true
    }
    this.#step(this.#overlay, line)
    return true
  }

  /** Says how it went; false when the core did something else than what is recorded. @throws CliError for an empty file */
  end(): boolean {
    if (this.#overlay === undefined) throw this.#noRecording()
    const seconds = ((this.#lastMs - (this.#firstMs ?? 0)) / 1_000).toFixed(1)
    const went = `${this.#steps} steps over ${seconds} s; all effects: ${this.#hash.toString(16).padStart(8, '0')}`
    if (this.#differs === undefined) {
      this.#out.write(`${went}, as recorded.\n`)
      return true
    }
    this.#out.write(
      `${went}. From step ${this.#differs} on they are not those of the recording: was it made by another version?\n`,
    )
    return false
  }

  #begin(line: RecordingHead | RecordingEntry | undefined): void {
    if (line === undefined || !('format' in line) || line.format !== RECORDING_FORMAT)
      throw this.#noRecording()
    const { identity, seed, config } = line
    this.#overlay = new Overlay(identity, seed, config, () => this.#taken.shift() ?? true)
  }

  #step(
    overlay: Overlay,
    { nowMs, input, taken, effects: recorded }: Exclude<RecordingEntry, { look: Look }>,
  ): void {
    this.#taken = [...(taken ?? [])]
    this.#steps++
    this.#firstMs ??= nowMs
    this.#lastMs = nowMs
    const effects = overlay.handle(input, nowMs)
    this.#compare(effects, recorded)
    const { from, to, state } = this.#shown
    if (this.#steps >= from && (to === undefined || this.#steps <= to)) {
      this.#out.write(`#${this.#steps}\n`)
      const onLine = (line: Parameters<typeof traceText>[0]) => void this.#out.write(`${traceText(line)}\n`)
      traceOf({ nowMs: () => nowMs, onLine }).onHandled({ name: overlay.self.name }, input, effects)
    }
    if (this.#steps === state) this.#out.write(`${stateText(overlay)}\n`)
  }

  #compare(effects: readonly Effect[], recorded: number): void {
    const hash = effectsHash(effects)
    this.#hash = hashPair(String(this.#hash), String(hash))
    if (hash !== recorded) this.#differs ??= this.#steps
  }

  #noRecording(): CliError {
    return new CliError(
      EXIT.usage,
      `${this.#file} is no recording of hearsay: make one with node --record FILE.`,
    )
  }
}

function repeat(overlay: Overlay, look: Look): void {
  if (look.type === 'distance') overlay.distance(look.name)
  else overlay.wayTo(look.destination, look.origin, look.cameFrom)
}

/** The lines of a recording, also of one whose end is missing. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const compressed = createReadStream(file)
  const text = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  compressed.on('error', (error) => text.destroy(error))
  try {
    yield* createInterface({ input: compressed.pipe(text), crlfDelay: Number.POSITIVE_INFINITY })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new CliError(EXIT.usage, `There is no file ${file}.`)
    throw new CliError(EXIT.usage, `${file} cannot be read as a recording: ${message}`)
  } finally {
    compressed.destroy()
  }
}
