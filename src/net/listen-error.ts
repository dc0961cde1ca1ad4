// Why a port cannot be listened on, each with what to do about it. Nothing else.

/** Another process has the port. */
export class PortTakenError extends Error {
  readonly code = 'port-taken'
  override readonly name = 'PortTakenError'
  readonly port: number

  constructor(port: number, options?: ErrorOptions) {
    super(`port ${port} is taken by another process: stop that one, or choose another port`, options)
    this.port = port
  }
}

/** The system does not let this user have the port. */
export class PortDeniedError extends Error {
  readonly code = 'port-denied'
  override readonly name = 'PortDeniedError'
  readonly port: number

  constructor(port: number, options?: ErrorOptions) {
    super(`port ${port} may not be used by this user: choose one above 1023`, options)
    this.port = port
  }
}

/** The address to listen on is not one of this machine's. */
export class HostUnknownError extends Error {
  readonly code = 'host-unknown'
  override readonly name = 'HostUnknownError'
  readonly host: string

  constructor(host: string, options?: ErrorOptions) {
    super(`${host} is not an address of this machine: leave the host out to listen on all of them`, options)
    this.host = host
  }
}

/** The typed error for an error of `server.listen`; one that is none of them comes back as it is. */
export function listenError(
  error: Error & { readonly code?: string | undefined },
  port: number,
  host: string | undefined,
): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new PortTakenError(port, { cause: error })
    case 'EACCES':
      return new PortDeniedError(port, { cause: error })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new HostUnknownError(host ?? '', { cause: error })
    default:
      return error
  }
}
