// The machines' numbered invariants as checks of a state: what the simulator and the tests look at after a step. Each
// check takes what a machine shows of itself and returns a text for everything that is broken, with the number of the
// invariant, or nothing.
// It must not change anything, nor compute what a machine has not computed; production never calls it. What can only be
// seen in a history (that nothing is delivered twice, say) is checked by whoever has the history.

import type { BroadcastView } from './broadcast.ts'
import { RANGES_MAX } from './broadcast-ranges.ts'
import type { CoreConfig } from './config.ts'
import type { DeliveryView } from './delivery.ts'
import { ADDRESSES_MAX, CONTACTS_MAX, type DialingMemory } from './dialing.ts'
import type { AntiEntropy } from './digests.ts'
import type { Directory } from './directory.ts'
import type { IncomingView } from './incoming.ts'
import { checkDirectory, checkRoutes, checkTold } from './invariants-reach.ts'
import type { Links } from './links.ts'
import type { NodeName } from './messages.ts'
import { UNKNOWN_MAX } from './origin-table.ts'
import type { OutgoingView } from './outgoing.ts'
import type { Overlay } from './overlay.ts'
import type { Presence } from './presence.ts'
import { HELD_OVERHEAD_BYTES } from './reassembly.ts'
import type { RoutesOnDemand } from './routes-on-demand.ts'

/** What an overlay shows of itself; see `Overlay.inspect`. */
export interface OverlayView {
  readonly config: CoreConfig
  readonly phase: 'new' | 'running' | 'over'
  /** When the node looks again whom to dial. */
  readonly planDueMs: number
  readonly directory: DirectoryView
  readonly links: LinksView
  readonly presence: Pick<Presence, 'dueMs' | 'isAway'>
  readonly antiEntropy: Pick<AntiEntropy, 'links'>
  readonly dialing: DialingMemory
  readonly routes: ReturnType<RoutesOnDemand['inspect']>
  readonly delivery: DeliveryView
  readonly broadcast: BroadcastView
  readonly incoming: IncomingView
}

/** What is looked at of the directory. */
export type DirectoryView = Pick<
  Directory,
  'adjacency' | 'entries' | 'get' | 'hash' | 'own' | 'parent' | 'reachableCount' | 'size'
>

/** What is looked at of the links. */
export type LinksView = Pick<Links, 'all' | 'neighbors' | 'up'>

/** Timers are whole ms and may run out behind other inputs of the same time: so late nothing is overdue yet. */
export const LATE_MS = 2

/** When a state is looked at. */
export interface Moment {
  /** The time of the overlay's last input. */
  readonly nowMs: number
  /** How late its timers may be. */
  readonly lateMs: number
}

/** How much is looked at. */
export interface CheckOptions {
  /** `quick` leaves out what looks at every known node: its cost grows with links and sends only. Default `all`. */
  readonly depth?: 'quick' | 'all'
  /** How late timers may be; more after a process has stood still. Default {@link LATE_MS}. */
  readonly lateMs?: number
}

/** Everything that is broken in the state of this overlay; none when all is well. @param nowMs the time of its last input. */
export function checkInvariants(
  overlay: Overlay,
  nowMs: number,
  { depth = 'all', lateMs = LATE_MS }: CheckOptions = {},
): string[] {
  const at = { nowMs, lateMs }
  const view = overlay.inspect()
  if (view.phase === 'new') return []
  if (view.phase === 'over') return checkOver(view)
  const { config, directory, links, presence, dialing, delivery, routes } = view
  const broken = [
    ...checkLinks(links, config, at),
    ...checkDialing(dialing, config),
    ...checkPresence({ dueMs: presence.dueMs, directory, links }, config, at),
    ...checkDelivery(delivery, config, at),
    ...checkBroadcast(view, at),
    ...checkIncoming(view.incoming, config),
    ...checkMemory(view, at),
    ...checkAway(view),
  ]
  if (depth === 'all') {
    broken.push(...checkDirectory(directory, links), ...checkTold(directory, config, at))
    broken.push(...checkRoutes(routes, directory, links))
  }
  return broken
}

/** O1: a node that has left or was stopped holds nothing any more. */
export function checkOver({ links, delivery }: Pick<OverlayView, 'links' | 'delivery'>): string[] {
  const broken: string[] = []
  const open = [...links.all].length
  if (open > 0 || links.neighbors.size > 0) broken.push(`O1: ${open} links are open after the end`)
  if (delivery.outgoing.size > 0) broken.push(`O1: ${delivery.outgoing.size} destinations after the end`)
  return broken
}

