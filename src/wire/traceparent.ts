// The mark by which a message is followed through several systems (W3C Trace Context, section 3.2). It is passed on as it
// came: nodes take no spans of their own, so the parent stays the program that sent the message.

/** Length of version 00, the only one that there is. */
export const TRACEPARENT_CHARS = 55

/** For mistakes: what one looks like. */
export const TRACEPARENT_EXAMPLE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

// Version ff and ids of zeros only are invalid (sections 3.2.2.1 to 3.2.2.3).
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** Whether this is a `traceparent`. */
export function isTraceparent(text: string): boolean {
  return TRACEPARENT.test(text)
}

/** Whether who sent it records the trace: the flag `sampled`. */
export function isSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1
}
