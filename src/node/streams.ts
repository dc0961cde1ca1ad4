// The streams of messages that a program reads, and whether they have room: what they have none for is refused before it
// is handed over, so that its sender learns of it. So it is with sinks, which take each message as it comes.
// It must not know where messages come from.
//
// 1. A message that was taken has room in every stream, whatever comes before it. What nobody can be told of (broadcasts) is
//    dropped where there is none, and counted.

import { HearsayError } from '../errors.ts'
import { isForProgram } from './envelope.ts'
import type { NodeMessage } from './events.ts'
import { MessageStream } from './message-stream.ts'

/** Takes messages as they come, and says itself whether it has room: an output, which counts bytes. */
export interface MessageSink {
  /** Whether what comes now is taken. It may change at any time. */
  readonly hasRoom: boolean
  /** What was taken before there was no room comes all the same. Must not throw. */
  take(message: NodeMessage): void
}

/** See the head of the file. */
export class Streams {
  readonly #open = new Set<MessageStream<NodeMessage>>()
  readonly #sinks: MessageSink[] = []
  readonly #onLost: (message: NodeMessage, why: string) => void
  /** Messages that were taken and have not come yet. */
  #promised = 0
  #isEnded = false

  /** @param onLost a reader will not see a message. */
  constructor(onLost: (message: NodeMessage, why: string) => void) {
    this.#onLost = onLost
  }

  /** One more reader. @param bufferMax how many may wait for it. @throws HearsayError `invalid-option` */
  open(bufferMax: number): MessageStream<NodeMessage> {
    if (!Number.isInteger(bufferMax) || bufferMax < 1) {
      throw new HearsayError('invalid-option', `bufferMax: ${bufferMax} is not a whole number above 0`)
    }
    const stream = new MessageStream<NodeMessage>(bufferMax, {
      onEnd: () => this.#open.delete(stream),
      onLost: this.#onLost,
    })
    if (this.#isEnded) stream.end()
    else this.#open.add(stream)
    return stream
  }

  /** Gives the messages to this sink as well, from now on. */
  pour(sink: MessageSink): void {
    this.#sinks.push(sink)
  }

  /** Whether the readers have room for one more. */
  get hasRoom(): boolean {
    for (const { hasRoom } of this.#sinks) if (!hasRoom) return false
    for (const { room } of this.#open) if (room <= this.#promised) return false
    return true
  }

  /** Whether a payload that is about to be handed over is taken: it is none for the program, or there is room. */
  takes(payload: Uint8Array): boolean {
    if (this.#open.size + this.#sinks.length === 0 || !isForProgram(payload)) return true
    if (!this.hasRoom) return false
    this.#promised++
    return true
  }

  /** All that was taken has come. */
  settle(): void {
    this.#promised = 0
  }

  /** A message has come; false when a reader had no room for it, or only such as was promised to others. */
  push(message: NodeMessage): boolean {
    // Of a direct message of the overlay its sender may have been told that it was taken.
    if (message.via === 'overlay' && !message.broadcast && this.#promised > 0) this.#promised--
    let isTaken = true
    for (const stream of this.#open) isTaken = stream.push(message, this.#promised) && isTaken
    for (const sink of this.#sinks) {
      // All others were asked for before they were taken.
      if (message.broadcast && !sink.hasRoom) {
        this.#onLost(message, 'its reader has no room')
        isTaken = false
      } else sink.take(message)
    }
    return isTaken
  }

  /** Nothing comes any more. */
  end(): void {
    this.#isEnded = true
    for (const stream of this.#open) stream.end()
  }
}
