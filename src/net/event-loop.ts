// What links ask of the event loop, in Node.js and in browsers alike. It must not know what for.

/** As much of Node.js as browsers lack. */
interface EventLoop {
  readonly setImmediate?: (call: () => void) => unknown
}

/**
 * Calls this once the current turn of the event loop is over, behind the input that has arrived. Browsers have nothing of
 * the kind but a message to oneself: a microtask would come within the turn, and a timer late, in a hidden tab by a minute.
 */
export function atTurnEnd(call: () => void): void {
  const { setImmediate } = globalThis as EventLoop
  if (setImmediate === undefined) postToSelf(call)
  else setImmediate(call)
}

/** As much of a MessagePort as is used here; Node.js and browsers do not type it alike. */
interface Port {
  onmessage: (() => void) | null
  postMessage(message: undefined): void
}

const posted: (() => void)[] = []
let port: Port | undefined

function postToSelf(call: () => void): void {
  if (port === undefined) {
    const { port1, port2 } = new MessageChannel() as unknown as { port1: Port; port2: Port }
    // One message for each call: what one throws keeps no other from its turn.
    port1.onmessage = () => posted.shift()?.()
    port = port2
  }
  posted.push(call)
  port.postMessage(undefined)
}

/** A timeout that keeps no process alive. `clearTimeout` ends it. */
export function idleTimeout(call: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timeout = setTimeout(call, ms)
  // Numbers in browsers.
  ;(timeout as { unref?: () => void }).unref?.()
  return timeout
}
