// The flight recorder: keeps what goes into a node's core in files. The beginning of the run is kept as it is, so that a core can
// be run with it; when it is full the run goes on in a tail of two files that take turns, so that its last steps are always
// there. Lines are gathered and compressed together, each piece a gzip member of its own, so that `zcat` reads the files and a
// crash costs what came in the last moment.
//
// 1. Every step is in exactly one file, until its file is let go; the steps of the beginning, the older and the newer file of
//    the tail follow each other.
// 2. All files of a run have `bytesMax` together, but for a step that is larger than its share by itself.
// 3. A run takes the place of those before it when it is worth that: KEPT_STEPS are on the disk, the core threw, or the beginning is
//    full. One that ends earlier has pushed out none, and is beside them until the next one starts.

import { gzipSync } from 'node:zlib'
import type { Effect, Input } from '../core/events.ts'
import type { Look } from '../core/overlay.ts'
import { HearsayError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { renameSync } from './node-fs.ts'
import type { RecordOptions } from './options.ts'
import { PieceFile } from './piece-file.ts'
import { effectsHash, RECORDING_FORMAT, type RecordingHead, recordingText, TAIL_FORMAT } from './recording.ts'
import { newOf, olderTailOf, RECORD_BYTES_MAX, tailOf } from './recording-files.ts'
import { RecordingPlace } from './recording-place.ts'
import type { Recorder } from './world.ts'

/** Text that is compressed together, in characters: more is smaller, and costs a longer moment. */
const PIECE_CHARS = 256 * 1_024
/** What is lost in a crash at most, in ms. */
const PIECE_MS = 250
/** A run that has so many is kept, though others are let go for it. A node that may not have its name does not get that far. */
const KEPT_STEPS = 100

/** Recorders that are not closed: they write what is left when the process ends. */
const recorders = new Set<FileRecorder>()
const closeAll = (): void => {
  for (const recorder of recorders) recorder.close()
}

/** The file of the tail that is written to. */
interface Tail {
  /** The step before its first one. */
  readonly afterStep: number
  readonly bytesMax: number
}

/** See the head of the file. */
export class FileRecorder implements Recorder {
  /** As it was asked for, for the log. */
  readonly #file: string
  readonly #bytesMax: number
  readonly #pieceChars: number
  readonly #run: Omit<RecordingHead, 'format'>
  readonly #logger: Logger
  readonly #timer: NodeJS.Timeout
  readonly #place: RecordingPlace
  #part: PieceFile
  /** `undefined`: it is still the beginning. */
  #tail: Tail | undefined
  #text = ''
  /** Steps so far, and how many of them are in a file. */
  #steps = 0
  #stepsWritten = 0
  #threw = false
  #isOver = false
  /** Of the input that is being worked off. */
  #begun = ''
  #taken: boolean[] = []

  /** Use {@link startRecorder}. @throws HearsayError `invalid-option`; Error of `node:fs` when the file cannot be made */
  constructor(
    { file, bytesMax = RECORD_BYTES_MAX }: RecordOptions,
    run: Omit<RecordingHead, 'format'>,
    logger: Logger,
  ) {
    this.#place = new RecordingPlace(file, run.identity)
    try {
      this.#part = new PieceFile(this.#place.beginning)
    } catch (error) {
      this.#place.leave()
      throw error
    }
    this.#file = file
    this.#bytesMax = bytesMax
    // A piece is never larger than a file may be: it is smaller than its text.
    this.#pieceChars = Math.min(PIECE_CHARS, bytesMax / 8)
    this.#run = run
    this.#logger = logger
    this.#timer = setInterval(() => this.#flush(), PIECE_MS).unref()
    if (recorders.size === 0) process.on('exit', closeAll)
    recorders.add(this)
    this.#add(recordingText({ format: RECORDING_FORMAT, ...run }))
    this.#flush()
  }

  /** The program was asked whether it takes a message. */
  took(isTaken: boolean): void {
    if (!this.#isOver) this.#taken.push(isTaken)
  }

  /** An input is about to be worked off: it belongs to the core then, which may change it. */
  begins(nowMs: number, input: Input): void {
    if (this.#isOver) return
    this.#breakOff()
    this.#begun = `"nowMs":${nowMs},"input":${recordingText(input)}`
  }

  /** It was worked off. */
  ends(effects: readonly Effect[]): void {
    if (this.#isOver) return
    this.#endStep(`,"effects":${this.#tail === undefined ? effectsHash(effects) : recordingText(effects)}`)
  }

  /** Somebody looked at ways. */
  looked(look: Look): void {
    if (!this.#isOver && this.#tail === undefined) this.#add(recordingText({ look }))
  }

  /** Writes what is left, and says where that is when it is not where it was asked for. */
  end(): void {
    const isShort = !this.#isOver
    this.close()
    if (isShort && !this.#place.isTaken)
      this.#logger.info({ file: newOf(this.#file), steps: this.#steps }, 'recording-short')
  }

  /** Writes what is left. */
  close(): void {
    this.#flush()
    this.#close()
  }

  #close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#part.close()
    clearInterval(this.#timer)
    this.#place.leave()
    recorders.delete(this)
    if (recorders.size === 0) process.off('exit', closeAll)
  }

  #endStep(effects: string): void {
    const taken = this.#taken
    if (taken.length > 0) this.#taken = []
    const refused = taken.includes(false) ? `,"taken":${JSON.stringify(taken)}` : ''
    this.#steps++
    const number = this.#tail === undefined ? '' : `"step":${this.#steps},`
    const line = `{${number}${this.#begun}${refused}${effects}}`
    this.#begun = ''
    this.#add(line)
  }

  /** Between inputs: one that has begun and not ended is one at which the core threw. */
  #breakOff(): void {
    if (this.#begun === '') return
    this.#threw = true
    this.#endStep('')
  }

  #add(line: string): void {
    this.#text += `${line}\n`
    if (this.#text.length >= this.#pieceChars) this.#write()
  }

  #flush(): void {
    if (this.#isOver) return
    this.#breakOff()
    this.#write()
  }

  #write(): void {
    if (this.#text === '' || this.#isOver) return
    try {
      const piece = gzipSync(this.#text)
      this.#text = ''
      if (this.#tail !== undefined && this.#isFullFor(piece, this.#tail)) this.#turn(this.#tail)
      this.#part.write(piece)
      this.#stepsWritten = this.#steps
      if (!this.#place.isTaken && (this.#isWorthIt || this.#place.isFree)) this.#place.take()
      if (this.#tail === undefined && this.#part.bytes >= this.#bytesMax / 2) this.#endBeginning()
    } catch (error) {
      this.#logger.error({ err: error }, 'recording-failed')
      this.#close()
    }
  }

  get #isWorthIt(): boolean {
    return this.#threw || this.#stepsWritten >= KEPT_STEPS
  }

  #isFullFor(piece: Uint8Array, { afterStep, bytesMax }: Tail): boolean {
    // One without steps takes any piece: steps would be let go for nothing.
    return this.#stepsWritten > afterStep && this.#part.bytes + piece.length > bytesMax
  }

  #endBeginning(): void {
    this.#place.take()
    this.#part.write(gzipSync(`${recordingText({ full: true })}\n`))
    this.#part.close()
    // The last piece went beyond the half.
    const left = Math.max(this.#bytesMax / 4, this.#bytesMax - this.#part.bytes)
    this.#beginTail(left / 2)
    this.#logger.info({ file: tailOf(this.#file), afterStep: this.#stepsWritten }, 'recording-goes-on')
  }

  #turn({ bytesMax }: Tail): void {
    const tail = tailOf(this.#place.file)
    this.#part.close()
    renameSync(tail, olderTailOf(tail))
    this.#beginTail(bytesMax)
  }

  #beginTail(bytesMax: number): void {
    const afterStep = this.#stepsWritten
    const { version, identity, startedAtMs } = this.#run
    this.#part = new PieceFile(tailOf(this.#place.file))
    this.#part.write(
      gzipSync(`${recordingText({ format: TAIL_FORMAT, version, identity, startedAtMs, afterStep })}\n`),
    )
    this.#tail = { afterStep, bytesMax }
  }
}

/**
 * Begins to record. `undefined`: the disk is full, which the log has; a node goes on without.
 * @throws HearsayError `invalid-option` when nothing can be recorded there
 */
export function startRecorder(
  options: RecordOptions,
  run: Omit<RecordingHead, 'format'>,
  logger: Logger,
): FileRecorder | undefined {
  try {
    return new FileRecorder(options, run, logger)
  } catch (error) {
    if (error instanceof HearsayError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      logger.error({ err: error }, 'recording-failed')
      return undefined
    }
    throw new HearsayError(
      'invalid-option',
      `cannot record to ${options.file}: ${message}; choose a directory that this user may write, such as a volume`,
      { cause: error },
    )
  }
}
