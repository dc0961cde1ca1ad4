// What a direct message costs the core at both ends: CPU time from a send to its outcome between two overlays that are
// wired in memory, without bytes and sockets.
//
//   node test/bench/delivery.ts [--rounds 7] [--messages 400000] [--turn 64] [--swap] [--json]
//
// `--turn` messages travel together, as in one bundle; with `--swap` the first of them comes last, so that all others
// are held for it. CPU time and not the clock, and the least of the rounds: the figure stands on a busy machine.

import { parseArgs } from 'node:util'
import type { Input } from '../../src/core/events.ts'
import type { Message } from '../../src/core/messages.ts'
import type { Overlay } from '../../src/core/overlay.ts'
import { linkId, nodeName, Rig } from '../support/core-rig.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    messages: { type: 'string', default: '400000' },
    turn: { type: 'string', default: '64' },
    swap: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const messages = Number(values.messages)
const turn = Number(values.turn)
const payload = new Uint8Array(64)
const link = linkId(1)

const [a, b] = [Rig.started('a'), Rig.started('b')]
a.befriend(1, 'b')
b.befriend(1, 'a')
let id = 0
let delivered = 0

/** Hands over one input and returns what is sent in answer. */
function feed(overlay: Overlay, input: Input): Message[] {
  const sent: Message[] = []
  for (const effect of overlay.handle(input, a.nowMs)) {
    if (effect.type === 'send') sent.push(effect.message)
    else if (effect.type === 'notify' && effect.notification.type === 'outcome') delivered++
  }
  return sent
}

function round(): number {
  const before = process.cpuUsage()
  const to = nodeName('b')
  for (let i = 0; i < messages; i += turn) {
    const there: Message[] = []
    for (let k = 0; k < turn; k++) there.push(...feed(a.overlay, { type: 'send', id: ++id, to, payload }))
    if (values.swap) there.push(there.shift() as Message)
    const back = feed(b.overlay, { type: 'received', link, messages: there })
    feed(a.overlay, { type: 'received', link, messages: back })
  }
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1_000) / messages
}

round()
const figures = Array.from({ length: Number(values.rounds) }, round)
if (delivered !== id) throw new Error(`${delivered} of ${id} were delivered`)
const nanoseconds = Math.round(Math.min(...figures))
const row = { figure: values.swap ? 'out of order' : 'in order', messagesPerTurn: turn, nanoseconds }
console.log(values.json ? JSON.stringify(row) : `${row.figure}: ${nanoseconds} ns of CPU time a message`)
