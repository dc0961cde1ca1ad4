import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { painter } from '../../../src/cli/context.ts'
import { createLogger } from '../../../src/cli/logger.ts'
import { writeMessage } from '../../../src/cli/message-out.ts'
import { PEER_LOG_NAMES_MAX, PEER_LOG_WAIT_MS, PeerLog } from '../../../src/cli/peer-log.ts'
import { Progress } from '../../../src/cli/progress.ts'
import { silentLogger } from '../../../src/logger.ts'
import { fakeContext, KeptOutput } from './fake-context.ts'

const message = { from: 'node1', value: 'Hello', hops: 2, broadcast: false, via: 'overlay' } as const

describe('writeMessage', () => {
  it('writes the line of the classroom contract, whole, in one write', () => {
    const stdout = new KeptOutput()
    writeMessage({ ...message, from: 'node12', value: 'Hello node8' }, stdout, { json: false })
    assert.deepEqual(stdout.writes, ['[MSG] From node12: Hello node8\n'])
  })

  it('shows the label of the sender where there is one, and the receiver in front where several print', () => {
    const stdout = new KeptOutput()
    writeMessage({ ...message, sender: 'anna' }, stdout, { json: false, receiver: 'node8' })
    assert.deepEqual(stdout.writes, ['node8 | [MSG] From anna: Hello\n'])
  })

  it('lets no message forge a line', () => {
    const stdout = new KeptOutput()
    writeMessage({ ...message, value: 'x\n[MSG] From boss: y\u001b[2J' }, stdout, { json: false })
    assert.equal(stdout.text, '[MSG] From node1: x\\n[MSG] From boss: y\\u001b[2J\n')
  })

  it('writes JSON lines for programs', () => {
    const stdout = new KeptOutput()
    writeMessage({ ...message, value: { a: [1] } }, stdout, { json: true })
    writeMessage({ ...message, value: Uint8Array.of(1, 2) }, stdout, { json: true, receiver: 'node8' })
    const [first = '', second = ''] = stdout.writes
    assert.deepEqual(JSON.parse(first), {
      event: 'message',
      from: 'node1',
      msg: { a: [1] },
      hops: 2,
      broadcast: false,
      via: 'overlay',
    })
    const { receiver, base64 } = JSON.parse(second)
    assert.deepEqual([receiver, base64], ['node8', 'AQI='])
    assert.ok(first.endsWith('}\n'))
  })
})

describe('PeerLog', () => {
  function logging(names: () => string[]) {
    const lines: { event: string; fields: Record<string, unknown> }[] = []
    const info = (fields: Readonly<Record<string, unknown>>, event: string) =>
      lines.push({ event, fields: { ...fields } })
    return { lines, log: new PeerLog({ ...silentLogger, info }, names) }
  }

  it('tells changes that come close together in one line, with the list in the order of people', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { lines, log } = logging(() => ['node10', 'node2'])
    log.changed('node10', 'joined')
    log.changed('node2', 'joined')
    log.changed('node3', 'joined')
    log.changed('node3', 'left')
    log.changed('node4', 'unreachable')
    t.mock.timers.tick(PEER_LOG_WAIT_MS - 1)
    assert.equal(lines.length, 0)
    t.mock.timers.tick(1)
    assert.deepEqual(lines, [
      {
        event: 'peers',
        fields: {
          count: 2,
          joined: ['node2', 'node10'],
          left: ['node3'],
          unreachable: ['node4'],
          peers: ['node2', 'node10'],
        },
      },
    ])
    log.changed('node5', 'joined')
    t.mock.timers.tick(PEER_LOG_WAIT_MS)
    assert.deepEqual(lines[1]?.fields, { count: 2, joined: ['node5'], peers: ['node2', 'node10'] })
  })

  it('counts what does not fit into a line', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { lines, log } = logging(() => Array.from({ length: PEER_LOG_NAMES_MAX + 5 }, (_, i) => `n${i}`))
    log.changed('n1', 'joined')
    t.mock.timers.tick(PEER_LOG_WAIT_MS)
    const { count, peers } = lines[0]?.fields ?? {}
    assert.equal(count, PEER_LOG_NAMES_MAX + 5)
    assert.equal((peers as string[]).at(-1), 'and 5 more')
  })

  it('logs nothing after close', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { lines, log } = logging(() => [])
    log.changed('node2', 'joined')
    log.close()
    t.mock.timers.tick(PEER_LOG_WAIT_MS)
    assert.equal(lines.length, 0)
  })
})

describe('createLogger', () => {
  it('writes JSON lines to standard error when nobody watches', async () => {
    const context = fakeContext()
    const logger = await createLogger({ logLevel: 'info', logFormat: 'auto' }, context, { node: 'node8' })
    logger.debug({}, 'hidden')
    logger.info({ port: 5000 }, 'running')
    const { time, ...line } = JSON.parse(context.stderr.text)
    assert.deepEqual(line, { level: 'info', node: 'node8', port: 5000, msg: 'running' })
    assert.match(time, /^\d{4}-\d\d-\d\dT/)
    assert.equal(context.stdout.text, '')
  })

  it('writes for people on a terminal, and where it is asked to', async () => {
    const terminal = { ...fakeContext(), stderr: new KeptOutput({ columns: 80 }) }
    ;(await createLogger({ logLevel: 'info', logFormat: 'auto' }, terminal)).info({ port: 5000 }, 'running')
    assert.match(terminal.stderr.text, /INFO.*running.*5000/)
    const asked = fakeContext()
    ;(await createLogger({ logLevel: 'info', logFormat: 'pretty' }, asked)).info({}, 'running')
    assert.match(asked.stderr.text, /^\[.*\] INFO: running\n$/)
  })

  it('has the last words of a crash', async () => {
    const context = fakeContext()
    await createLogger({ logLevel: 'info', logFormat: 'json' }, context)
    context.crashLogs[0]?.(new Error('broken'))
    const line = JSON.parse(context.stderr.text)
    assert.deepEqual([line.level, line.msg, line.err.message], ['fatal', 'crash', 'broken'])
  })
})

describe('Progress', () => {
  it('rewrites one line on a terminal, cut to its width, and takes it away', () => {
    let now = 0
    const output = new KeptOutput({ columns: 10 })
    const progress = new Progress(output, () => now)
    progress.update('123456789012')
    progress.update('not shown: too soon')
    now = 1000
    progress.update('two')
    progress.clear()
    progress.clear()
    assert.deepEqual(output.writes, ['\r\u001b[2K123456789', '\r\u001b[2Ktwo', '\r\u001b[2K'])
  })

  it('writes a plain line now and then elsewhere', () => {
    let now = 0
    const output = new KeptOutput()
    const progress = new Progress(output, () => now)
    for (; now < 5_000; now += 100) progress.update(`at ${now}`)
    progress.clear()
    assert.deepEqual(output.writes, ['at 0\n', 'at 2000\n', 'at 4000\n'])
  })
})

describe('painter', () => {
  it('paints on a terminal only, and not when NO_COLOR is set or the terminal is dumb', () => {
    const terminal = new KeptOutput({ columns: 80 })
    assert.equal(painter(terminal, {})('red', 'x'), '\u001b[31mx\u001b[39m')
    assert.equal(painter(terminal, { NO_COLOR: '1' })('red', 'x'), 'x')
    assert.equal(painter(terminal, { TERM: 'dumb' })('red', 'x'), 'x')
    assert.equal(painter(new KeptOutput(), {})('red', 'x'), 'x')
  })
})
