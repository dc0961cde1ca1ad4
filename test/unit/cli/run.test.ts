import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { ask } from '../../../src/cli/ask.ts'
import { EXIT_CODES } from '../../../src/cli/exit-codes.ts'
import type { OptionSpec } from '../../../src/cli/option-spec.ts'
import { OPTIONS } from '../../../src/cli/option-table.ts'
import { COMMANDS, run } from '../../../src/cli/run.ts'
import { REASONS } from '../../../src/core/reasons.ts'
import { fakeContext } from './fake-context.ts'

describe('help', () => {
  it('lists every command and every exit code', async () => {
    const context = fakeContext()
    assert.equal(await run(['--help'], context), 0)
    for (const { name } of COMMANDS) assert.match(context.stdout.text, new RegExp(`hearsay ${name} `))
    for (const { code, text } of EXIT_CODES) assert.ok(context.stdout.text.includes(`${code}  ${text}`))
    assert.equal(context.stderr.text, '')
  })

  it('of a command shows its details, examples, and each option with variables and default', async () => {
    for (const command of COMMANDS) {
      const context = fakeContext()
      assert.equal(await run([command.name, '--help'], context), 0)
      const text = context.stdout.text
      assert.ok(text.replaceAll('\n', ' ').includes(command.details.replaceAll('\n', ' ')))
      assert.ok(command.examples.length > 0)
      for (const key of command.options) {
        const option: OptionSpec<unknown> = OPTIONS[key]
        assert.ok(text.includes(`--${option.flag} `), `${command.name} --help has --${option.flag}`)
        for (const variable of option.env) assert.ok(text.includes(variable))
      }
    }
  })

  it('is broken into lines by the width of the terminal only, but for what has lines of its own', async () => {
    for (const { name, details } of COMMANDS) {
      if (['completion', 'node'].includes(name)) continue
      const stdout = Object.assign(fakeContext().stdout, { columns: 80 })
      await run([name, '--help'], { ...fakeContext(), stdout })
      assert.ok(stdout.text.replaceAll('\n', ' ').includes(details), `${name} --help`)
    }
  })

  it('fits the terminal', async () => {
    const stdout = Object.assign(fakeContext().stdout, { columns: 60 })
    await run(['node', '--help'], { ...fakeContext(), stdout })
    const prose = stdout.text.split('\n').filter((line) => line.startsWith('      '))
    for (const line of prose) assert.ok(line.length <= 60, line)
  })

  it('is shown, with exit code 2, when there is no command', async () => {
    const context = fakeContext()
    assert.equal(await run([], context), 2)
    assert.match(context.stderr.text, /Commands:/)
    assert.equal(context.stdout.text, '')
  })

  it('has the version of the package', async () => {
    const context = fakeContext()
    assert.equal(await run(['--version'], context), 0)
    assert.match(context.stdout.text, /^\d+\.\d+\.\d+\n$/)
  })
})

