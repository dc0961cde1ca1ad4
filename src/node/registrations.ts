// A node's registrations with its bootstraps, and whether it is alone as far as they know. Composition only: what they say
// is handed to the node.

import { BootstrapClient } from '../bootstrap/client.ts'
import type { ClientWorld } from '../bootstrap/client-world.ts'
import { withFields } from '../logger.ts'
import type { MemberSettings } from './member-options.ts'
import type { DoorsHandlers } from './world.ts'

type RegistrationSettings = Pick<MemberSettings, 'bootstrap' | 'logger'> & { readonly wasMember?: boolean }

/** See the head of the file. */
export class Registrations {
  readonly #client: BootstrapClient

  /** Begins to register. @param settings.wasMember the node has been registered before, and has left. Default false */
  constructor(
    { bootstrap, logger, wasMember = false }: RegistrationSettings,
    { hello, onContacts, onHttpPeers, onNameTaken }: DoorsHandlers,
    world: ClientWorld,
  ) {
    this.#client = new BootstrapClient(
      { urls: bootstrap, hello, wasMember, logger: withFields(logger, { room: 'bootstrap' }), world },
      {
        onContacts,
        onHttpPeers,
        onNameTaken: (_url, detail) => onNameTaken(detail),
      },
    )
    this.#client.start()
  }

  /** Whether a bootstrap has the node registered. */
  get registered(): boolean {
    return this.#client.registered
  }

  /** Whether no bootstrap knows of any other node. */
  get isAlone(): boolean {
    return this.#client.others === 0
  }

  /** Dials the bootstraps that wait to be dialled again. */
  hurry(): void {
    this.#client.hurry()
  }

  /** Tells the bootstraps that the node leaves. */
  leave(): Promise<void> {
    return this.#client.close('left')
  }
}
