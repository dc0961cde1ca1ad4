// Whom to dial and when: how many links are missing, who comes first, who has to wait.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import { Dialing } from '../../../src/core/dialing.ts'
import { Directory } from '../../../src/core/directory.ts'
import { Rng } from '../../../src/core/rng.ts'
import { nodeName, reachExactly, recordOf, urlOf } from '../../support/core-rig.ts'

const { dialBackoffMinMs, dialBackoffMaxMs, dialYieldMs, dialsMax, healIntervalMs, linksAim, linksMin } =
  CORE_DEFAULTS

/** A node `m` that can reach these others, and knows of more. */
function scene({ reachable = [], unreachable = [], own = 'm', seed = 1 }: Partial<Scene> = {}) {
  const directory = new Directory(recordOf(own, []), CORE_DEFAULTS)
  for (const name of [...reachable, ...unreachable]) directory.merge(recordOf(name, []), 0)
  reachExactly(directory, reachable, 0)
  const dialing = new Dialing(CORE_DEFAULTS, new Rng(seed), urlOf(own))
  const plan = (nowMs: number, neighbors: readonly string[] = []) =>
    dialing.plan(
      { directory, linksUp: neighbors.length, isNeighbor: (name) => neighbors.includes(name) },
      nowMs,
    )
  return { directory, dialing, plan }
}

interface Scene {
  readonly reachable: readonly string[]
  readonly unreachable: readonly string[]
  readonly own: string
  readonly seed: number
}

const many = Array.from({ length: 30 }, (_, i) => `n${i}`)
const LATER = dialYieldMs

test('a node without links dials its contacts, as many as may be under way', () => {
  const { dialing, plan } = scene()
  dialing.addContacts(many.map((name) => ({ name: nodeName(name), url: urlOf(name) })))
  const first = plan(0)
  assert.equal(first.urls.length, dialsMax)
  assert.equal(dialing.underWay, dialsMax)
  assert.deepEqual(plan(0).urls, [], 'no more before one has ended')
  dialing.failed(first.urls[0] ?? '', 0)
  assert.equal(plan(0).urls.length, 1)
})

test('an address of its own is never dialled', () => {
  const { dialing, plan } = scene()
  dialing.addContacts([
    { url: urlOf('m') },
    { url: 'ws://alias:5000/' },
    { name: nodeName('m'), url: 'ws://m2:5000/' },
  ])
  assert.deepEqual(plan(0).urls, ['ws://alias:5000/'])
  dialing.markOwn('ws://alias:5000/')
  assert.equal(dialing.underWay, 0)
  assert.deepEqual(plan(100_000).urls, [])
})

test('in a small overlay everyone is a neighbor', () => {
  const names = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7']
  const { plan } = scene({ reachable: names })
  const { urls } = plan(LATER, ['n1', 'n2', 'n3', 'n4', 'n5'])
  assert.deepEqual([...urls].sort(), [urlOf('n6'), urlOf('n7')])
})

test('in a larger one links are refilled below the minimum, up to the aim', () => {
  const { dialing, plan } = scene({ reachable: many })
  const filled = many.slice(0, linksAim)
  assert.deepEqual(plan(LATER, filled).urls, [])
  assert.deepEqual(
    plan(LATER, filled.slice(0, linksMin)).urls,
    [],
    'one less than the aim is no reason to dial',
  )
  const { urls } = plan(LATER, filled.slice(0, linksMin - 1))
  assert.equal(urls.length, linksAim - (linksMin - 1))
  for (const url of urls) dialing.succeeded(url)
  assert.equal(plan(LATER, filled.slice(0, linksMin)).urls.length, 1, 'and then up to the aim')
})

test('the larger name of a pair waits a little before it dials the smaller', () => {
  const waits = scene({ own: 'z', reachable: ['b'] })
  assert.deepEqual(waits.plan(dialYieldMs - 1, []).urls, [])
  assert.deepEqual(waits.plan(dialYieldMs, []).urls, [urlOf('b')])
  assert.deepEqual(scene({ own: 'a', reachable: ['b'] }).plan(0, []).urls, [urlOf('b')])
})

test('nodes with all their links still dial what they know and cannot reach, about three times each together', () => {
  const lost = ['w', 'x', 'y', 'z']
  const { plan } = scene({ reachable: many, unreachable: lost })
  const filled = many.slice(0, linksAim)
  const share = (lost.length * 3) / (many.length + 1)
  const first = plan(0, filled).urls
  assert.ok(
    first.length >= Math.floor(share) && first.length <= Math.ceil(share),
    `${first.length} of ${share}`,
  )
  assert.ok(first.every((url) => lost.map(urlOf).includes(url)))
  assert.deepEqual(plan(healIntervalMs / 2 - 1, filled).urls, [])
  const second = plan(healIntervalMs * 1.5, filled).urls
  assert.ok(
    second.every((url) => !first.includes(url)),
    'the first dials are still under way',
  )
})

