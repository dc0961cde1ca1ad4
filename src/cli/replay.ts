// `hearsay replay`: a recording of a node (`hearsay node --record FILE`), step by step: its beginning through the protocol again,
// its tail as it was recorded. It must not dial anybody, nor know the time: all that there is stands in the file.

import { setTimeout as delay } from 'node:timers/promises'
import {
  isMeantAsHead,
  RECORDING_FORMAT,
  type RecordedRun,
  readRecordingLine,
  type TailHead,
} from '../node/recording.ts'
import { newOf, olderTailOf, tailOf } from '../node/recording-files.ts'
import { command } from './command.ts'
import { brokenOffCode, type CliContext, CliError, usageError } from './context.ts'
import { EXIT } from './exit-codes.ts'
import { firstLineOf, linesOf } from './replay-lines.ts'
import { Replay } from './replay-run.ts'
import { notThere, type Shown, type Taken } from './replay-step.ts'
import { isTailOf, TailReplay } from './replay-tail.ts'

/** The command. */
export const replay = command({
  name: 'replay',
  summary: 'Run the recording of a node through the protocol again, step by step',
  details:
    'Reads what `hearsay node --record FILE` has written, and prints each step: what came in (<), what was to be done (>), and what ' +
    'was told (!). FILE is the beginning of the run. It goes the same way each time, and says where it does not go the way of the ' +
    'record. All of it is run, whatever is shown. With --state the links, the directory and what is under way are shown after that ' +
    'step. The last steps of a long run are in FILE.tail, those before them in FILE.tail.1. These are shown as they were recorded and not ' +
    'run again, because no state is known there. Earlier runs are in FILE.1 to FILE.3, and one that ended soon in FILE.new.',
  positionals: [{ name: 'file', description: 'The recording' }],
  options: ['from', 'to', 'state'],
  examples: [
    ['replay node8.rec', 'all of it'],
    ['replay node8.rec --from 100 --to 120 --state 120', 'twenty steps, and the state after them'],
    ['replay node8.rec.tail', 'the last steps of a long run'],
  ],
  async run({ from, to, state }, { file }, context) {
    const { stdout, stderr, signal } = context
    const shown = { from, to, state }
    if (to !== undefined && to > 0 && to < from)
      throw usageError(`--from ${from} is behind --to ${to}: there are no such steps.`)
    let run: Replay | TailReplay | undefined
    let went: Taken = 'taken'
    let isDamaged = false
    const onDamage = (): void => {
      isDamaged = true
    }
    for await (const text of linesOf(file, onDamage)) {
      if (signal.aborted) return brokenOffCode(signal)
      if (run === undefined) run = await begun(text, { file, context, shown })
      // A process that has ended in a line has left nothing behind it.
      else if (went === 'unreadable') isDamaged ||= text !== ''
      else went = taken(run, text, file)
      if (went === 'last') break
      // What a slow reader has not read yet would pile up.
      while (stdout.writableNeedDrain && !signal.aborted) await delay(DRAIN_MS)
    }
    if (run === undefined) throw noRecording(file)
    const isAsRecorded = run.end()
    if (isDamaged)
      stderr.write(`${file} is damaged: after step ${run.steps.last} is more, which cannot be read.\n`)
    const problem = notThere(shown, run.steps)
    if (problem !== undefined) throw usageError(problem)
    return isAsRecorded && !isDamaged ? EXIT.ok : EXIT.failure
  },
})

/** How often a reader that is slower than this is looked at, in ms. */
const DRAIN_MS = 5

async function begun(
  text: string,
  { file, context, shown }: { readonly file: string; readonly context: CliContext; readonly shown: Shown },
): Promise<Replay | TailReplay> {
  const head = readRecordingLine(text)
  if (head === undefined || !('format' in head)) throw isMeantAsHead(text) ? damaged(file) : noRecording(file)
  const out = context.stdout
  if (head.format === RECORDING_FORMAT) {
    await tellOfLaterRun(head, newOf(file), context)
    const goesOn = wayOn(head, tailOf(file), await tailHead(tailOf(file), head))
    return new Replay(head, { out, shown, goesOn })
  }
  if (shown.state !== undefined) {
    throw usageError(
      `${file} is a tail: its steps are as they were recorded and not run again, so that no state is known. Leave out --state, ` +
        'or replay the beginning of the run.',
    )
  }
  const older = olderTailOf(file)
  return new TailReplay(head, { out, shown, older: (await tailHead(older, head)) && older })
}

/** How a file begins that should be a tail of the run; `undefined`: it is none. */
async function tailHead(file: string, run: RecordedRun): Promise<TailHead | undefined> {
  const head = readRecordingLine((await firstLineOf(file)) ?? '')
  return head !== undefined && isTailOf(run, head) ? head : undefined
}

/** A run that has ended soon, as in a crash, has not taken the place of the one before it: somebody may look for it there. */
async function tellOfLaterRun(run: RecordedRun, file: string, { stderr, self }: CliContext): Promise<void> {
  const head = readRecordingLine((await firstLineOf(file)) ?? '')
  if (head === undefined || !('format' in head) || !(head.startedAtMs > run.startedAtMs)) return
  const { name, incarnation } = head.identity
  stderr.write(`A later run, ${name}/${incarnation}, is in ${file}: ${self} replay ${file}\n`)
}

/** What stands at the end of a beginning that is full: two nodes that recorded to one file have mixed theirs. */
function wayOn(
  { identity }: RecordedRun,
  tail: string,
  head: TailHead | undefined,
): (step: number) => string {
  return (step) => {
    if (head === undefined)
      return `${tail} has nothing of this run, ${identity.name}/${identity.incarnation}.`
    if (head.afterStep < step)
      return `${tail} does not belong to it: that goes on after step ${head.afterStep}.`
    return `The last steps of the run are in ${tail}.`
  }
}

/** One more line. @throws CliError of one that has other things in it than it should */
function taken(run: Replay | TailReplay, text: string, file: string): Taken {
  try {
    return run.take(readRecordingLine(text))
  } catch {
    // What is in a line is looked at only where it is shown.
    throw damaged(file, run.steps.last)
  }
}

function damaged(file: string, step?: number): CliError {
  const where = step === undefined ? 'its head' : `step ${step} or what follows`
  return new CliError(
    EXIT.usage,
    `${file} is a damaged recording, or one of another version of hearsay: ${where} cannot be read.`,
  )
}

function noRecording(file: string): CliError {
  return new CliError(EXIT.usage, `${file} is no recording of hearsay: make one with node --record FILE.`)
}
