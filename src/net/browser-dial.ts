// Opens one WebSocket of the browser to a node or a bootstrap, or says in one line why that came to nothing: a browser
// does not tell a page what went wrong, so that pages cannot look round in a network.
// It must not retry, nor import anything of Node.js.

import { BrowserSocket } from './browser-socket.ts'
import { atTurnEnd } from './event-loop.ts'
import { DIAL_TIMEOUT_MS, type Dial, type DialLink, type LinkDialHandlers } from './link-dial.ts'
import { SUB_PROTOCOL } from './sub-protocol.ts'
import { isLoopbackHost, normalizeUrl, placeOf } from './url.ts'

/** @param onHeard told after each event of the sockets that are dialled. */
export function browserDial(onHeard: () => void): DialLink {
  return (url, handlers, { timeoutMs = DIAL_TIMEOUT_MS } = {}) => {
    const opened = open(url)
    if (typeof opened !== 'string') return watched(opened, handlers, { timeoutMs, onHeard })
    let isOff = false
    atTurnEnd(() => {
      if (!isOff) handlers.onFailed(opened)
    })
    return {
      cancel() {
        isOff = true
      },
    }
  }
}

/** A socket that connects, or why there is none. */
function open(url: string): WebSocket | string {
  const normalized = normalizeUrl(url)
  if (!normalized.ok) return normalized.detail
  const place = placeOf(normalized.url)
  if (isMixed(normalized.url)) {
    return `${place} cannot be dialled with ws:// from a page that came by https://: let it have wss://`
  }
  try {
    return new WebSocket(normalized.url, SUB_PROTOCOL)
  } catch (error) {
    return `${place} cannot be dialled from this page: ${error instanceof Error ? error.message : error}`
  }
}

/** Whether browsers refuse it as mixed content (w3.org/TR/mixed-content): loopback is as good as https. */
function isMixed(url: string): boolean {
  const { location } = globalThis as { readonly location?: { readonly protocol: string } }
  if (location?.protocol !== 'https:' || !url.startsWith('ws:')) return false
  return !isLoopbackHost(new URL(url).hostname)
}

/** The likely reason in a page that works elsewhere. */
function orNotThisPage(): string {
  const { origin } = globalThis as { readonly origin?: string }
  return origin === undefined ? '' : `, or lets no pages of ${origin} in (its --allow-origin)`
}

function watched(
  socket: WebSocket,
  handlers: LinkDialHandlers,
  { timeoutMs, onHeard }: { readonly timeoutMs: number; readonly onHeard: () => void },
): Dial {
  const place = placeOf(socket.url)
  let isSettled = false
  const settle = (): void => {
    isSettled = true
    clearTimeout(timeout)
    socket.onopen = null
    socket.onclose = null
  }
  const fail = (detail: string): void => {
    settle()
    socket.close()
    handlers.onFailed(detail)
  }
  const timeout = setTimeout(() => fail(`${place} did not answer within ${timeoutMs} ms`), timeoutMs)
  socket.onopen = () => {
    settle()
    handlers.onOpen(new BrowserSocket(socket, onHeard))
  }
  socket.onclose = () => {
    fail(
      `${place} did not answer, or not as a hearsay process does${orNotThisPage()}: a browser does not say which`,
    )
    onHeard()
  }
  return {
    cancel() {
      // An open socket is somebody else's.
      if (isSettled) return
      settle()
      socket.close()
    },
  }
}
