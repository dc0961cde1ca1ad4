// Simulated networks in tests: a test for each seed, the command that replays a failing one, and the questions that
// every simulation asks.
// It must not know what a scenario does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../src/core/config.ts'
import type { Notification, Outcome } from '../../src/core/events.ts'
import { SimNetwork, type SimNodeOptions, type SimNotice, type SimOptions } from '../../src/sim/network.ts'

const SEED = process.env.HEARSAY_SEED

/**
 * Registers one test for each seed, or for the seed in HEARSAY_SEED only.
 * @param file the test file, for the command that replays a failing seed.
 */
export function simulate(
  { file, title, seeds }: { file: string; title: string; seeds: readonly number[] },
  run: (seed: number) => void,
): void {
  for (const seed of SEED === undefined ? seeds : [Number(SEED)]) {
    test(`${title} (seed ${seed})`, () => {
      try {
        run(seed)
      } catch (error) {
        console.error(`replay: HEARSAY_SEED=${seed} node --test --test-name-pattern='${title}' ${file}`)
        throw error
      }
    })
  }
}

/** `node1` … `node<count>`. */
export const namesOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `node${i + 1}`)

/** A network of this many nodes, started a few ms apart. */
export function network(
  count: number,
  options: SimOptions,
  of?: (name: string) => SimNodeOptions,
): SimNetwork {
  const net = new SimNetwork(options)
  for (const name of namesOf(count)) {
    net.start(name, of?.(name))
    net.run(5)
  }
  return net
}

/** The neighbors of a running node, sorted. */
const neighborsOf = (net: SimNetwork, name: string): string[] =>
  [...net.overlay(name).neighbors.keys()].sort()

/** Whether every node reaches all running nodes and no others, and all have the same directory. */
export function isConverged(net: SimNetwork): boolean {
  const first = net.overlay(net.names[0] ?? '').directory
  return net.names.every((name) => {
    const { directory } = net.overlay(name)
    const isSame = directory.hash.high === first.hash.high && directory.hash.low === first.hash.low
    return isSame && directory.reachableCount === net.names.length
  })
}

/** Lets time pass until {@link isConverged}; returns how long it took. */
export function converge(net: SimNetwork, maxMs = 30_000): number {
  const tookMs = net.runUntil(() => isConverged(net), maxMs)
  assert.ok(tookMs !== undefined, `not converged within ${maxMs} ms: ${describe(net)}`)
  return tookMs
}

/** What a reader of a failure wants to know first. */
export function describe(net: SimNetwork): string {
  const count = net.names.length
  const odd = net.names.filter((name) => net.overlay(name).directory.reachableCount !== count)
  const some = odd.slice(0, 5).map((name) => {
    const { directory, neighbors } = net.overlay(name)
    return `${name} reaches ${directory.reachableCount} of ${count}, neighbors ${[...neighbors.keys()].join(' ')}`
  })
  return `${odd.length} nodes do not reach all; ${some.join('; ')}`
}

/** Both ends agree on every link, degrees are within the limits, and the links connect all nodes. */
export function checkLinks(net: SimNetwork): void {
  for (const name of net.names) {
    const neighbors = neighborsOf(net, name)
    assert.ok(neighbors.length >= 1 || net.names.length === 1, `${name} has no link`)
    assert.ok(neighbors.length <= CORE_DEFAULTS.linksMax, `${name} has ${neighbors.length} links`)
    for (const other of neighbors) {
      assert.ok(neighborsOf(net, other).includes(name), `${other} does not know its link with ${name}`)
    }
    assert.deepEqual([...net.overlay(name).self.links].sort(), neighbors, `the record of ${name}`)
  }
  assert.equal(componentOf(net, net.names[0] ?? '').size, net.names.length, 'the links connect all nodes')
}

/** The nodes that links lead to from this one, itself included. */
export function componentOf(net: SimNetwork, start: string): Set<string> {
  const found = new Set([start])
  for (const name of found) for (const next of neighborsOf(net, name)) found.add(next)
  return found
}

/** What the nodes told of this kind, since a number of notices ago. */
export function toldSince<T extends Notification['type']>(
  net: SimNetwork,
  since: number,
  type: T,
): (SimNotice & { readonly notification: Extract<Notification, { type: T }> })[] {
  return net.notices.slice(since).filter((notice) => notice.notification.type === type) as (SimNotice & {
    readonly notification: Extract<Notification, { type: T }>
  })[]
}

/** The outcomes by id; fails when one comes twice. */
export function outcomesOf(net: SimNetwork): Map<number, Outcome> {
  const outcomes = new Map<number, Outcome>()
  for (const { notification } of toldSince(net, 0, 'outcome')) {
    assert.ok(!outcomes.has(notification.id), `send ${notification.id} has two outcomes`)
    outcomes.set(notification.id, notification.outcome)
  }
  return outcomes
}

/** A number as a payload, and back. */
export function payloadOf(value: number): Uint8Array {
  const payload = new Uint8Array(4)
  new DataView(payload.buffer).setUint32(0, value)
  return payload
}
export const numberOf = (payload: Uint8Array): number =>
  new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(0)
