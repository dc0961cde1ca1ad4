// What a port counts. Types only: programs read them, and they need not have the types of `ws` and Node.js for that.

/** Counters since the start, except `connections`. */
export interface ListenerStats {
  /** TCP connections open now, whatever they are. */
  readonly connections: number
  readonly requests: number
  readonly links: number
  readonly guests: number
  /** WebSocket handshakes refused: broken headers, or only sub-protocols that are not spoken here. */
  readonly badHandshakes: number
  /** WebSocket handshakes, and requests that would change something, of web pages whose origin is not allowed. */
  readonly foreignOrigins: number
  /** Connections that sent something that is not HTTP. */
  readonly malformedHttp: number
  /** Connections closed because their request did not arrive in time, silent ones included. */
  readonly timedOut: number
  /** Connections cut because there were `connectionsMax` of them. */
  readonly overConnectionsMax: number
}
