// The child's side of the conversation with the run that started it: commands come in, answers go out, and the process ends
// when nobody is there any more.
// It must not know any command.

/** What a child can be asked: functions by name. What they take and give is copied. */
export type Commands = Readonly<Record<string, (...args: never[]) => unknown>>

/** From the run to the child. */
export interface Question {
  readonly id: number
  readonly command: string
  readonly args: readonly unknown[]
}

/** From the child to the run: a value, or what went wrong. */
export interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** What the run sends to have the child end by itself. */
export const END = 'end'

/** Answers commands until the run wants the end or is gone, and ends the process then. */
export function serve(commands: Commands): void {
  process.on('message', (question: Question | typeof END) => {
    if (question === END) process.exit()
    void answer(commands, question)
  })
  process.on('disconnect', () => process.exit())
}

async function answer(commands: Commands, { id, command, args }: Question): Promise<void> {
  try {
    const run = commands[command] as ((...args: unknown[]) => unknown) | undefined
    if (run === undefined) throw new Error(`there is no command ${command}`)
    reply({ id, value: await run(...args) })
  } catch (error) {
    reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

function reply(message: Reply): void {
  process.send?.(message)
}

/** Processor time of this process so far, user and system, in ms. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** A clock that all processes of this machine share, in ms: it stands still with none of them, and is never set. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Memory after garbage collection, in bytes. The process needs the flag `--expose-gc`. */
export function memoryAfterGc(): { readonly heapBytes: number; readonly rssBytes: number } {
  if (globalThis.gc === undefined) throw new Error('memory is measured with --expose-gc only')
  // The second one takes what finalizers of the first have let go. The last resort also gives back pages of the heap that
  // are empty: how many V8 keeps says what happened before, and not what is needed.
  globalThis.gc()
  const lastResort = { type: 'major', flavor: 'last-resort' } as const
  globalThis.gc(lastResort)
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heapBytes: heapUsed + external, rssBytes: rss }
}
