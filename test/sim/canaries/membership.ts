// Bugs planted into links, dialing, records and names.

import { Audience } from '../../../src/bootstrap/audience.ts'
import { Dialing } from '../../../src/core/dialing.ts'
import { AntiEntropy } from '../../../src/core/digests.ts'
import { Directory } from '../../../src/core/directory.ts'
import type { Timer } from '../../../src/core/events.ts'
import { Links } from '../../../src/core/links.ts'
import { Overlay } from '../../../src/core/overlay.ts'
import { Presence } from '../../../src/core/presence.ts'
import { SpanningTree } from '../../../src/core/spanning-tree.ts'
import { type Canary, doctorEffects, replaceMethod } from './planting.ts'

export const MEMBERSHIP_CANARIES: readonly Canary[] = [
  {
    name: 'an edge stays when one end no longer lists it',
    found: /D2/,
    plant: () => replaceMethod(SpanningTree, 'disconnect', () => () => {}),
  },
  {
    name: 'of crossed dials both are kept',
    found: /K1|a second link with/,
    plant: () =>
      replaceMethod(
        Links,
        'close',
        (close) =>
          function (link, reason) {
            return reason === 'crossed-dial' ? [] : close.call(this, link, reason)
          },
      ),
  },
  {
    name: 'a node that has a link does not look for peers that are lost',
    found: /rest within/,
    plant: () =>
      replaceMethod(
        Dialing,
        'plan',
        (plan) =>
          function (view, nowMs) {
            return view.linksUp >= 1 ? { urls: [], againMs: 2_000 } : plan.call(this, view, nowMs)
          },
      ),
  },
  {
    name: 'directories are not compared',
    found: /rest within/,
    plant: () => replaceMethod(AntiEntropy, 'compare', () => () => {}),
  },
  {
    name: 'the bootstrap tells nobody how many have come and gone',
    found: /was told of \d+ others/,
    plant: () => replaceMethod(Audience, 'push', () => () => {}),
  },
  {
    name: 'last words are not heard',
    found: /which has left/,
    plant: () =>
      replaceMethod(
        Directory,
        'merge',
        (merge) =>
          function (record, nowMs) {
            return record.state === 'leaving' ? 'older' : merge.call(this, record, nowMs)
          },
      ),
  },
  {
    name: 'no heartbeats are sent',
    found: /links last/,
    plant: () =>
      doctorEffects((effects) =>
        effects.filter((effect) => effect.type !== 'send' || effect.message.type !== 'heartbeat'),
      ),
  },
  {
    name: 'links that are silent are kept',
    found: /K3/,
    plant: () => replaceMethod(Links, 'closeSilent', () => () => []),
  },
  {
    name: 'nobody is trimmed',
    found: /has \d+ links/,
    plant: () => replaceMethod(Links, 'trim', () => () => []),
  },
  {
    name: 'a stale timer counts',
    found: /timers links at rest/,
    plant: () => {
      const tokens = new WeakMap<Overlay, Timer>()
      return replaceMethod(
        Overlay,
        'handle',
        (handle) =>
          function (input, nowMs) {
            const isLinks = input.type === 'timer' && input.timer.kind === 'links'
            const newest = isLinks ? (tokens.get(this) ?? input.timer) : undefined
            const effects = handle.call(
              this,
              newest === undefined ? input : { type: 'timer', timer: newest },
              nowMs,
            )
            for (const effect of effects) {
              if (effect.type === 'timer' && effect.timer.kind === 'links') tokens.set(this, effect.timer)
            }
            return effects
          },
      )
    },
  },
  {
    name: 'a run stops for one that it has outbid since',
    found: /P2/,
    change: (plan) => ({
      ...plan,
      ...{ nodes: 12, kinds: new Set(['duplicate-name']), faultEveryMs: 400, safetyMs: 8_000 },
      ...{ hasBootstrap: false, undialable: 0 },
    }),
    plant: () => {
      let overlay: Overlay | undefined
      const uproots = [
        replaceMethod(
          Overlay,
          'handle',
          (handle) =>
            function (input, nowMs) {
              overlay = input.type === 'link-closed' && input.reason === 'replaced' ? this : undefined
              return handle.call(this, input, nowMs)
            },
        ),
        replaceMethod(
          Links,
          'get',
          (get) =>
            function (link) {
              const state = get.call(this, link)
              if (state === undefined || overlay === undefined) return state
              return { ...state, toldIncarnation: overlay.self.incarnation }
            },
        ),
        replaceMethod(Presence, 'outdone', () => () => true),
      ]
      return () => {
        for (const uproot of uproots.reverse()) uproot()
      }
    },
  },
  {
    name: 'a change of links is published when it happens to be',
    found: /P1/,
    plant: () => {
      let count = 0
      return replaceMethod(
        Presence,
        'changed',
        (changed) =>
          function () {
            if (++count % 5 !== 0) changed.call(this)
          },
      )
    },
  },
]