test('one that has died is not dialled by everybody', () => {
  let dials = 0
  for (let seed = 1; seed <= 400; seed++) {
    const { plan } = scene({ reachable: many, unreachable: ['x'], seed })
    dials += plan(0, many.slice(0, linksAim)).urls.length
  }
  const expected = (400 * 3) / (many.length + 1)
  assert.ok(
    dials > expected * 0.7 && dials < expected * 1.3,
    `${dials} dials where ${expected} were expected`,
  )
})

test('the smaller part of a network that fell apart dials as much as it may, and looks more often', () => {
  const { plan } = scene({ own: 'a', reachable: ['b', 'c'], unreachable: many })
  const { urls, againMs } = plan(0, ['b', 'c'])
  assert.equal(urls.length, dialsMax)
  assert.equal(againMs, healIntervalMs / 4)
})

test('contacts that can be reached, and nodes that left, are no strangers', () => {
  const { directory, dialing, plan } = scene({ reachable: many, unreachable: ['x'] })
  directory.merge(recordOf('x', [], { version: 3, state: 'leaving' }), 0)
  dialing.addContacts([{ name: nodeName('n1'), url: 'ws://n1-again:5000/' }])
  assert.deepEqual(plan(0, many.slice(0, linksAim)).urls, [])
})

test('a neighbor is no stranger before the routes say so', () => {
  const { dialing, plan } = scene({ unreachable: ['b', 'c'] })
  dialing.addContacts([{ name: nodeName('b'), url: urlOf('b') }])
  assert.deepEqual(plan(0, ['b']).urls, [urlOf('c')])
})

test('an address of the configuration is dialled until its node can be reached, and again when it cannot', () => {
  for (const isAlias of [false, true]) {
    const { directory, dialing, plan } = scene({ reachable: many, unreachable: ['b'] })
    const url = isAlias ? 'ws://alias:5000/' : urlOf('b')
    directory.merge(recordOf('b', [], { version: 3, state: isAlias ? 'leaving' : 'up' }), 0)
    dialing.addContacts([{ url }])
    const neighbors = many.slice(0, linksAim)
    assert.ok(plan(0, neighbors).urls.includes(url))
    dialing.succeeded(url)
    if (isAlias) dialing.answered(url, nodeName('b'))
    directory.merge(recordOf('b', [], { version: 4 }), 1)
    reachExactly(directory, [...many, 'b'], 1)
    assert.deepEqual(plan(10_000, neighbors).urls, [])
    reachExactly(directory, many, 10_001)
    assert.ok(plan(20_000, neighbors).urls.includes(url))
  }
})

test('in a small part of a network no address waits long: hardly anybody else looks for those who are lost', () => {
  const longest = (reachable: readonly string[]): number => {
    let longestMs = 0
    for (let seed = 1; seed <= 40; seed++) {
      const { dialing, plan } = scene({ reachable, unreachable: ['x'], seed })
      plan(0, reachable)
      for (let i = 0; i < 12; i++) dialing.failed(urlOf('x'), 0)
      let waitMs = 0
      while (waitMs < dialBackoffMaxMs && !plan(waitMs).urls.includes(urlOf('x'))) waitMs += 100
      longestMs = Math.max(longestMs, waitMs)
    }
    return longestMs
  }
  assert.ok(longest(['b']) <= 2 * healIntervalMs, 'of two')
  assert.ok(longest(many) > 2 * healIntervalMs)
})

test('the backoff is drawn from all of its range, and doubles', () => {
  const url = 'ws://b:5000/'
  for (const [failures, backoffMs] of [
    [1, dialBackoffMinMs],
    [2, dialBackoffMinMs * 2],
    [3, dialBackoffMinMs * 4],
    [20, dialBackoffMaxMs],
  ] as const) {
    let early = 0
    for (let seed = 0; seed < 400; seed++) {
      const { dialing, plan } = scene({ seed })
      dialing.addContacts([{ url }])
      for (let i = 0; i < failures; i++) dialing.failed(url, 0)
      assert.deepEqual(plan(0).urls, [], 'never at once')
      if (plan(backoffMs / 2).urls.length > 0) early++
      else assert.deepEqual(plan(backoffMs).urls, [url], 'at the latest after all of it')
    }
    // Five standard deviations of a fair coin: half of the waits are in the first half of the range.
    assert.ok(Math.abs(early - 200) <= 50, `after ${failures} failures ${early} of 400 waits are short`)
  }
})

test('a link that was trimmed makes its address wait, and does not end a dial to it', () => {
  const { dialing, plan } = scene()
  dialing.addContacts([{ url: 'ws://b:5000/' }])
  assert.deepEqual(plan(0).urls, ['ws://b:5000/'])
  dialing.backOff('ws://b:5000/', 0)
  assert.equal(dialing.underWay, 1)
  assert.deepEqual(plan(dialBackoffMaxMs).urls, [])
})