describe('a wrong command line', () => {
  const cases: readonly (readonly [args: string[], message: RegExp])[] = [
    [['swam'], /There is no such command. Did you mean swarm\?/],
    [['swarm', 'extra'], /"extra" is not known here/],
    [['swarm', '--nods', '3'], /"nods" is not known here/],
    [['node', '--port'], /--port needs a value behind it/],
    [['node', '--port', 'x'], /--port: "x" is not a port/],
    [['node', '--json=maybe'], /--json: "maybe" is neither true nor false/],
    [['send'], /Something is missing. It goes: hearsay send <to> <message\.\.>/],
    [['send', 'node8'], /It goes: hearsay send <to> <message\.\.>/],
    [['broadcast'], /It goes: hearsay broadcast <message\.\.>/],
    [
      ['swarm', '--allow-origin', 'app.example'],
      /--allow-origin: "app\.example" is not an origin: write it as/,
    ],
    [['bootstrap', '--allow-origin'], /--allow-origin needs a value behind it/],
    [['node', '--tag', 'a b'], /--tag: "a b" is not a tag/],
    [
      ['node', '--tag', Array.from({ length: 16 }, (_, i) => `t${i}`).join()],
      /16 tags are too many; give at most 15/,
    ],
    [['node', '--history', '-1'], /--history: "-1" is not a number of messages/],
    [['ping', 'a', '-c', '0'], /--count: "0" is not a number of pings/],
    [['ping', 'a', '-i', '0'], /--interval: "0" is not an interval; give seconds/],
    [['ping'], /It goes: hearsay ping <to>/],
    [['subscribe'], /It goes: hearsay subscribe <filter\.\.>/],
    [['publish', 'a'], /It goes: hearsay publish <topic> <message\.\.>/],
    [['swarm', '--port', '65500', '--nodes', '100'], /leaves no room for 100 nodes/],
    [['node', '--no-listen', '--url', 'http://a:1'], /Leave one out/],
    [['node', '--url', 'http://_a:1'], /"_a", cannot be a node's name/],
    [['swarm', '--nodes', '1001'], /1001 is too many for one process; give at most 1000/],
    [['sim'], /--scenario with a name, or --swarm\. The scenarios are quiet, .*mass-crash/],
    [['sim', '--scenario', 'mass-crush'], /no scenario "mass-crush"\. There are quiet, .*mass-crash/],
    [['sim', '--scenario', 'quiet', '--swarm'], /leave one out/],
    [['sim', '--scenario', 'quiet', '--seeds', '3'], /--seeds is for --swarm/],
    [
      ['sim', '--scenario', 'quiet', '--fraction', '0.5'],
      /quiet takes no --fraction\. Those that do: .*mass-crash/,
    ],
    [['sim', '--scenario', 'mass-crash', '--fraction', '1.5'], /--fraction: "1\.5" is not a share/],
    [['sim', '--swarm', '--fraction', '0.5'], /--fraction \(HEARSAY_FRACTION\) is for --scenario/],
    [['sim', '--swarm', '--nodes', '100'], /--nodes \(HEARSAY_NODES\) is for --scenario/],
    [
      ['sim', '--scenario', 'quiet', '--nodes', '5', '--trace-node', 'n3'],
      /no node of a scenario is named n3\. At the beginning there are node1 to node5\./,
    ],
    [
      ['sim', '--swarm', '--seed', '1', '--trace-node', 'node3'],
      /no node of a swarm is named node3\. At the beginning there are n0 to n\d+\./,
    ],
    [['sim', '--swarm', '--trace', '--seeds', '2'], /A trace is of one seed/],
    [['sim', '--swarm', '--seed', '-1'], /--seed/],
    [['send', 'a', '\u001b[31m', '--\u001b[2J'], /is not known here/],
  ]
  for (const [args, message] of cases) {
    it(`is refused with exit code 2: ${JSON.stringify(args.join(' '))}`, async () => {
      const context = fakeContext()
      assert.equal(await run(args, context), 2)
      assert.match(context.stderr.text, message)
      assert.match(context.stderr.text, /\nHelp: hearsay .*--help\n$/)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that none gets through is what is tested
      assert.doesNotMatch(context.stderr.text, /\u001b/)
      assert.equal(context.stdout.text, '')
    })
  }
})

describe('asking a running node', () => {
  let server: Server
  let at: string
  let handler: RequestListener
  const asked: { url: string; body: string }[] = []

  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        asked.push({ url: request.url ?? '', body: Buffer.concat(chunks).toString() })
        handler(request, response)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.close()
    server.closeAllConnections()
  })

  /** Runs a command against an answer. */
  async function asking(args: string[], status: number, body: unknown) {
    handler = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    }
    const context = fakeContext()
    const [name = '', ...rest] = args
    const code = await run([name, '--at', at, ...rest], context)
    return { code, out: context.stdout.text, err: context.stderr.text, asked: asked.at(-1) }
  }

  it('send posts the message and tells how it arrived', async () => {
    const body = { status: 'delivered', id: 'node1/1/1', hops: 2, rttMs: Math.PI }
    const told = await asking(['send', 'node8', 'Hello', '12', '--sender', 'anna'], 200, body)
    assert.deepEqual(JSON.parse(told.asked?.body ?? ''), {
      to: 'node8',
      msg: 'Hello 12',
      sender: 'anna',
      deadlineMs: 10_000,
    })
    assert.equal(told.code, 0)
    assert.equal(told.out, 'delivered to node8 in 2 hops, 3.1 ms there and back\n')
  })

  it('send takes words that look like flags or numbers as they are', async () => {
    const body = { status: 'delivered', id: 'a/1/1', hops: 1, rttMs: 1 }
    const told = await asking(['send', '007', '1e3', '0x10', 'true'], 200, body)
    assert.deepEqual(JSON.parse(told.asked?.body ?? ''), {
      to: '007',
      msg: '1e3 0x10 true',
      deadlineMs: 10_000,
    })
  })

  it('send takes words that begin with a dash, when they cannot be flags or stand behind --', async () => {
    const body = { status: 'delivered', id: 'node1/1/1', hops: 1, rttMs: 1 }
    for (const [words, msg] of [
      [['- list item'], '- list item'],
      [['--', '--hello', '-x'], '--hello -x'],
      [['a', '--sender', 'anna', '--', '-5'], 'a -5'],
    ] as const) {
      const told = await asking(['send', 'node8', ...words], 200, body)
      assert.equal(told.code, 0)
      assert.equal(JSON.parse(told.asked?.body ?? '').msg, msg)
    }
    const wrong = await asking(['send', 'node8', '--hello'], 200, body)
    assert.equal(wrong.code, 2)
  })

  it('send has exit code 3 and the reason when the message did not arrive', async () => {
    const body = { error: 'no node of this name is known', reason: 'unknown-peer', at: 'node1' }
    const told = await asking(['send', 'nobody', 'Hello'], 404, body)
    assert.equal(told.code, 3)
    assert.equal(told.out, '')
    assert.equal(
      told.err,
      'not delivered to nobody: no node of this name is known (unknown-peer, says node1)\n' +
        `${REASONS['unknown-peer'].advice}.\n`,
    )
  })

  it('send prints a reason that only later versions know, without advice', async () => {
    const told = await asking(['send', 'a', 'Hello'], 503, {
      error: 'the moon is full',
      reason: 'moon',
      at: 'b',
    })
    assert.equal(told.code, 3)
    assert.equal(told.err, 'not delivered to a: the moon is full (moon, says b)\n')
  })

  it('send --json prints the answer as it is, also a failure', async () => {
    const body = { error: 'no path', reason: 'no-route', at: 'node1' }
    const told = await asking(['send', 'node8', 'Hello', '--json'], 503, body)
    assert.equal(told.code, 3)
    assert.deepEqual(JSON.parse(told.out), body)
    assert.equal(told.err, '')
  })

  it('broadcast posts to everybody', async () => {
    const told = await asking(['broadcast', 'Hello', 'all'], 200, {
      status: 'sent',
      id: 'a/1/1',
      neighbors: 1,
    })
    assert.deepEqual(JSON.parse(told.asked?.body ?? ''), { to: '*', msg: 'Hello all' })
    assert.equal(told.code, 0)
    assert.equal(told.out, 'sent to all: handed to 1 neighbor, who pass it on\n')
    const posted = await asking(['broadcast', 'Hello'], 200, { status: 'sent', id: 'a/1/1', neighbors: 0 })
    assert.equal(posted.out, 'sent to all: posted to the plain HTTP servers, as no other node is there\n')
  })

  it('broadcast tells whom it reached where receipts say so', async () => {
    const told = await asking(['broadcast', 'x'], 200, {
      status: 'sent',
      id: 'a/1/1',
      neighbors: 6,
      reached: 29,
      of: 29,
    })
    assert.equal(told.out, 'sent to all: reached 29 of 29\n')
    const some = { status: 'sent', id: 'a/1/1', neighbors: 6, reached: 1, of: 3, missing: ['b', 'c\u001b'] }
    const missed = await asking(['broadcast', 'x', '--receipts'], 200, some)
    assert.deepEqual([missed.code, missed.out], [3, 'sent to all: reached 1 of 3\n'])
    assert.equal(missed.err, 'not reached: b c\\u001b\n')
    assert.deepEqual(JSON.parse(missed.asked?.body ?? ''), {
      to: '*',
      msg: 'x',
      receipts: true,
      deadlineMs: 10_000,
    })
  })

  it('trace says what is not reached, and lets nothing of an answer act on the terminal', async () => {
    const receipts = [{ name: 'b', via: 'a', hops: 1, tookMs: 2 }]
    const body = { status: 'sent', id: 'a/1/1', neighbors: 1, reached: 1, of: 2, missing: ['c'], receipts }
    const tree = await asking(['trace', '*'], 200, body)
    assert.equal(tree.asked?.url, '/trace/*?deadlineMs=10000')
    assert.deepEqual([tree.code, tree.err], [3, 'not reached: c\n'])
    assert.equal(tree.out, 'a\n└── b (2.0 ms)\n\nreached 1 of 2 in 2.0 ms, over 1 link at most\n')
    const hops = [{ node: 'a', next: '\u001b[2J', rttMs: 1.25, queuedBytes: 4096 }]
    const way = await asking(['trace', 'c'], 200, { status: 'traced', path: [], hops })
    assert.equal(way.out, 'HOP  NODE       LINK RTT  QUEUED\n  0  a\n  1  \\u001b[2J    1.3 ms  4096 B\n')
  })

  it('peers prints a line for each', async () => {
    const nodes = [
      { name: 'node2', kind: 'node', url: 'http://node2:5000' },
      { name: 'flask-1', kind: 'http', url: 'http://flask1:8000' },
      { name: 'browser', kind: 'node' },
    ]
    const told = await asking(['peers'], 200, { peers: [], nodes })
    assert.equal(told.code, 0)
    assert.equal(
      told.out,
      'node2    http://node2:5000\nflask-1  http://flask1:8000 (plain HTTP)\nbrowser  (dials only)\n',
    )
    const json = await asking(['peers', '--json'], 200, { peers: [], nodes })
    assert.deepEqual(JSON.parse(json.out), { peers: [], nodes })
  })

  it('peers says so when there are none', async () => {
    const told = await asking(['peers'], 200, { peers: [], nodes: [] })
    assert.deepEqual([told.code, told.out], [0, ''])
    assert.match(told.err, /knows no peers/)
  })

  it('topology prints text, JSON and dot', async () => {
    const body = {
      self: 'a',
      nodes: [
        { name: 'a', kind: 'node', state: 'up', incarnation: 1, links: ['b'] },
        { name: 'b', kind: 'node', state: 'up', incarnation: 1, links: ['a'] },
        { name: 'c', kind: 'node', state: 'unreachable', incarnation: 1, links: [] },
      ],
      links: [['a', 'b']],
    }
    const text = await asking(['topology'], 200, body)
    assert.equal(text.out, 'a  b\nb  a\nc  (no links) [unreachable]\n\n3 nodes, 1 link, as a sees it\n')
    assert.deepEqual(JSON.parse((await asking(['topology', '--format', 'json'], 200, body)).out), body)
    assert.deepEqual(JSON.parse((await asking(['topology', '--json'], 200, body)).out), body)
    const dot = (await asking(['topology', '--format', 'dot'], 200, body)).out
    assert.match(dot, /^graph hearsay \{\n/)
    assert.match(dot, /\n {2}"a" -- "b";\n/)
    assert.match(dot, /\n {2}"c" \[style=dashed\];\n/)
    assert.match(dot, /\n\}\n$/)
  })

  it('has exit code 2 and the node’s own words when it says that what it was asked is wrong', async () => {
    const told = await asking(['send', 'a b', 'x'], 400, { error: '"to" must be a name' })
    assert.equal(told.code, 2)
    assert.match(told.err, /answered: "to" must be a name/)
  })

  it('has exit code 1 when a bootstrap is asked for what only nodes have', async () => {
    const told = await asking(['topology'], 404, { error: 'Not found' })
    assert.deepEqual([told.code, told.out], [1, ''])
  })

  it('has exit code 5 when something else than hearsay answers', async () => {
    for (const body of ['<html>', '[]', '"x"', '']) {
      const told = await asking(['peers'], 200, body)
      assert.equal(told.code, 5, JSON.stringify(body))
      assert.match(told.err, /is not a hearsay node/)
    }
  })

  it('has exit code 5 and says what to do when nothing listens', async () => {
    const context = fakeContext()
    // Port 1 (tcpmux) is in use nowhere.
    assert.equal(await run(['peers', '--at', 'http://127.0.0.1:1'], context), 5)
    assert.match(
      context.stderr.text,
      /Nothing listens at http:\/\/127\.0\.0\.1:1\. Start a network with "hearsay swarm"/,
    )
  })

  it('has the exit code of the signal that ends it before the answer', async () => {
    for (const [reason, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGPIPE', 141],
    ] as const) {
      const stop = new AbortController()
      handler = () => stop.abort(reason)
      assert.equal(await run(['peers', '--at', at], fakeContext({}, stop.signal)), code)
    }
  })

  it('has exit code 5 when no answer comes in time, or none that can be read', async () => {
    handler = () => {}
    const late = fakeContext()
    const question = { at, path: '/peers', timeoutMs: 50 }
    await assert.rejects(ask(question, late), { exitCode: 5, message: `${at} did not answer within 50 ms.` })
    handler = (request) => request.socket.destroy()
    await assert.rejects(ask({ ...question, timeoutMs: 10_000 }, late), {
      exitCode: 5,
      message: /ECONNRESET/,
    })
  })

  it('takes the address from the environment', async () => {
    handler = (_request, response) => response.end('{"peers":[],"nodes":[]}')
    assert.equal(await run(['peers'], fakeContext({ HEARSAY_AT: at.replace('http', 'ws') })), 0)
  })

  it('lets nothing of an answer act on the terminal', async () => {
    const evil = '\u001b[2Jnode\nx'
    const told = await asking(['peers'], 200, { peers: [], nodes: [{ name: evil, kind: 'node', url: evil }] })
    assert.equal(told.out, '\\u001b[2Jnode\\nx  \\u001b[2Jnode\\nx\n')
  })
})
