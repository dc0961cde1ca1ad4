// What the process's exit status means. Scripts rely on these numbers: add, never renumber.
// It must not decide when the process ends; only main.ts does.

import { isRequestFailure, REASONS, type Reason } from '../core/reasons.ts'

/** Exit codes by name. */
export const EXIT = {
  /** Done, or, what runs until it is stopped: stopped by Ctrl-C, SIGTERM, or because nobody reads its output any more. */
  ok: 0,
  /** It could not be done: a port is taken, an unexpected error; a simulation has shown a violation. */
  failure: 1,
  /** The command line or an environment variable is wrong. */
  usage: 2,
  /** The message did not arrive; the reason was printed. */
  notDelivered: 3,
  /** Another live process has this node's name. */
  nameTaken: 4,
  /** Nothing answers at the address given with `--at`. */
  noAnswer: 5,
  /** Stopped by Ctrl-C (128 + SIGINT) before the work was done, or by a second Ctrl-C. */
  interrupted: 130,
  /** Nobody reads its output any more, and the work was not done: 128 + SIGPIPE, as of tools that end by the signal. */
  readerGone: 141,
  /** Stopped by SIGTERM (128 + 15) before the work was done, or by a second one. */
  terminated: 143,
} as const

/** One of {@link EXIT}'s numbers. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What is fixed about an exit code. */
export interface ExitCodeFacts {
  readonly code: ExitCode
  /** What it means: the line of `--help` and of README's table. */
  readonly text: string
  /** One sentence for people: what to do about it. docs/ERRORS.md has it. */
  readonly advice: string
}

/** All of them, in order. */
export const EXIT_CODES: readonly ExitCodeFacts[] = [
  {
    code: EXIT.ok,
    text: 'done, or stopped as asked (Ctrl-C, SIGTERM, a reader that went away)',
    advice: 'Nothing',
  },
  {
    code: EXIT.failure,
    text: 'failed: a port is taken, a violation in a simulation, an unexpected error',
    advice: 'Read the last lines on standard error: they say what to do, or hold what a report needs',
  },
  {
    code: EXIT.usage,
    text: 'wrong flag, argument or environment variable',
    advice: 'Correct what the message names; --help has all that there is',
  },
  {
    code: EXIT.notDelivered,
    text: 'the message did not arrive; the reason is printed',
    advice: 'Read the line below the reason, or look the reason up in docs/ERRORS.md',
  },
  {
    code: EXIT.nameTaken,
    text: "another live node has this node's name",
    advice: REASONS['name-taken'].advice,
  },
  {
    code: EXIT.noAnswer,
    text: 'nothing answers at the address given with --at',
    advice: 'Start a network (hearsay swarm), or give the address of a running node',
  },
  {
    code: EXIT.interrupted,
    text: 'interrupted by Ctrl-C before the work was done',
    advice: 'Nothing, if you meant it; what was under way may have been done',
  },
  {
    code: EXIT.readerGone,
    text: 'nobody read its output any more before the work was done',
    advice: 'Let the program that gets the output read to its end, or write to a file',
  },
  {
    code: EXIT.terminated,
    text: 'ended by SIGTERM before the work was done',
    advice: 'Look for who ended it, if it was not you: a supervisor, or a time limit',
  },
]

/** The exit code of a command that failed for this reason. */
export function exitCodeOf(reason: Reason): ExitCode {
  if (isRequestFailure(reason)) return EXIT.notDelivered
  return reason === 'name-taken' ? EXIT.nameTaken : EXIT.failure
}
