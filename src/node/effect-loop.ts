// The loop between the core and its world: an input goes in, and what follows from it is carried out. It is the only
// switch over the core's effects that programs run.
// It must not hold protocol rules, and carrying out effects never waits for anybody.
//
// 1. Inputs are worked off one after the other, each with all its effects; one that arises meanwhile waits for its turn.

import type { Effect, Input, Notification } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import { isWritten, type Logger } from '../logger.ts'
import { brief } from './brief.ts'
import type { NodeLinks, NodeTimers, NodeWorld, Recorder } from './world.ts'

/** Who carries out what. */
export interface EffectLoopParts {
  readonly overlay: Pick<Overlay, 'handle'>
  readonly nowMs: NodeWorld['nowMs']
  readonly links: Pick<NodeLinks, 'close' | 'dial' | 'send'>
  readonly timers: Pick<NodeTimers, 'start'>
  readonly tell: (notification: Notification) => void
  /** Gets every input and effect at level `trace`. */
  readonly logger: Logger
  readonly recorder: Recorder | undefined
  /** Looks at what has come on links, before the core does. */
  readonly onReceived: (received: Extract<Input, { type: 'received' }>) => void
  /** An input has been worked off. */
  readonly onWorkedOff: () => void
}

/** See the head of the file. */
export class EffectLoop {
  readonly #parts: EffectLoopParts
  readonly #isTraced: boolean
  readonly #waiting: Input[] = []
  /** Of the sends that wait, by destination. */
  readonly #waitingSends = new Map<NodeName, { messages: number; bytes: number }>()
  #isWorking = false

  constructor(parts: EffectLoopParts) {
    this.#parts = parts
    this.#isTraced = isWritten(parts.logger, 'trace')
  }

  /** Hands an input to the core and carries out what follows. */
  feed(input: Input): void {
    if (this.#isWorking) {
      this.#waiting.push(input)
      if (input.type === 'send') this.#countSend(input, 1)
      return
    }
    const { overlay, nowMs, onReceived, onWorkedOff, recorder } = this.#parts
    this.#isWorking = true
    try {
      for (let next: Input | undefined = input; next !== undefined; next = this.#waiting.shift()) {
        if (this.#isTraced) this.#trace('input', next)
        if (next.type === 'received') onReceived(next)
        else if (next.type === 'send' && this.#waitingSends.size > 0) this.#countSend(next, -1)
        const atMs = nowMs()
        recorder?.begins(atMs, next)
        const effects = overlay.handle(next, atMs)
        recorder?.ends(effects)
        for (const effect of effects) this.#carryOut(effect)
        onWorkedOff()
      }
    } finally {
      this.#isWorking = false
    }
  }

  /** What was fed for a destination and the core has not seen yet, because it is being worked for; `undefined`: nothing. */
  waitingFor(to: NodeName): { readonly messages: number; readonly bytes: number } | undefined {
    return this.#waitingSends.get(to)
  }

  #countSend({ to, payload }: Extract<Input, { type: 'send' }>, sign: 1 | -1): void {
    const sum = this.#waitingSends.get(to) ?? { messages: 0, bytes: 0 }
    sum.messages += sign
    sum.bytes += sign * payload.length
    if (sum.messages > 0) this.#waitingSends.set(to, sum)
    else this.#waitingSends.delete(to)
  }

  #carryOut(effect: Effect): void {
    const { links, tell, timers } = this.#parts
    if (this.#isTraced) this.#trace('effect', effect)
    switch (effect.type) {
      case 'send':
        links.send(effect)
        break
      case 'dial':
        links.dial(effect.url)
        break
      case 'close':
        links.close(effect.link, effect.reason)
        break
      case 'timer':
        timers.start(effect.timer, effect.afterMs)
        break
      case 'notify':
        tell(effect.notification)
    }
  }

  #trace(event: 'input' | 'effect', { type, ...fields }: Input | Effect): void {
    this.#parts.logger.trace({ type, ...(brief(fields) as object) }, event)
  }
}
