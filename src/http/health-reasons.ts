// What `/healthz` and `/readyz` say when all is not well. Their words stand beside those of core/reasons, which are
// about messages and links: these are about a process. It must not decide how the process is.

/** Why a process is not to be used, by the word that its answer has. docs/ERRORS.md lists them for people. */
export const HEALTH_REASONS = {
  'not-live': {
    httpStatus: 503,
    text: 'the process has ended its work and does not come back',
    advice: 'Start it again; what ended it is in its log',
  },
  'not-ready': {
    httpStatus: 503,
    text: 'the process runs and cannot be used yet',
    advice: 'Wait until /readyz answers 200; if it does not, look at its bootstraps and peers',
  },
} as const satisfies Record<string, { httpStatus: number; text: string; advice: string }>

/** One of {@link HEALTH_REASONS}. */
export type HealthReason = keyof typeof HEALTH_REASONS
