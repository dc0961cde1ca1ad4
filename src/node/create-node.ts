// How a program gets a node: checked options, open doors, and a node between them. Composition only.

import { Doors } from './doors.ts'
import { Node } from './node.ts'
import { checkOptions, defaultUrl, type NodeOptions } from './options.ts'
import { socketsWorld } from './sockets-world.ts'

/**
 * Starts a node: listens, registers with the bootstraps, links to peers. Resolves when it listens; see
 * {@link Node.ready} for the first link.
 * @throws HearsayError for options that are wrong, such as a recording that cannot be made there; PortTakenError and the like when it cannot listen
 */
export async function createNode(options: NodeOptions = {}): Promise<Node> {
  const settings = checkOptions(options)
  const doors = await Doors.listen(settings)
  try {
    const url = settings.url ?? (doors.port === undefined ? undefined : defaultUrl(settings.host, doors.port))
    return new Node(settings, socketsWorld(settings, doors), url)
  } catch (error) {
    await doors.close()
    throw error
  }
}
