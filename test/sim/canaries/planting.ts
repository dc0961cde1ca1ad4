// Bugs that are planted on purpose, to see that the swarm finds them: how one is put into a machine, and taken out again.
// Production code knows nothing of them: methods of the machines are replaced, or what goes in and comes out at the door.

import type { Effect, Input } from '../../../src/core/events.ts'
import { Overlay } from '../../../src/core/overlay.ts'
import type { SwarmPlan } from '../../../src/sim/swarm-plan.ts'

/** A bug. */
export interface Canary {
  /** What is wrong, in a few words. */
  readonly name: string
  /** Where it has to be found: what the first violation says. */
  readonly found: RegExp
  /** What a run has to have for it, where that is rare. */
  readonly change?: (plan: SwarmPlan) => SwarmPlan
  /** Puts it in; what is returned takes it out. */
  readonly plant: () => () => void
}

/** A network in which nobody loses patience, so that what comes twice is noticed. */
export const inQuiet = (plan: SwarmPlan): SwarmPlan => ({
  ...plan,
  undialable: 0,
  medium: { latency: { kind: 'uniform', minMs: 1, maxMs: 20 } },
})

type Method<T, K extends keyof T> = Extract<T[K], (...args: never[]) => unknown>

/** Replaces a method of a class. @param make is given the method as it was, to be called on `this`. */
export function replaceMethod<T extends object, K extends keyof T & string>(
  of: { readonly prototype: T },
  name: K,
  make: (original: Method<T, K>) => (this: T, ...args: Parameters<Method<T, K>>) => ReturnType<Method<T, K>>,
): () => void {
  const { prototype } = of
  const property = Object.getOwnPropertyDescriptor(prototype, name)
  if (property?.value === undefined) throw new TypeError(`${name} is no method`)
  Object.defineProperty(prototype, name, { ...property, value: make(property.value as Method<T, K>) })
  return () => Object.defineProperty(prototype, name, property)
}

/** Changes what goes into overlays. */
export function doctorInputs(change: (input: Input, overlay: Overlay) => Input): () => void {
  return replaceMethod(
    Overlay,
    'handle',
    (handle) =>
      function (input, nowMs) {
        return handle.call(this, change(input, this), nowMs)
      },
  )
}

/** Changes what comes out of overlays. */
export function doctorEffects(
  change: (effects: readonly Effect[], input: Input, overlay: Overlay) => Effect[],
): () => void {
  return replaceMethod(
    Overlay,
    'handle',
    (handle) =>
      function (input, nowMs) {
        return change(handle.call(this, input, nowMs), input, this)
      },
  )
}