/** K1, K3, K4. */
export function checkLinks(links: LinksView, config: CoreConfig, { nowMs, lateMs }: Moment): string[] {
  const { heartbeatMs, heartbeatsMissedMax, helloPendingMax, linksHardMax, dialsMax } = config
  const silenceMs = heartbeatMs * (heartbeatsMissedMax + 1) + lateMs
  const broken: string[] = []
  let [up, waiting] = [0, 0]
  for (const link of links.all) {
    if (link.peer === undefined) {
      if (link.dialed === undefined) waiting++
      continue
    }
    up++
    const { name } = link.peer
    if (links.neighbors.get(name) !== link) broken.push(`K1: link ${link.id} is a second one with ${name}`)
    const silentMs = nowMs - link.heardMs
    if (silentMs > silenceMs) broken.push(`K3: ${name} has been silent for ${silentMs} ms`)
  }
  if (up !== links.neighbors.size) broken.push(`K1: ${links.neighbors.size} neighbors, ${up} links are up`)
  // Links that this end has dialled are not refused.
  if (up > linksHardMax + dialsMax) broken.push(`K4: ${up} links are up`)
  if (waiting > helloPendingMax) broken.push(`K4: ${waiting} connections wait for a hello`)
  return broken
}

/** L1, L4, and of L2 that no own address is dialled. */
export function checkDialing(dialing: DialingMemory, config: CoreConfig): string[] {
  const { underWay, ownUrls, contacts, fixed, addresses } = dialing
  const broken: string[] = []
  if (underWay.size > config.dialsMax) broken.push(`L1: ${underWay.size} dials are under way`)
  for (const url of underWay) if (ownUrls.has(url)) broken.push(`L2: the own address ${url} is dialled`)
  for (const url of fixed) if (!contacts.has(url)) broken.push(`L4: ${url} of the configuration is forgotten`)
  // Those of the configuration are kept whatever they are.
  if (contacts.size > Math.max(CONTACTS_MAX, fixed.size)) broken.push(`limits: ${contacts.size} contacts`)
  if (addresses > ADDRESSES_MAX) broken.push(`limits: failures of ${addresses} addresses`)
  return broken
}

/** P1. */
export function checkPresence(
  { dueMs, directory, links }: { dueMs: number | undefined } & Pick<OverlayView, 'directory' | 'links'>,
  config: CoreConfig,
  at: Moment,
): string[] {
  const { nowMs } = at
  const listed = directory.own.record.links
  const isListed = listed.length === links.neighbors.size && listed.every((name) => links.neighbors.has(name))
  if (dueMs === undefined) return isListed ? [] : [`P1: the record lists ${listed.join(' ')} and stays`]
  const overdueMs = nowMs - dueMs
  const earlyMs = dueMs - nowMs - Math.max(config.publishIntervalMs, config.publishDelayMs)
  if (overdueMs > at.lateMs) return [`P1: the record is overdue for ${overdueMs} ms`]
  return earlyMs > LATE_MS ? [`P1: the record waits ${earlyMs} ms longer than it may`] : []
}

/** E1, S2 and S3. */
export function checkDelivery(
  { outgoing, timerDueMs }: DeliveryView,
  config: CoreConfig,
  at: Moment,
): string[] {
  const broken: string[] = []
  for (const [name, destination] of outgoing) {
    if (destination.isIdle) continue
    const view = destination.inspect()
    broken.push(...checkOutgoing(name, view, config, at))
    const dueMs = Math.min(...[...view.inFlight, ...view.waiting].map(({ deadlineMs }) => deadlineMs))
    if ((timerDueMs ?? Number.POSITIVE_INFINITY) > dueMs + LATE_MS) {
      broken.push(`E1: a send to ${name} is due at ${dueMs}, the timer at ${timerDueMs}`)
    }
  }
  return broken
}

function checkOutgoing(
  name: NodeName,
  view: OutgoingView,
  config: CoreConfig,
  { nowMs, lateMs }: Moment,
): string[] {
  const { inFlight, inFlightBytes, inFlightCount, waiting, waitingBytes, floor, nextSequence } = view
  const { windowMessagesMax, windowBytesMax, queueMessagesMax, queueBytesMax } = config
  const broken: string[] = []
  const isTooMuch = (count: number, bytes: number, countMax: number, bytesMax: number): boolean =>
    count > countMax || (bytes > bytesMax && count > 1)
  if (isTooMuch(inFlight.length, inFlightBytes, windowMessagesMax, windowBytesMax)) {
    broken.push(`S2: ${inFlight.length} messages, ${inFlightBytes} bytes in flight to ${name}`)
  }
  // What a new run of the destination has never seen goes back to the queue: a window may come on top.
  const [countMax, bytesMax] = [queueMessagesMax + windowMessagesMax, queueBytesMax + windowBytesMax]
  if (isTooMuch(waiting.length, waitingBytes, countMax, bytesMax)) {
    broken.push(`limits: ${waiting.length} messages, ${waitingBytes} bytes wait for ${name}`)
  }
  const counts = [
    [inFlightCount, inFlight.length],
    [inFlightBytes, bytesOf(inFlight)],
    [waitingBytes, bytesOf(waiting)],
  ] as const
  for (const [counted, is] of counts)
    if (counted !== is) broken.push(`S2: ${is} counted as ${counted} for ${name}`)
  const lowest = Math.min(...inFlight.map(({ sequence }) => sequence))
  if (inFlight.length > 0 && floor !== lowest) broken.push(`S3: floor ${floor}, lowest in flight ${lowest}`)
  if (nextSequence - floor > windowMessagesMax) broken.push(`S3: floor ${floor}, next ${nextSequence}`)
  for (const { id, deadlineMs } of [...inFlight, ...waiting]) {
    if (nowMs - deadlineMs > lateMs) broken.push(`E1: send ${id} to ${name} was due at ${deadlineMs}`)
  }
  return broken
}

