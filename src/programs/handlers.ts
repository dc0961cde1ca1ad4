// What handlers of programs do with requests: all that a handler can do, right and wrong, as the request itself says.
// It must not decide how a request is to be answered: whoever asks has drawn it.

import type { NodeRequest } from '../node/answering.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { Operation, Run } from './book.ts'
import type { Programs } from './programs.ts'

/** More than a message can carry. */
const TOO_LARGE_BYTES = 1_100_000
/** As long as a handler takes that takes its time. */
const LATER_MS_MAX = 2_000
const LONG_ERROR = 'so it is. '.repeat(300)

/** What a handler gives back. */
type Given = JsonValue | Uint8Array | undefined

/** See the head of the file. */
export class Handlers {
  readonly #programs: Pick<Programs, 'hearing' | 'net' | 'requests' | 'book'>

  constructor(programs: Pick<Programs, 'hearing' | 'net' | 'requests' | 'book'>) {
    this.#programs = programs
  }

  /** The handler of a program. */
  answer(run: Run, request: NodeRequest): Given | Promise<Given> {
    const operation = this.#programs.hearing.request(run, request)
    if (operation === undefined) throw new Error('nobody has asked that')
    const { id, how } = operation
    switch (how) {
      case 'value':
        return give(operation, { id, by: run.label })
      case 'bytes':
        return give(operation, new Uint8Array([id & 0xff, 1, 2, 3]))
      case 'nothing':
        give(operation, null)
        return undefined
      case 'throws':
        return fail(operation, `no ${id}`)
      case 'throws-text':
        operation.given = { error: `text ${id}` }
        throw `text ${id}`
      case 'long-error':
        return fail(operation, LONG_ERROR)
      case 'unsealable':
        operation.given = { error: undefined }
        return 1n as unknown as JsonValue
      case 'too-large':
        operation.given = { error: undefined }
        return new Uint8Array(TOO_LARGE_BYTES)
      default:
        return this.#takeTime(run, operation, request)
    }
  }

  async #takeTime(run: Run, operation: Operation, request: NodeRequest): Promise<Given> {
    const { id, how } = operation
    const { net } = this.#programs
    const { signal } = request
    const handled = { id, untilMs: net.nowMs + request.withinMs, isEndless: how === 'never', signal }
    run.handling.add(handled)
    try {
      if (how === 'never') {
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve()
          else signal.addEventListener('abort', () => resolve(), { once: true })
        })
        return give(operation, null)
      }
      if (how === 'nested') return await this.#askOn(run, operation)
      await net.sleepOf(run.name)((id * 7_919) % LATER_MS_MAX)
      if (how === 'throws-later') return fail(operation, `no ${id}, after a while`)
      return give(operation, { id, by: run.label })
    } finally {
      run.handling.delete(handled)
    }
  }

  /** Asks somebody else, and answers with what comes of it. */
  async #askOn(run: Run, operation: Operation): Promise<Given> {
    const { id, deadlineMs } = operation
    const names = [...this.#programs.book.names]
    const to = names[(id * 31) % names.length] ?? run.name
    const how = id % 4 === 0 ? 'throws' : 'value'
    const asked = this.#programs.requests.request(run, { to, deadlineMs: Math.max(1, deadlineMs >> 1), how })
    const answer = await asked.settled
    if (answer?.status === 'answered') return give(operation, [id, 'after', asked.operation.id])
    return fail(operation, `nested: ${answer?.status === 'failed' ? answer.reason : 'nothing'}`)
  }
}

function give(operation: Operation, value: JsonValue | Uint8Array): JsonValue | Uint8Array {
  operation.given = { value }
  return value
}

function fail(operation: Operation, error: string): never {
  operation.given = { error }
  throw new Error(error)
}
