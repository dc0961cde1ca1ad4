// A neighbor that speaks the protocol and means no sense: valid frames with any values, frames cut and changed anywhere.
// Whatever it says, the node lives, its other links stand and its messages arrive. It lies about itself and about nodes
// that there are not; what lies about others do is test/integration/node/forged-records.

import { test } from 'node:test'
import fc from 'fast-check'
import type { Message, NodeName } from '../../../src/core/messages.ts'
import { encodeBundle } from '../../../src/wire/bundle.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { message } from '../../support/arbitraries.ts'
import { Neighborhood } from '../../support/node-neighborhood.ts'
import { STRANGER, Stranger } from '../../support/node-stranger.ts'

const LIAR = STRANGER as NodeName
/** Without an address: it might be dialled. */
function placeless<T extends { readonly url?: string }>({ url: _, ...rest }: T): Omit<T, 'url'> {
  return rest
}

const destination = fc.constantFrom('victim', 'left', 'right', STRANGER, 'nobody') as fc.Arbitrary<NodeName>

/** A message of the liar's, to anybody. */
const lie: fc.Arbitrary<Message> = fc.tuple(message, destination).map(([any, to]) => {
  switch (any.type) {
    case 'hello':
      return { ...placeless(any), name: LIAR }
    case 'records':
      return { ...any, records: any.records.map(placeless) }
    case 'gossip':
      return any.record === undefined
        ? { ...any, origin: LIAR }
        : { ...any, origin: LIAR, record: { ...placeless(any.record), name: LIAR } }
    case 'direct':
    case 'ack':
    case 'bounce':
      return { ...any, origin: LIAR, destination: to }
    default:
      return any
  }
})

/** One WebSocket message, mostly whole: else cut off, or with one byte changed. */
const bundle = fc
  .record({
    lies: fc.array(lie, { minLength: 1, maxLength: 8 }),
    damage: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.record({ at: fc.nat(), to: fc.option(fc.nat(255)) }) },
    ),
  })
  .map(({ lies, damage }) => {
    const bytes = encodeBundle(lies.map(encodeFrame))
    if (damage === undefined) return bytes
    const at = damage.at % bytes.length
    if (damage.to === null) return bytes.subarray(0, at)
    bytes[at] = damage.to
    return bytes
  })

test('a neighbor that says anything at all harms nobody', async (t) => {
  const neighborhood = await Neighborhood.start(t)
  const { victim } = neighborhood
  let incarnation = 1
  await fc.assert(
    fc.asyncProperty(fc.array(bundle, { minLength: 1, maxLength: 8 }), async (bundles) => {
      const liar = await Stranger.join(t, victim.url, { incarnation: incarnation++ })
      for (const bytes of bundles) if (liar.isOpen) liar.bytes(bytes)
      // Behind all that it has said.
      liar.socket.close()
      await liar.end()
    }),
    { numRuns: 150 },
  )
  await neighborhood.unharmed()
})
