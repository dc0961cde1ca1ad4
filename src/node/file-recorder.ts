// The flight recorder: keeps what goes into a node's core in a file. Lines are gathered and compressed together, each piece
// a gzip member of its own, so that `zcat` reads the file and a crash costs what came in the last moment.
// It must not know what a line means.

import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Effect, Input } from '../core/events.ts'
import type { Look } from '../core/overlay.ts'
import type { Logger } from '../logger.ts'
import { RECORD_BYTES_MAX, type RecordOptions } from './options.ts'
import { effectsHash, RECORDING_FORMAT, type RecordingHead, recordingText } from './recording.ts'
import type { Recorder } from './world.ts'

/** Text that is compressed together, in characters: more is smaller, and costs a longer moment. */
const PIECE_CHARS = 256 * 1_024
/** What is lost in a crash at most, in ms. */
const PIECE_MS = 250
/** Recordings of earlier runs that are kept: FILE.1 is the last one. */
const KEPT_MAX = 3

/** See the head of the file. */
export class FileRecorder implements Recorder {
  readonly #file: number
  readonly #bytesMax: number
  readonly #logger: Logger
  readonly #timer: NodeJS.Timeout
  readonly #onExit = (): void => this.#write()
  #text = ''
  #bytes = 0
  #isOver = false
  /** Of the input that is being worked off. */
  #begun = ''
  #taken: boolean[] = []

  /** Earlier recordings of this name are moved aside. @throws Error of `node:fs` when the file cannot be written */
  constructor(
    { file, bytesMax = RECORD_BYTES_MAX }: RecordOptions,
    head: Omit<RecordingHead, 'format'>,
    logger: Logger,
  ) {
    moveAside(file)
    this.#file = openSync(file, 'w')
    this.#bytesMax = bytesMax
    this.#logger = logger
    this.#timer = setInterval(() => this.#write(), PIECE_MS).unref()
    process.on('exit', this.#onExit)
    this.#add(recordingText({ format: RECORDING_FORMAT, ...head }))
    this.#write()
  }

  /** The program was asked whether it takes a message. */
  took(isTaken: boolean): void {
    if (!this.#isOver) this.#taken.push(isTaken)
  }

  /** An input is about to be worked off: it belongs to the core then, which may change it. */
  begins(nowMs: number, input: Input): void {
    if (this.#isOver) return
    this.#begun = `{"nowMs":${nowMs},"input":${recordingText(input)}`
  }

  /** It was worked off. */
  ends(effects: readonly Effect[]): void {
    if (this.#isOver) return
    const taken = this.#taken
    if (taken.length > 0) this.#taken = []
    const refused = taken.includes(false) ? `,"taken":${JSON.stringify(taken)}` : ''
    this.#add(`${this.#begun}${refused},"effects":${effectsHash(effects)}}`)
  }

  /** Somebody looked at ways. */
  looked(look: Look): void {
    if (!this.#isOver) this.#add(recordingText({ look }))
  }

  /** Writes what is left. */
  end(): void {
    this.#write()
    this.#close()
  }

  #close(): void {
    if (this.#isOver) return
    this.#isOver = true
    closeSync(this.#file)
    clearInterval(this.#timer)
    process.off('exit', this.#onExit)
  }

  #add(line: string): void {
    this.#text += `${line}\n`
    if (this.#text.length >= PIECE_CHARS) this.#write()
  }

  #write(): void {
    if (this.#text === '' || this.#isOver) return
    const piece = gzipSync(this.#text)
    this.#text = ''
    try {
      writeSync(this.#file, piece)
      this.#bytes += piece.length
      if (this.#bytes < this.#bytesMax) return
      this.#logger.warn({ bytes: this.#bytes }, 'recording-full')
    } catch (error) {
      this.#logger.error({ err: error }, 'recording-failed')
    }
    this.#close()
  }
}

function moveAside(file: string): void {
  for (let number = KEPT_MAX - 1; number >= 0; number--) {
    const name = number === 0 ? file : `${file}.${number}`
    if (existsSync(name)) renameSync(name, `${file}.${number + 1}`)
  }
}
