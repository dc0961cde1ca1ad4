// Whatever happens in whatever order: the registry does not throw, its invariants hold, and what a watcher and a node
// were told adds up to the list.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { RegistryEffect, RegistryInput } from '../../../src/bootstrap/registry-events.ts'
import type { LinkId, Message } from '../../../src/core/messages.ts'
import type { Reason } from '../../../src/core/reasons.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { helloOf, linkId, nodeName, RegistryDriver } from './registry-driver.ts'

type Step = { readonly pass: number } | { readonly inputs: readonly RegistryInput[] }

const links = fc.integer({ min: 1, max: 30 }).map(linkId)
const names = fc.constantFrom('a', 'b', 'c', 'd')
/** What decodes as a URL of a hello, or passes a parser, and still must not get on. */
const oddUrls = fc.constantFrom(
  "ws://a:5000/it's",
  `ws://a:5000/${'é'.repeat(1_000)}`,
  'wss://[::1]',
  'http://a:0',
  'ws://a:5000/?<x>',
  '',
)
const hosts = fc.constantFrom('ws://a:5000/', 'ws://b:5000', undefined, 'http://c:6000/')
const hellos = fc.tuple(names, fc.constantFrom('x', 'y'), fc.nat(2), hosts).map(hello)
const messages: fc.Arbitrary<Message> = fc.oneof(
  { weight: 5, arbitrary: hellos },
  { weight: 1, arbitrary: fc.tuple(names, fc.constant('x'), fc.nat(2), oddUrls).map(hello) },
  { weight: 3, arbitrary: fc.nat(9).map(heartbeat) },
  { weight: 1, arbitrary: fc.constant<Message>({ type: 'want', names: [] }) },
  { weight: 1, arbitrary: fc.constant<Message>({ type: 'unknown', code: 200 }) },
)
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.oneof(fc.nat(3_000), fc.nat(300), fc.constant(20_000)).map((pass): Step => ({ pass })),
  },
  {
    weight: 12,
    arbitrary: fc
      .oneof<fc.Arbitrary<RegistryInput>[]>(
        links.map((link) => ({ type: 'link-open', link, from: 'somewhere' })),
        fc.tuple(links, fc.array(messages, { maxLength: 3 })).map(([link, messages]) => ({
          type: 'received',
          link,
          messages,
        })),
        fc
          .tuple(links, fc.constantFrom<Reason>('left', 'link-lost', 'replaced'))
          .map(([link, reason]) => ({ type: 'link-closed', link, reason })),
        fc.integer({ min: 101, max: 104 }).map((link) => ({
          type: 'watcher-open',
          link: linkId(link),
          from: 'somewhere',
        })),
        fc
          .tuple(fc.oneof(fc.webUrl({ withQueryParameters: true }), oddUrls), fc.option(names))
          .map(([url, name]) => ({
            type: 'register',
            request: 1,
            url,
            ...(name === null ? {} : { name }),
          })),
        fc.tuple(names, fc.option(names)).map(([host, name]) => ({
          type: 'register',
          request: 1,
          url: `http://${host}:5000`,
          ...(name === null ? {} : { name }),
        })),
        fc.tuple(names, fc.integer({ min: 1, max: 6 }), fc.boolean()).map(([name, token, alive]) => ({
          type: 'polled',
          name: nodeName(name),
          token,
          alive,
        })),
      )
      .map((input): Step => ({ inputs: [input] })),
  },
  // Most of what comes in any order comes before a hello: without these hardly any node would ever be registered.
  { weight: 5, arbitrary: fc.tuple(links, hellos).map(([link, message]): Step => joinOf(link, message)) },
)

function hello([name, instance, incarnation, url]: [string, string, number, string | undefined]): Message {
  return helloOf(name, { instance, incarnation, ...(url === undefined ? {} : { url }) })
}

function joinOf(link: LinkId, message: Message): Step {
  return {
    inputs: [
      { type: 'link-open', link, from: 'somewhere' },
      { type: 'received', link, messages: [message] },
    ],
  }
}

function heartbeat(clock: number): Message {
  return { type: 'heartbeat', clock, echo: 0, heldUs: 0, hash: { high: 0, low: 0 } }
}

/** The world around the registry: which connections are open, and what everybody was told. */
class World {
  readonly open = new Set<number>()
  readonly used = new Set<number>()
  readonly watchers = new Map<number, Map<string, string>>()
  readonly nodes = new Map<number, Map<string, string>>()
  /** How many nodes each was told last that there are. */
  readonly numbers = new Map<number, number | undefined>()

