// How the page says things: figures with units, times, and what happened, as short texts. Pure. It must not make HTML:
// whatever comes out is shown as text.

import type { SeenNode } from '../../guests/overlay-lines.ts'
import type { OutcomeLine } from './lines.ts'
import type { OverlayEvent } from './overlay-model.ts'
import type { Trail } from './paths.ts'
import { isTreeConnected, pathOf, treeOf } from './paths.ts'

/** `3.1 ms`, `120 ms`, `1.2 s`. */
export function durationText(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${ms >= 100 ? Math.round(ms) : Math.round(ms * 10) / 10} ms`
}

/** `0 B`, `3.2 kB`, `1.5 MB`, `2.0 GB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`
}

/** `0`, `0.4`, `12`, `1,250`. */
export function rateText(perS: number): string {
  if (perS === 0) return '0'
  return perS < 10 ? perS.toFixed(1) : Math.round(perS).toLocaleString('en')
}

/** `1,250`. */
export function countText(count: number): string {
  return count.toLocaleString('en')
}

/** Of nodes that report to others only. */
export const FULL_ADVICE =
  'A node reports to 64 others that are watched, and to no more: its figures, and messages at it, are not shown here. ' +
  'Those who watch at the same node, as all do at a bootstrap, share its reports.'

/** `1 node`, `3 nodes`. */
export function many(count: number, word: string): string {
  return `${countText(count)} ${word}${count === 1 ? '' : 's'}`
}

/** `11 nodes`, `11 nodes and 1 plain HTTP peer`. */
export function nodesText(nodes: Iterable<SeenNode>): string {
  let [count, http] = [0, 0]
  for (const { kind } of nodes) {
    if (kind === 'http') http++
    else count++
  }
  return http === 0 ? many(count, 'node') : `${many(count, 'node')} and ${many(http, 'plain HTTP peer')}`
}

/** The time of day, with seconds. */
export function timeText(atMs: number): string {
  const date = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** Day and time, for what may be long ago. */
export function dateText(atMs: number): string {
  const date = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeText(atMs)}`
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.floor(minutes / (24 * 60))} d`
}

/** `3 s behind`, `15 s behind`. */
export function behindText(ms: number): string {
  return `${coarseText(ms)} behind`
}

/** `nothing for 6 s`, `nothing for 15 s`. */
export function quietText(ms: number): string {
  return `nothing for ${coarseText(ms)}`
}

// Coarse where it is much, for whoever has it read out hears of each change.
function coarseText(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  return ageText((seconds < 10 ? seconds : Math.round(seconds / 5) * 5) * 1_000)
}

/** `1:05`, for how far back a moment is. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** What happened, without its time. */
export function eventText(event: OverlayEvent): string {
  switch (event.kind) {
    case 'join':
      return `${event.node} joined`
    case 'leave':
      return `${event.node} left`
    case 'unreachable':
      return `${event.node} became unreachable`
    case 'forgotten':
      return `${event.node} was forgotten`
    case 'changed':
      return `${event.node} changed its record`
    case 'link-up':
      return `link ${event.node} – ${event.peer ?? ''} up`
    case 'link-down':
      return `link ${event.node} – ${event.peer ?? ''} down`
    case 'watching':
      return `watching ${event.node}`
  }
}

/** A name in at most so many characters: names that differ at their end only must not look the same. */
export function shortName(name: string, charsMax = 28): string {
  if (name.length <= charsMax) return name
  const tail = Math.floor((charsMax - 1) / 2)
  return `${name.slice(0, charsMax - 1 - tail)}…${name.slice(-tail)}`
}

/** The status of a send: `delivered`, or what is known of one to a guest of another node, which does not say whether it is there. */
export function statusText({ status, to = '', hops }: OutcomeLine): string {
  const [node, guest] = to.split('/')
  if (status !== 'delivered' || guest === undefined || hops === 0) return status
  return `${node} has it, for ${guest} if that is there`
}

/** How a send ended, without its path: `delivered, 2 hops, 3.1 ms`. */
export function outcomeText(outcome: OutcomeLine): string {
  const { status, hops, rttMs, reached, of, neighbors, reason, at, error, missing } = outcome
  if (status === 'failed') {
    const where = at === undefined ? '' : ` at ${at}`
    return `failed: ${reason ?? 'no reason given'}${where}${error === undefined ? '' : ` (${error})`}`
  }
  if (status === 'unknown' && reason !== undefined) return `unknown: ${reason}`
  const parts = [statusText(outcome)]
  if (hops !== undefined) parts.push(many(hops, 'hop'))
  if (rttMs !== undefined) parts.push(durationText(rttMs))
  if (reached !== undefined && of !== undefined) parts.push(`reached ${reached} of ${of}`)
  else if (neighbors !== undefined) parts.push(`to ${many(neighbors, 'neighbor')}`)
  if (missing !== undefined && missing.length > 0) {
    const named = missing.slice(0, 5).join(', ')
    parts.push(`not reached: ${named}${missing.length > 5 ? ` and ${missing.length - 5} more` : ''}`)
  }
  return parts.join(', ')
}

/**
 * `node8 → node3 → node12`, or what is known of it; of a broadcast its size.
 * @param whole nodes that a broadcast has reached by its receipts, where they are known
 */
export function trailText(trail: Trail, whole?: number): string {
  if (trail.kind === 'broadcast') {
    const edges = treeOf(trail)
    const hops = many(edges.at(-1)?.hops ?? 0, 'hop')
    const seen = edges.length
    // Steps may have been left out: a part of the tree must not look like all of it.
    if (whole !== undefined && seen < whole) {
      return `${trail.origin} → ${countText(seen)} of ${many(whole, 'node')} seen, up to ${hops}`
    }
    if (!isTreeConnected(trail)) return `${trail.origin} → ${many(seen, 'node')} seen and more, up to ${hops}`
    return `${trail.origin} → ${many(seen, 'node')} in ${hops}`
  }
  const { nodes, isComplete } = pathOf(trail)
  const path = nodes.join(' → ')
  if (isComplete) return path
  const start = nodes[0] === trail.origin ? '' : `${trail.origin} → … → `
  const destination = trail.destination
  const end = destination === undefined || nodes.at(-1) === destination ? '' : ` → … → ${destination}`
  return `${start}${path}${end}`
}
