// What can be broken in one turn of a node: in what it makes of one input.
// It must not keep anything from one turn to the next.
//
// Y1, Y2 and O1 of the core, and that a broadcast does not go back to where it came from, unless it is asked for there.

import type { Effect, Input } from '../core/events.ts'
import type { Gossip, LinkId, Message, NodeName, RoutedMessage } from '../core/messages.ts'

/** Everything that is broken in what a node made of an input; nothing when all is well. */
export function checkTurn(self: NodeName, input: Input, effects: readonly Effect[]): string[] {
  if (input.type !== 'received') return []
  const broken: string[] = []
  const answers: Gossip[] = []
  for (const effect of effects) {
    if (effect.type !== 'send') continue
    const { message, links } = effect
    if (isRouted(message) && message.origin !== self) {
      broken.push(...checkRelayed(message, links, input))
    } else if (message.type === 'gossip' && message.origin !== self) {
      const before = answers.filter((answer) => isSameGossip(answer, message)).length
      if (links.length === 1 && links[0] === input.link && before < timesAsked(message, input.messages)) {
        answers.push(message)
        continue
      }
      broken.push(...checkPassedOn(message, links, input))
    }
  }
  return broken
}

/** Y1 of the machine that relays: what belongs to somebody else is what has just come in, and goes somewhere else. */
function checkRelayed(
  message: RoutedMessage,
  links: readonly LinkId[],
  { link, messages }: Extract<Input, { type: 'received' }>,
): string[] {
  // One that was sent again may come in together with the first, and have travelled another way.
  const all = messages.filter(isRouted).filter((other) => isSameRouted(other, message))
  const came = all.find(({ hopsLeft }) => hopsLeft === message.hopsLeft + 1) ?? all[0]
  const what = `${message.type} of ${message.origin} for ${message.destination}`
  if (came === undefined) return [`Y1: a ${what} is sent and has not come in`]
  const broken: string[] = []
  if (links.includes(link)) broken.push(`Y1: a ${what} goes back to where it came from`)
  if (links.length > 1) broken.push(`Y1: a ${what} goes ${links.length} ways`)
  if (message.hopsLeft !== came.hopsLeft - 1 || message.hops !== Math.min(came.hops + 1, 255)) {
    broken.push(`Y2: a ${what} goes on with ${message.hopsLeft} hops left, and came with ${came.hopsLeft}`)
  }
  return broken
}

/**
 * How many times a broadcast may go back as the answer to a graft. Who asks may have got it from elsewhere a moment later,
 * and pushed it: on a link that was held up both come in together.
 */
function timesAsked({ kind, origin, incarnation, sequence }: Gossip, messages: readonly Message[]): number {
  const ranges = messages.flatMap((message) => (message.type === 'graft' ? message.ranges : []))
  return ranges.filter((range) => {
    if (range.kind !== kind || range.origin !== origin || range.incarnation !== incarnation) return false
    if (range.first === range.behindLast || sequence < range.first) return false
    // Q3 of the core: the newest record takes the place of those that were asked for.
    return kind === 'record' || sequence < range.behindLast
  }).length
}

/** A broadcast that has just come in; what was asked for again may have come in long ago. */
function checkPassedOn(
  gossip: Gossip,
  links: readonly LinkId[],
  { link, messages }: Extract<Input, { type: 'received' }>,
): string[] {
  const came = messages.find((other) => other.type === 'gossip' && isSameGossip(other, gossip))
  if (came === undefined || came.type !== 'gossip') return []
  const what = `broadcast ${gossip.sequence} of ${gossip.origin}`
  const broken: string[] = []
  if (links.includes(link)) broken.push(`B1: ${what} goes back to where it came from`)
  if (gossip.hopsLeft >= came.hopsLeft || gossip.hops <= came.hops) {
    broken.push(`B1: ${what} goes on with ${gossip.hopsLeft} hops left, and came with ${came.hopsLeft}`)
  }
  return broken
}

function isRouted(message: Message): message is RoutedMessage {
  return message.type === 'direct' || message.type === 'ack' || message.type === 'bounce'
}

function isSameRouted(a: RoutedMessage, b: RoutedMessage): boolean {
  if (a.type !== b.type || a.origin !== b.origin || a.destination !== b.destination) return false
  if (a.originIncarnation !== b.originIncarnation) return false
  if (a.type === 'ack') return b.type === 'ack' && a.cumulative === b.cumulative && a.ranges === b.ranges
  return b.type !== 'ack' && a.sequence === b.sequence
}

function isSameGossip(a: Gossip, b: Gossip): boolean {
  return a.origin === b.origin && a.incarnation === b.incarnation && a.sequence === b.sequence
}
