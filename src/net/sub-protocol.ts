// How it is said at the beginning of a connection what it is for: the name under which two processes agree to speak the
// binary protocol, and the mark of a passage. Nothing else.

import { LIMITS } from '../wire/limits.ts'

/** Sub-protocol (RFC 6455 section 1.9) of a link: binary frames in bundles. Without one it is line mode. */
export const SUB_PROTOCOL = 'hearsay.1'

/** The header of a connection in line mode that a bootstrap has opened for somebody who watches there. */
export const PASSAGE_HEADER = 'x-hearsay-passage'

/**
 * What every link's WebSocket is opened with, on both sides. No compression: it costs more than loopback or a local
 * network does, and a relay would pay it twice. `closeTimeout` (the typings of `ws` lack it): how long `ws` waits for
 * the other end's half of the closing handshake, in ms.
 */
export const LINK_SOCKET_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: LIMITS.messageBytesMax,
  closeTimeout: 1_000,
}

/** The sub-protocols that a request offers; `undefined` when it has no such header (RFC 6455 section 11.3.4). */
export function offeredSubProtocols(header: string | undefined): readonly string[] | undefined {
  return header?.split(',').map((name) => name.trim())
}
