// Turns the reasons why a bootstrap or a node cannot start into texts for the person who started it.

import { HearsayError } from '../errors.ts'
import { HostUnknownError, PortDeniedError, PortTakenError } from '../net/listen-error.ts'
import { CliError, usageError } from './context.ts'
import { EXIT } from './exit-codes.ts'

/** The error for the terminal; anything unexpected comes back as it is. */
export function startError(error: unknown): unknown {
  if (error instanceof PortTakenError) return new CliError(EXIT.failure, portTakenText(error.port))
  if (error instanceof PortDeniedError) {
    return new CliError(
      EXIT.failure,
      `Port ${error.port} may not be used by this user. Choose one above 1023 with --port.`,
    )
  }
  if (error instanceof HostUnknownError) {
    return new CliError(
      EXIT.failure,
      `${error.host} is not an address of this machine. Leave out --host, or correct it.`,
    )
  }
  // What the option table cannot see: whether there can be a recording.
  if (error instanceof HearsayError && error.code === 'invalid-option') return usageError(error.message)
  return error
}

function portTakenText(port: number): string {
  const lines = [
    `Port ${port} is taken by another process, so nothing was started.`,
    'Stop that process, or choose other ports with --port (or the environment variable PORT).',
  ]
  if (process.platform === 'darwin' && (port === 5000 || port === 7000)) {
    lines.push('On macOS it is often the AirPlay Receiver (System Settings, AirDrop & Handoff).')
  }
  return lines.join('\n')
}