  apply(effects: readonly RegistryEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'close') {
        this.open.delete(effect.link)
        this.nodes.delete(effect.link)
        this.watchers.delete(effect.link)
      } else if (effect.type === 'show') {
        for (const link of effect.watchers) this.#show(link, effect.event)
      } else if (effect.type === 'send') {
        encodeFrame(effect.message)
        for (const link of effect.links) {
          assert.ok(this.open.has(link), `${effect.message.type} to closed link ${link}`)
          this.#tell(link, effect.message)
        }
      }
    }
  }

  #show(link: number, event: Extract<RegistryEffect, { type: 'show' }>['event']): void {
    const list = this.watchers.get(link)
    assert.ok(list, `shown to ${link}, who does not watch`)
    if (event.event === 'snapshot') {
      list.clear()
      for (const { name, kind, url } of event.peers) list.set(name, `${kind} ${url}`)
    } else if (event.event === 'peer-join') list.set(event.name, `${event.kind} ${event.url}`)
    else if (event.event === 'peer-leave') assert.ok(list.delete(event.name), `${event.name} left twice`)
  }

  /** A node that keeps a list of HTTP peers as the welcome and the pushes say. */
  #tell(link: number, message: Message): void {
    if ('registered' in message) this.numbers.set(link, message.registered)
    if (message.type === 'welcome') {
      this.nodes.set(link, new Map(message.httpPeers.map(({ name, url }) => [name, url ?? ''])))
    } else if (message.type === 'peer-events') {
      const list = this.nodes.get(link)
      assert.ok(list, `push to ${link} before its welcome`)
      for (const { name, kind, url } of message.joined) {
        if (kind === 'http') list.set(name, url ?? '')
        else list.delete(name)
      }
      for (const { name } of message.left) list.delete(name)
    }
  }
}

function run(sequence: readonly Step[]): void {
  const driver = new RegistryDriver({ nodesMax: 3, httpPeersMax: 2, hellosPendingMax: 4, watchersMax: 3 })
  const world = new World()
  const give = (input: RegistryInput): void => {
    if (input.type === 'link-open' || input.type === 'watcher-open') {
      // A number is used once.
      if (world.used.has(input.link)) return
      world.used.add(input.link)
      world.open.add(input.link)
      if (input.type === 'watcher-open') world.watchers.set(input.link, new Map())
    }
    if (input.type === 'link-closed') {
      world.open.delete(input.link)
      world.nodes.delete(input.link)
    }
    world.apply(driver.give(input))
  }
  const check = (): void => {
    const listed = new Map(driver.registry.peers().map(({ name, kind, url }) => [name, `${kind} ${url}`]))
    const { nodes, httpPeers, claims, hellosPending } = driver.registry.counts
    assert.equal(listed.size, nodes + httpPeers, 'a name is listed twice')
    assert.ok(nodes + claims + hellosPending <= world.open.size, 'more connections than there are')
    assert.equal(world.nodes.size, nodes, 'who was welcomed and not closed is registered')
    for (const list of world.watchers.values()) assert.deepEqual(sorted(list), sorted(listed))
  }
  for (const step of sequence) {
    if ('inputs' in step) for (const input of step.inputs) give(input)
    else world.apply(driver.pass(step.pass))
    check()
  }
  // All pushes are out once nothing has changed for this time, so every node knows all HTTP peers, and how many nodes there are.
  for (let before = ''; before !== JSON.stringify(driver.registry.peers()); check()) {
    before = JSON.stringify(driver.registry.peers())
    world.apply(driver.pass(1_100))
  }
  const http = new Map(
    driver.registry.peers().flatMap(({ name, kind, url }) => (kind === 'http' ? [[name, url ?? '']] : [])),
  )
  for (const [link, list] of world.nodes) {
    assert.deepEqual(sorted(list), sorted(http))
    assert.equal(world.numbers.get(link), driver.registry.counts.nodes)
  }
}

function sorted(list: ReadonlyMap<string, string>): [string, string][] {
  return [...list].sort(([one], [other]) => (one < other ? -1 : 1))
}

it('holds its invariants in any sequence of inputs', () => {
  fc.assert(fc.property(fc.array(steps, { maxLength: 60, size: 'max' }), run), { numRuns: 1_000 })
})
