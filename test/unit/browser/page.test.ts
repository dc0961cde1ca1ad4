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
  const end = watchPage({ onAwake: () => told.push('awake'), onGone: () => told.push('gone') })
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
  happens(window, 'pagehide', { persisted: true })
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

test('where there is no page nothing is told', () => {
  watchPage({ onAwake: assert.fail, onGone: assert.fail })()
})