const bytesOf = (pending: OutgoingView['waiting']): number =>
  pending.reduce((sum, { payload }) => sum + payload.length, 0)

/** B2, C1, M2 and A2, and of B3 that nothing waits longer than it may. */
export function checkBroadcast(
  { broadcast, config, links }: Pick<OverlayView, 'broadcast' | 'config' | 'links'>,
  { nowMs, lateMs }: Moment,
): string[] {
  const { origins, waiting, nextExpiryMs, missing, cacheBytes, announcing } = broadcast
  const broken: string[] = []
  if (origins > config.directoryNodesMax + UNKNOWN_MAX) broken.push(`T1: ${origins} origins of broadcasts`)
  if (waiting > config.firstBroadcastsMax) broken.push(`limits: ${waiting} broadcasts wait`)
  const overdueMs = nowMs - (nextExpiryMs ?? nowMs)
  if (overdueMs > config.heartbeatMs + lateMs) broken.push(`B3: a broadcast was due ${overdueMs} ms ago`)
  if (missing > config.missingMax) broken.push(`M2: ${missing} broadcasts are waited for`)
  if (cacheBytes > config.cacheBytesMax) broken.push(`C1: ${cacheBytes} bytes are kept`)
  for (const [link, { count }] of announcing) {
    if (count > RANGES_MAX) broken.push(`A2: ${count} ranges wait for link ${link}`)
    if (links.up(link) === undefined) broken.push(`memory: ranges wait for link ${link}, which is not up`)
  }
  return broken
}

/** I4, I5 and H3 of what is held. */
export function checkIncoming(
  { origins, owing, heldBytes, holding }: IncomingView,
  config: CoreConfig,
): string[] {
  const broken: string[] = []
  if (origins > config.directoryNodesMax + UNKNOWN_MAX) broken.push(`T1: ${origins} origins of messages`)
  if (owing > 0) broken.push(`I5: ${owing} acknowledgements are owed behind the turn`)
  if (heldBytes > config.heldBytesMax) broken.push(`H3: ${heldBytes} bytes are held`)
  let messages = 0
  for (const { name, held } of holding) {
    messages += held
    if (held === 0) broken.push(`memory: nothing is held of ${name}, and yet it is listed`)
    if (held >= config.windowMessagesMax) broken.push(`I4: ${held} messages of ${name} are held`)
  }
  if (heldBytes < messages * HELD_OVERHEAD_BYTES || (messages === 0 && heldBytes > 0)) {
    broken.push(`H3: ${messages} messages are held, counted as ${heldBytes} bytes`)
  }
  return broken
}

/** What is remembered is about what is there. */
export function checkMemory(view: OverlayView, { nowMs, lateMs }: Moment): string[] {
  const { antiEntropy, directory, links, config, planDueMs, presence } = view
  const broken: string[] = []
  for (const link of antiEntropy.links) {
    if (links.up(link) === undefined) broken.push(`memory: hashes of link ${link}, which is not up`)
  }
  const { size } = directory
  if (size > config.directoryNodesMax) broken.push(`limits: ${size} records`)
  if (nowMs - planDueMs > lateMs) broken.push(`L3: dials were to be planned at ${planDueMs}`)
  const isPlanned = planDueMs < Number.POSITIVE_INFINITY
  if (!isPlanned && !presence.isAway) broken.push('L3: no more dials will be planned')
  return broken
}

/** J3, and P5 of what it will publish. */
export function checkAway({
  links,
  planDueMs,
  presence,
}: Pick<OverlayView, 'links' | 'planDueMs' | 'presence'>): string[] {
  if (!presence.isAway) return []
  const broken: string[] = []
  const open = [...links.all].length
  if (open > 0) broken.push(`J3: ${open} links are open while it is away`)
  if (planDueMs < Number.POSITIVE_INFINITY)
    broken.push(`J3: dials are planned at ${planDueMs}, and it is away`)
  if (presence.dueMs !== undefined) broken.push(`P5: a record is due at ${presence.dueMs}, and it is away`)
  return broken
}
