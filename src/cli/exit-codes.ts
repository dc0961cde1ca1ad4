// What the process's exit status means. Scripts rely on these numbers: add, never renumber.
// It must not decide when the process ends; only main.ts does.

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

/** The lines of `--help` and of README's table, in order. */
export const EXIT_CODE_TEXTS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.ok, 'done, or stopped as asked (Ctrl-C, SIGTERM, a reader that went away)'],
  [EXIT.failure, 'failed: a port is taken, a violation in a simulation, an unexpected error'],
  [EXIT.usage, 'wrong flag, argument or environment variable'],
  [EXIT.notDelivered, 'the message did not arrive; the reason is printed'],
  [EXIT.nameTaken, "another live node has this node's name"],
  [EXIT.noAnswer, 'nothing answers at the address given with --at'],
  [EXIT.interrupted, 'interrupted by Ctrl-C before the work was done'],
  [EXIT.readerGone, 'nobody read its output any more before the work was done'],
  [EXIT.terminated, 'ended by SIGTERM before the work was done'],
]
