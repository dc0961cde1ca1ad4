import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { COMMANDS, run } from '../../../src/cli/run.ts'
import { fakeContext } from './fake-context.ts'

const MAIN = new URL('../../../src/main.ts', import.meta.url).pathname
const hasShell = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0

async function scriptFor(args: string[], env = {}): Promise<string> {
  const context = fakeContext(env)
  assert.equal(await run(['completion', ...args], context), 0)
  return context.stdout.text
}

describe('completion', () => {
  it('prints a script for the shell that is named, or else for the one in $SHELL', async () => {
    assert.match(await scriptFor(['bash']), /^# hearsay completion for bash\n/)
    assert.match(await scriptFor(['zsh']), /^#compdef hearsay\n/)
    assert.match(await scriptFor([], { SHELL: '/usr/bin/zsh' }), /^#compdef hearsay\n/)
    assert.match(await scriptFor([], { SHELL: '/bin/sh' }), /for bash/)
    const context = fakeContext()
    assert.equal(await run(['completion', 'fish'], context), 2)
    assert.match(context.stderr.text, /"fish" is not bash or zsh/)
  })

  it('asks the program, which knows commands and flags', async () => {
    const words = async (...typed: string[]) => {
      const context = fakeContext()
      assert.equal(await run(['--get-yargs-completions', 'hearsay', ...typed], context), 0)
      return context.stdout.text.split('\n')
    }
    const commands = await words('')
    for (const { name } of COMMANDS) assert.ok(commands.includes(name), name)
    assert.ok((await words('send', 'node8', '--')).includes('--deadline-ms'))
    assert.ok(!(await words('send', 'node8', '--')).includes('--nodes'))
    assert.ok(!(await words('completion', '')).includes('send'))
  })

  it('knows what an option may be, and the nodes that are there', async () => {
    const words = async (typed: string, env = {}) => {
      const context = fakeContext(env)
      assert.equal(await run(['--get-yargs-completions', 'hearsay', ...typed.split(' ')], context), 0)
      return context.stdout.text.split('\n').slice(0, -1)
    }
    assert.deepEqual(await words('topology --format '), ['text', 'json', 'dot'])
    assert.deepEqual(await words('node --name a --log-level d'), await words('swarm --log-level '))
    assert.ok((await words('sim --scenario ')).includes('mass-crash'))
    assert.deepEqual(await words('sim --seed '), [], 'nothing to choose from')
    const asked: (string | undefined)[] = []
    const nodes = [{ name: 'anna' }, { name: 'ben' }, { name: '$(reboot)' }]
    const server = createServer(({ url }, response) => {
      asked.push(url)
      response.end(JSON.stringify({ peers: [], nodes }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      assert.deepEqual(await words(`send --at ${at} `), ['anna', 'ben'])
      assert.deepEqual(await words(`ping --at=${at} --json -c 5 an`), ['anna', 'ben'])
      assert.deepEqual(await words('trace ', { HEARSAY_AT: at }), ['anna', 'ben'])
      assert.deepEqual(asked, ['/peers', '/peers', '/peers'])
      assert.ok(!(await words(`send anna --at ${at} `)).includes('anna'), 'the message is free text')
      assert.ok((await words(`send --at ${at} --`)).includes('--request'))
    } finally {
      server.close()
    }
    assert.deepEqual(await words(`send --at ${at} `), [], 'nobody answers')
    assert.deepEqual(await words('send --at nonsense:// '), [])
  })

  it('completes in bash', { skip: hasShell('bash') ? false : 'no bash here' }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hearsay-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const hearsay = join(folder, 'hearsay')
    writeFileSync(hearsay, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
    chmodSync(hearsay, 0o755)
    const script = `${await scriptFor(['bash'])}
for typed in "hearsay subs" "hearsay send --dead" "hearsay swarm --h" "hearsay topology --format j"; do
  COMP_WORDS=($typed); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=()
  _hearsay_completions
  echo "\${COMPREPLY[*]}"
done`
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env.PATH}` },
    })
    assert.deepEqual([stdout, stderr], ['subscribe\n--deadline-ms\n--help --host --history\njson\n', ''])
  })

  it('is good zsh', { skip: hasShell('zsh') ? false : 'no zsh here' }, async () => {
    const { status, stderr } = spawnSync('zsh', ['-n'], { input: await scriptFor(['zsh']), encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''])
  })
})