test('a contact that keeps failing is dropped while there are others; one of the configuration is not', () => {
  const { dialing, plan } = scene()
  const url = 'ws://b:5000/'
  dialing.addContacts([{ name: nodeName('b'), url }])
  for (let i = 0; i < 8; i++) dialing.failed(url, 0)
  assert.deepEqual(
    plan(1_000_000).urls,
    [url],
    'the last contacts are kept: after a long outage there are no others',
  )
  dialing.failed(url, 0)
  for (let i = 0; i < 16; i++) dialing.addContacts([{ name: nodeName(`n${i}`), url: urlOf(`n${i}`) }])
  dialing.failed(url, 0)
  for (let i = 0; i < 16; i++) dialing.giveUp(urlOf(`n${i}`), 0)
  assert.deepEqual(plan(1_000_000).urls, [])
  dialing.addContacts([{ url }])
  for (let i = 0; i < 50; i++) dialing.failed(url, 0)
  assert.deepEqual(plan(1_000_000).urls, [url])
})

test('contacts are bounded: the oldest make room, but for those of the configuration', () => {
  const { dialing, plan } = scene()
  dialing.addContacts([{ url: 'ws://fixed:5000/' }])
  for (let i = 0; i < 1_000; i++) dialing.addContacts([{ name: nodeName(`n${i}`), url: urlOf(`n${i}`) }])
  const dialled: string[] = []
  for (let { urls } = plan(0); urls.length > 0; { urls } = plan(0)) {
    dialled.push(...urls)
    for (const url of urls) dialing.failed(url, 0)
  }
  assert.equal(dialled.length, 256)
  assert.ok(dialled.includes('ws://fixed:5000/'))
  assert.ok(dialled.includes(urlOf('n999')) && !dialled.includes(urlOf('n0')))
})

test('an address at which no neighbor can ever be is not dialled again, unless it is named anew', () => {
  const { dialing, plan } = scene()
  const contact = { name: nodeName('b'), url: 'ws://bootstrap:5000/' }
  dialing.addContacts([contact])
  assert.deepEqual(plan(0).urls, [contact.url])
  dialing.giveUp(contact.url, 0)
  assert.equal(dialing.underWay, 0)
  assert.deepEqual(plan(10 * dialBackoffMaxMs).urls, [])
  dialing.addContacts([contact])
  assert.deepEqual(plan(20 * dialBackoffMaxMs).urls, [contact.url])
})

test('an address of the configuration at which no neighbor can be now is tried again after the longest backoff', () => {
  const { dialing, plan } = scene()
  const url = 'ws://upgraded-later:5000/'
  dialing.addContacts([{ url }])
  assert.deepEqual(plan(0).urls, [url])
  dialing.giveUp(url, 0)
  assert.deepEqual(plan(dialBackoffMaxMs - 1).urls, [])
  assert.deepEqual(plan(dialBackoffMaxMs).urls, [url])
})

test('an address of the configuration stays one when a bootstrap names it, too', () => {
  const url = 'ws://b:5000/'
  const named = { name: nodeName('b'), url }
  for (const isNamedFirst of [false, true]) {
    const { dialing, plan } = scene()
    dialing.addContacts(isNamedFirst ? [named, { url }] : [{ url }, named])
    dialing.addContacts(many.map((name) => ({ name: nodeName(name), url: urlOf(name) })))
    for (let i = 0; i < 50; i++) dialing.failed(url, 0)
    for (let i = 0; i < 1_000; i++) dialing.addContacts([{ name: nodeName(`x${i}`), url: urlOf(`x${i}`) }])
    for (let i = 0; i < 1_000; i++) dialing.giveUp(urlOf(`x${i}`), 0)
    assert.deepEqual(plan(10 * dialBackoffMaxMs).urls, [url])
  }
})

test('once what kept a node from others is over, no address waits any more', () => {
  const { dialing, plan } = scene({ unreachable: ['x'] })
  const named = { name: nodeName('other-role'), url: urlOf('other-role') }
  dialing.addContacts([{ url: urlOf('contact') }, named])
  for (const url of plan(0).urls) dialing.failed(url, 0)
  dialing.giveUp(urlOf('other-role'), 0)
  assert.deepEqual(plan(0).urls, [])
  dialing.forgive()
  assert.deepEqual(plan(0).urls.sort(), [urlOf('contact'), urlOf('x')], 'but who is no node is still none')
})

test('once what kept a node from others is over, it looks for who is lost though it has a link', () => {
  const { dialing, plan } = scene({ reachable: ['n'], unreachable: ['x'] })
  for (const url of plan(0, ['n']).urls) dialing.failed(url, 0)
  assert.deepEqual(plan(0, ['n']).urls, [])
  dialing.forgive()
  assert.deepEqual(plan(0, ['n']).urls, [urlOf('x')])
})
