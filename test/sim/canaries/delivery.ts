// Bugs planted into sending, relaying and receiving.

import type { Effect, Input } from '../../../src/core/events.ts'
import type { Message } from '../../../src/core/messages.ts'
import { Outgoing } from '../../../src/core/outgoing.ts'
import type { Overlay } from '../../../src/core/overlay.ts'
import { Reassembly } from '../../../src/core/reassembly.ts'
import { Relay } from '../../../src/core/relay.ts'
import type { FaultKind } from '../../../src/sim/swarm-plan.ts'
import { type Canary, doctorEffects, doctorInputs, replaceMethod } from './planting.ts'

/** A replacement that changes every so manieth time. */
function now(every: number): () => boolean {
  let count = 0
  return () => ++count % every === 0
}

const both =
  (...plants: (() => () => void)[]): (() => () => void) =>
  () => {
    const uproots = plants.map((plant) => plant())
    return () => {
      for (const uproot of uproots.reverse()) uproot()
    }
  }

/** Applies a change to the notifications of effects. */
const inNotices = (
  change: (notice: Extract<Effect, { type: 'notify' }>) => Effect[],
): ((effects: readonly Effect[]) => Effect[]) => {
  return (effects) => effects.flatMap((effect) => (effect.type === 'notify' ? change(effect) : [effect]))
}

export const DELIVERY_CANARIES: readonly Canary[] = [
  {
    name: 'the window of a receiver is off by one',
    found: /was handed \d+ of .*(before|behind)/,
    plant: () =>
      replaceMethod(
        Reassembly,
        'placeOf',
        (placeOf) =>
          function (sequence) {
            return sequence === this.next - 1 && sequence > 0 ? 'next' : placeOf.call(this, sequence)
          },
      ),
  },
  {
    name: 'messages are acknowledged before they are handed over, and some never are',
    found: /as delivered, and it was not/,
    plant: () => {
      const isLost = now(50)
      return doctorEffects(
        inNotices((effect) => {
          const { type } = effect.notification
          return type === 'message' && !effect.notification.broadcast && isLost() ? [] : [effect]
        }),
      )
    },
  },
  {
    name: 'what comes early is handed over at once',
    found: /was handed \d+ of .* behind|as delivered, and it was not/,
    change: (plan) => ({ ...plan, kinds: new Set(['cut', 'half-open']) }),
    plant: () =>
      replaceMethod(
        Reassembly,
        'placeOf',
        (placeOf) =>
          function (sequence) {
            const place = placeOf.call(this, sequence)
            if (place !== 'early') return place
            this.skipTo(sequence)
            return 'next'
          },
      ),
  },
  {
    name: 'nothing is sent again',
    found: /what was sent before the last fault arrives|after all faults/,
    plant: both(
      () =>
        replaceMethod(
          Outgoing,
          'retransmitMs',
          () =>
            ({ deadlineMs }) =>
              deadlineMs + 1,
        ),
      () => replaceMethod(Outgoing, 'overtaken', () => () => []),
    ),
  },
  {
    name: 'a receiver waits for what was given up',
    found: /what was sent before the last fault arrives|after all faults/,
    plant: () => replaceMethod(Reassembly, 'skipTo', () => () => []),
  },
  {
    name: 'the limit of a queue is ignored',
    found: /limits: \d+ messages/,
    change: (plan) => ({ ...plan, config: { ...plan.config, windowMessagesMax: 4, queueMessagesMax: 8 } }),
    plant: () =>
      replaceMethod(
        Outgoing,
        'enqueue',
        (enqueue) =>
          function (pending) {
            if (!enqueue.call(this, pending)) this.requeue(pending)
            return true
          },
      ),
  },
  {
    name: 'an outcome is told twice',
    found: /told a second outcome/,
    plant: () => {
      const isTwice = now(20)
      return doctorEffects(
        inNotices((effect) =>
          effect.notification.type === 'outcome' && isTwice() ? [effect, effect] : [effect],
        ),
      )
    },
  },
  {
    name: 'deadlines are not kept',
    found: /E1|was to be answered/,
    plant: () => replaceMethod(Outgoing, 'expire', () => () => []),
  },
  {
    name: 'what was sent to a run that is gone is sent to the next one',
    found: /was handed \d+ of .* before/,
    plant: () => {
      let isEnding = false
      const watch = doctorInputs((input: Input) => {
        isEnding = input.type === 'leave'
        return input
      })
      const keep = replaceMethod(
        Outgoing,
        'drainInFlight',
        (drainInFlight) =>
          function () {
            return isEnding ? drainInFlight.call(this) : []
          },
      )
      return () => {
        keep()
        watch()
      }
    },
  },
  {
    name: 'messages of an earlier run are taken for those of the present one',
    found: /was handed|as delivered, and it was not/,
    // Restarts, and messages that are on their way for long.
    change: (plan) => ({
      ...plan,
      kinds: new Set<FaultKind>(['rolling-restart', 'crash', 'duplicate-name']),
      medium: { latency: { kind: 'uniform', minMs: 20, maxMs: 400 } },
    }),
    plant: () => {
      const renewed = (message: Message, overlay: Overlay): Message => {
        if (message.type !== 'direct' || message.destination !== overlay.self.name) return message
        const known = overlay.directory.get(message.origin)?.record.incarnation ?? 0
        return { ...message, originIncarnation: Math.max(message.originIncarnation, known) }
      }
      return doctorInputs((input, overlay) =>
        input.type === 'received'
          ? { ...input, messages: input.messages.map((message) => renewed(message, overlay)) }
          : input,
      )
    },
  },
  {
    name: 'a message may go back to where it came from',
    found: /Y1/,
    plant: () =>
      replaceMethod(
        Relay,
        'way',
        (way) =>
          function (origin, destination) {
            return way.call(this, origin, destination)
          },
      ),
  },
  {
    name: 'a relay does not lower hopsLeft',
    found: /Y2/,
    plant: () =>
      doctorEffects((effects, _, overlay) =>
        effects.map((effect) => {
          if (effect.type !== 'send' || effect.message.type !== 'direct') return effect
          const { message } = effect
          if (message.origin === overlay.self.name) return effect
          return { ...effect, message: { ...message, hopsLeft: message.hopsLeft + 1 } }
        }),
      ),
  },
]
