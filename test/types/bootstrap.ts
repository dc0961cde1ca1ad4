// What the types of a bootstrap promise to a program. See node.ts for how this is used.

import {
  type Bootstrap,
  type BootstrapOptions,
  type BootstrapStats,
  createBootstrap,
  HostUnknownError,
  PortDeniedError,
  PortTakenError,
} from '../../src/index.ts'
import { exactly } from './expect.ts'

declare const bootstrap: Bootstrap

export const empty: BootstrapOptions = {}
export const options = [
  createBootstrap(),
  createBootstrap({ allowOrigins: ['https://app.example', 'null'] }),
  createBootstrap({ listen: 0, host: '127.0.0.1', registry: { nodesMax: 5 }, poller: { pollsMax: 1 } }),
  // @ts-expect-error it is called listen
  createBootstrap({ port: 5_000 }),
  // @ts-expect-error a bootstrap without a port is none
  createBootstrap({ listen: false }),
  // @ts-expect-error there is no such setting
  createBootstrap({ registry: { nodes: 5 } }),
  // @ts-expect-error there is no such option
  createBootstrap({ watcher: { watchersMax: 5 } }),
]

exactly<string>()(bootstrap.url)
exactly<number>()(bootstrap.port)
exactly<BootstrapStats>()(bootstrap.stats())
for (const peer of bootstrap.peers()) exactly<'node' | 'http'>()(peer.kind)
// @ts-expect-error it is where it is
bootstrap.port = 5_000

export async function using(): Promise<void> {
  await using here = await createBootstrap({ listen: 0 })
  exactly<Bootstrap>()(here)
  const disposable: AsyncDisposable = here
  await disposable[Symbol.asyncDispose]()
}

export function explain(error: unknown): string {
  if (error instanceof PortTakenError || error instanceof PortDeniedError)
    return `another port than ${error.port}`
  if (error instanceof HostUnknownError) return `another host than ${error.host}`
  return 'not about listening'
}
exactly<'port-taken'>()(new PortTakenError(5_000).code)
