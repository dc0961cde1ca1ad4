// `hearsay replay`: a recording of a node (`hearsay node --record FILE`), step by step: its beginning through the protocol again,
// its tail as it was recorded. It must not dial anybody, nor know the time: all that there is stands in the file.

import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { RECORDING_FORMAT, type RecordingLine, readRecordingLine, TAIL_FORMAT } from '../node/recording.ts'
import { olderTailOf, tailOf } from '../node/recording-files.ts'
import { command } from './command.ts'
import { brokenOffCode, CliError, type Output, usageError } from './context.ts'
import { EXIT } from './exit-codes.ts'
import { linesOf } from './replay-lines.ts'
import { Replay } from './replay-run.ts'
import type { Shown } from './replay-step.ts'
import { TailReplay } from './replay-tail.ts'

/** The command. */
export const replay = command({
  name: 'replay',
  summary: 'Run the recording of a node through the protocol again, step by step',
  details:
    'Reads what `hearsay node --record FILE` has written, and prints each step: what came in (<), what was to be done (>), and what ' +
    'was told (!). FILE is the beginning of the run. It goes the same way each time, and says where it does not go the way of the ' +
    'record. All of it is run, whatever is shown. With --state the links, the directory and what is under way are shown after that ' +
    'step. The last steps of a long run are in FILE.tail, those before them in FILE.tail.1. These are shown as they were recorded and not ' +
    'run again, because no state is known there.',
  positionals: [{ name: 'file', description: 'The recording' }],
  options: ['from', 'to', 'state'],
  examples: [
    ['replay node8.rec', 'all of it'],
    ['replay node8.rec --from 100 --to 120 --state 120', 'twenty steps, and the state after them'],
    ['replay node8.rec.tail', 'the last steps of a long run'],
  ],
  async run({ from, to, state }, { file }, { stdout, signal }) {
    let run: Replay | TailReplay | undefined
    for await (const text of linesOf(file)) {
      if (signal.aborted) return brokenOffCode(signal)
      const line = readRecordingLine(text)
      if (run === undefined) run = begun(line, { file, out: stdout, shown: { from, to, state } })
      else if (!run.take(line)) break
      // What a slow reader has not read yet would pile up.
      while (stdout.writableNeedDrain && !signal.aborted) await delay(DRAIN_MS)
    }
    if (run === undefined) throw noRecording(file)
    return run.end() ? EXIT.ok : EXIT.failure
  },
})

/** How often a reader that is slower than this is looked at, in ms. */
const DRAIN_MS = 5

function begun(
  head: RecordingLine | undefined,
  { file, out, shown }: { readonly file: string; readonly out: Output; readonly shown: Shown },
): Replay | TailReplay {
  if (head === undefined || !('format' in head)) throw noRecording(file)
  switch (head.format) {
    case RECORDING_FORMAT:
      return new Replay(head, { out, shown, tail: tailOf(file) })
    case TAIL_FORMAT:
      if (shown.state !== undefined) {
        throw usageError(
          `${file} is a tail: its steps are as they were recorded and not run again, so that no state is known. Leave out --state, ` +
            'or replay the beginning of the run.',
        )
      }
      return new TailReplay(head, { out, shown, older: olderThan(file) })
    default:
      throw noRecording(file)
  }
}

function olderThan(tail: string): string | undefined {
  const older = olderTailOf(tail)
  return existsSync(older) ? older : undefined
}

function noRecording(file: string): CliError {
  return new CliError(EXIT.usage, `${file} is no recording of hearsay: make one with node --record FILE.`)
}
