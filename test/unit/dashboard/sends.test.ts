import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemOf, Sends } from '../../../src/dashboard/page/sends.ts'
import { outcomeText, shortName } from '../../../src/dashboard/page/wording.ts'
import { parseAddress } from '../../../src/wire/line-requests.ts'

describe('the sends of the page', () => {
  it('have a tag and a trace each, and receipts to everyone', () => {
    const sends = new Sends()
    const one = sends.begin({ from: 'a', to: 'b', text: 'x', atMs: 1 })
    const all = sends.begin({ from: 'a', to: '*', text: 'y', atMs: 2 })
    assert.match(one.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    assert.notEqual(one.traceparent, all.traceparent)
    assert.notEqual(one.tag, all.tag)
    assert.equal(one.receipts, undefined)
    assert.equal(all.receipts, true)
  })

  it('end by their tag, once; a broadcast also without it', () => {
    const sends = new Sends()
    const { tag } = sends.begin({ from: 'a', to: 'b', text: 'x', atMs: 1 })
    sends.begin({ from: 'a', to: '*', text: 'y', atMs: 2 })
    assert.equal(sends.end({ event: 'outcome', status: 'delivered', tag: 99 }), undefined)
    assert.equal(sends.end({ event: 'outcome', status: 'delivered', tag })?.to, 'b')
    assert.equal(sends.end({ event: 'outcome', status: 'delivered', tag }), undefined)
    assert.equal(sends.end({ event: 'outcome', status: 'sent', to: '*' })?.to, '*')
  })

  it('end as unknown when the connection is lost', () => {
    const sends = new Sends()
    sends.begin({ from: 'a', to: 'b', text: 'x', atMs: 1 })
    assert.equal(sends.lose(), true)
    const [sent] = sends.list
    assert.ok(sent?.outcome)
    assert.equal(outcomeText(sent.outcome), 'unknown: the connection to a was lost before the outcome came')
    assert.equal(sends.lose(), false, 'nothing is under way any more')
  })

  it('are kept back when the node would not take them', () => {
    assert.match(problemOf('', 'x') ?? '', /^Say to whom/)
    assert.match(problemOf('node3', '') ?? '', /^Say what/)
    assert.match(problemOf('*', '') ?? '', /^Say what/)
    assert.equal(problemOf('*', ' '), undefined)
    const names = [
      'node3',
      'node3/guest-7',
      'a.b_c',
      'x'.repeat(64),
      '-a',
      'a b',
      'a/b/c',
      'a/',
      'é',
      'x'.repeat(65),
    ]
    for (const name of names) {
      assert.equal(problemOf(name, 'x') === undefined, parseAddress(name) !== undefined, name)
    }
  })

  it('say names so that those that differ at their end only are told apart', () => {
    assert.equal(shortName('x'.repeat(28)), 'x'.repeat(28))
    assert.equal(shortName(`${'a'.repeat(40)}-the-other`), `${'a'.repeat(14)}…aaa-the-other`)
    assert.equal(shortName('x'.repeat(64)).length, 28)
  })

  it('are said in one line', () => {
    const outcome = { event: 'outcome' } as const
    assert.equal(
      outcomeText({ ...outcome, status: 'delivered', hops: 2, rttMs: 3.14 }),
      'delivered, 2 hops, 3.1 ms',
    )
    const toGuest = { ...outcome, to: 'n3/guest-xx', status: 'delivered' }
    // Of its own guests the node knows.
    assert.equal(outcomeText({ ...toGuest, hops: 1 }), 'n3 has it, for guest-xx if that is there, 1 hop')
    assert.equal(outcomeText({ ...toGuest, hops: 0, rttMs: 0 }), 'delivered, 0 hops, 0 ms')
    assert.equal(
      outcomeText({ ...outcome, status: 'failed', reason: 'no-route', at: 'node3', error: 'no way' }),
      'failed: no-route at node3 (no way)',
    )
    assert.equal(
      outcomeText({ ...outcome, status: 'sent', reached: 28, of: 29, missing: ['node4'] }),
      'sent, reached 28 of 29, not reached: node4',
    )
  })
})
