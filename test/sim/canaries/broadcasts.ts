// Bugs planted into broadcasts and their trees.

import { Announcing } from '../../../src/core/announcing.ts'
import { Broadcast } from '../../../src/core/broadcast.ts'
import { BroadcastTrees } from '../../../src/core/broadcast-trees.ts'
import { SequenceWindow } from '../../../src/core/sequence-window.ts'
import { type Canary, doctorEffects, inQuiet, replaceMethod } from './planting.ts'

export const BROADCAST_CANARIES: readonly Canary[] = [
  {
    name: 'nothing is pruned',
    found: /twice in a quiet network/,
    change: inQuiet,
    plant: () => replaceMethod(BroadcastTrees, 'duplicate', () => () => {}),
  },
  {
    name: 'a graft does not make the link eager, so that each broadcast has to be asked for',
    found: /quiet network.* asks .* for a broadcast/,
    change: inQuiet,
    plant: () => replaceMethod(BroadcastTrees, 'graftReceived', () => () => {}),
  },
  {
    name: 'a node takes back what it has broadcast itself, again and again',
    found: /twice in a quiet network/,
    change: inQuiet,
    plant: () => {
      let isOwn = false
      const uproots = [
        replaceMethod(
          Broadcast,
          'ownReceived',
          (ownReceived) =>
            function (gossip, cameFrom) {
              isOwn = true
              const isFine = ownReceived.call(this, gossip, cameFrom)
              isOwn = false
              return isFine
            },
        ),
        replaceMethod(
          BroadcastTrees,
          'duplicate',
          (duplicate) =>
            function (tree, link) {
              if (!isOwn) duplicate.call(this, tree, link)
            },
        ),
      ]
      return () => {
        for (const uproot of uproots.reverse()) uproot()
      }
    },
  },
  {
    name: 'what is missing is never asked for',
    found: /has not come to/,
    plant: () => replaceMethod(Broadcast, 'ihaveReceived', () => () => {}),
  },
  {
    name: 'lazy links get no announcements',
    found: /has not come to/,
    plant: () => replaceMethod(Announcing, 'add', () => () => {}),
  },
  {
    name: 'the window of broadcasts is off by one',
    found: /handed broadcast \d+ of .* twice/,
    plant: () =>
      replaceMethod(
        SequenceWindow,
        'add',
        (add) =>
          function (sequence) {
            const added = add.call(this, sequence)
            return added === 'seen' && sequence === this.next - 1 ? 'new' : added
          },
      ),
  },
  {
    name: 'a broadcast goes back to where it came from',
    found: /B1/,
    plant: () =>
      doctorEffects((effects, input) =>
        effects.map((effect) => {
          if (input.type !== 'received' || effect.type !== 'send' || effect.message.type !== 'gossip')
            return effect
          const isOnward = effect.message.hops > 1 && !effect.links.includes(input.link)
          return isOnward ? { ...effect, links: [...effect.links, input.link] } : effect
        }),
      ),
  },
  {
    name: 'links that join two sides do not ask what was broadcast meanwhile',
    found: /has not come to/,
    plant: () => replaceMethod(Broadcast, 'catchUpReceived', () => () => {}),
  },
]
