// The state of a core, as text for people. It must not change anything: looking twice is looking once.

import type { Overlay } from '../core/overlay.ts'
import { listText } from '../sim/trace.ts'

/** Most names in one list. */
const NAMED_MAX = 20

/** What a core knows and has under way. */
export function stateText(overlay: Overlay): string {
  const { self, neighbors, directory } = overlay
  const { delivery, phase } = overlay.inspect()
  const lines = [
    `state: ${phase}, ${self.name}/${self.incarnation} version ${self.version} ${self.state}, url ${self.url ?? 'none'}`,
  ]
  for (const [name, { id, dialed, rttMs }] of neighbors) {
    const rtt = rttMs === undefined ? 'not measured' : `${rttMs.toFixed(2)} ms`
    lines.push(
      `  link ${id} with ${name}, ${dialed === undefined ? 'dialled by it' : `dialled as ${dialed}`}, round trip ${rtt}`,
    )
  }
  const [reachable, others]: [string[], string[]] = [[], []]
  for (const entry of directory.entries) {
    const { name, version, state } = entry.record
    if (entry.reachable) reachable.push(`${name}:${version}`)
    else others.push(`${name}:${version} ${state}`)
  }
  lines.push(
    `  reachable, with versions: ${listText(reachable, NAMED_MAX)}`,
    `  not reachable: ${listText(others, NAMED_MAX)}`,
  )
  for (const [name, outgoing] of delivery.outgoing) {
    const { inFlightCount, inFlightBytes, waiting, floor, nextSequence } = outgoing.inspect()
    if (inFlightCount + waiting.length === 0) continue
    lines.push(
      `  to ${name}: ${inFlightCount} on the way (${inFlightBytes} bytes), ${waiting.length} waiting, #${floor} to #${nextSequence - 1}`,
    )
  }
  return lines.join('\n')
}
