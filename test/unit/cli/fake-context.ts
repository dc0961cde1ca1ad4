// A process for commands under test: what they write is kept, nothing is real.

import type { CliContext, Environment, Output } from '../../../src/cli/context.ts'

/** An output that keeps what is written to it. */
export class KeptOutput implements Output {
  readonly writes: string[] = []
  readonly isTTY: boolean | undefined
  readonly columns: number | undefined

  constructor(terminal?: { readonly columns: number }) {
    this.isTTY = terminal && true
    this.columns = terminal?.columns
  }

  write(text: string): void {
    this.writes.push(text)
  }

  /** All that was written. */
  get text(): string {
    return this.writes.join('')
  }
}

/** A context whose outputs can be looked into. */
export interface FakeContext extends CliContext {
  readonly stdout: KeptOutput
  readonly stderr: KeptOutput
  readonly crashLogs: ((error: unknown) => void)[]
}

/** A context with this environment and nothing else of the real process. */
export function fakeContext(
  env: Environment = {},
  signal: CliContext['signal'] = new AbortController().signal,
): FakeContext {
  const crashLogs: ((error: unknown) => void)[] = []
  return {
    env,
    stdout: new KeptOutput(),
    stderr: new KeptOutput(),
    signal,
    hostname: 'laptop',
    startedAtMs: performance.now(),
    self: 'hearsay',
    crashLogs,
    onCrash: (log) => crashLogs.push(log),
    onSnapshot: () => {},
  }
}
