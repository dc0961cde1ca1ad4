// A program that reads `messages()`, and a model of what it must get: everything in order, but what came while the buffer
// was full. It must not look into the stream.

import type { NodeMessage } from '../node/events.ts'
import type { MessageStream } from '../node/message-stream.ts'
import { type Book, idIn, type Run } from './book.ts'

/** A reader of messages, and what it must get. */
export interface Reader {
  readonly model: StreamModel
  readonly stream: MessageStream<NodeMessage>
}

/** How a program reads. */
export interface ReaderOptions {
  readonly bufferMax: number
  /** How long it takes for each message; `Infinity`: it never reads. */
  readonly everyMs: number
  /** After how many it stops reading. */
  readonly stopsAfter: number
}

/** See the head of the file. */
export class StreamModel {
  readonly #bufferMax: number
  #buffer: number[] = []
  #isWaiting = false
  /** What the pending read must give; `undefined`: the end. */
  #expected: number | 'nothing yet' | 'end' = 'nothing yet'
  #isEnded = false
  /** How many found no room, or waited when the program stopped reading. */
  dropped = 0

  constructor(bufferMax: number) {
    this.#bufferMax = bufferMax
  }

  /** Whether it takes one more message. */
  get hasRoom(): boolean {
    return this.#isEnded || this.#isWaiting || this.#buffer.length < this.#bufferMax
  }

  /** The program was told of a message; false: there was no room for it. */
  push(id: number): boolean {
    if (!this.hasRoom) {
      this.dropped++
      return false
    }
    if (this.#isWaiting) {
      this.#isWaiting = false
      this.#expected = id
    } else if (!this.#isEnded) this.#buffer.push(id)
    return true
  }

  /** The program reads. */
  read(): void {
    const next = this.#buffer.shift()
    this.#expected = next ?? (this.#isEnded ? 'end' : 'nothing yet')
    this.#isWaiting = this.#expected === 'nothing yet'
  }

  /** The program stops reading. */
  stop(): void {
    this.dropped += this.#buffer.length
    this.#buffer = []
    this.end()
  }

  /** Nothing comes any more. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (this.#isWaiting) this.#expected = 'end'
    this.#isWaiting = false
  }

  /** What is wrong with what was read; `undefined`: nothing. */
  problemOf(result: IteratorResult<NodeMessage>): string | undefined {
    const got = result.done === true ? 'end' : idIn(result.value.value)
    return got === this.#expected ? undefined : `read ${got} from messages(), and not ${this.#expected}`
  }
}

/** A program stops reading, wherever it is. */
export function stopReading({ model, stream }: Reader): void {
  model.stop()
  void stream.return()
}

/** Reads until the end. @param sleep of the program, which does not wake up after a crash */
export async function readAll(
  { book, run, stream, model }: Reader & { readonly book: Book; readonly run: Run },
  { everyMs, stopsAfter }: ReaderOptions,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  if (everyMs === Number.POSITIVE_INFINITY) return
  for (let count = 0; count < stopsAfter; count++) {
    model.read()
    const result = await stream.next()
    if (run.state === 'crashed') return
    const problem = model.problemOf(result)
    if (problem !== undefined) book.broken(run, problem)
    if (result.done === true) return
    // What is left after the end is read at once, so that programs come to theirs.
    if (everyMs > 0 && run.state === 'runs') await sleep(everyMs)
  }
  model.stop()
  await stream.return()
}
