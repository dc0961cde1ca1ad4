// What a page tells of itself, and what follows: nothing, until it is back, or gone.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { watchPage } from '../../../src/browser/page.ts'

/** A window with a document, as far as a page is watched. */
function pageOf(t: TestContext) {
  const window = new EventTarget()
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const globals = {
    document,
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
  }
  Object.assign(globalThis, globals)
  t.after(() => {
    for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name)
  })
  const told: string[] = []
  const tell = (what: string) => () => void told.push(what)
  const end = watchPage({
    ...{ onAwake: tell('awake'), onAway: tell('away') },
    ...{ onBack: tell('back'), onGone: tell('gone') },
  })
  const happens = (target: EventTarget, type: string, more: object = {}) =>
    target.dispatchEvent(Object.assign(new Event(type), more))
  return { window, document, told, end, happens }
}

test('a page is awake when it is looked at, thawed, shown again or online', (t) => {
  const { window, document, told, end, happens } = pageOf(t)
  document.visibilityState = 'hidden'
  happens(document, 'visibilitychange')
  happens(window, 'offline')
  happens(document, 'freeze')
  assert.deepEqual(told, [])
  document.visibilityState = 'visible'
  happens(document, 'visibilitychange')
  happens(document, 'resume')
  happens(window, 'pageshow')
  happens(window, 'online')
  assert.deepEqual(told, ['awake', 'awake', 'awake', 'awake'])
  happens(window, 'pagehide', { persisted: false })
  assert.equal(told.at(-1), 'gone')
  end()
  happens(document, 'resume')
  happens(window, 'pagehide', { persisted: false })
  assert.equal(told.length, 5, 'nothing after the end')
})

test('a page that goes into the cache of pages is away until it is back', (t) => {
  const { window, told, happens } = pageOf(t)
  happens(window, 'pagehide', { persisted: true })
  happens(window, 'pageshow', { persisted: true })
  happens(window, 'pagehide', { persisted: false })
  assert.deepEqual(told, ['away', 'back', 'gone'])
})

test('where there is no page nothing is told', () => {
  const { fail } = assert
  watchPage({ onAwake: fail, onAway: fail, onBack: fail, onGone: fail })()
})
