import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

  it('completes in bash', { skip: hasShell('bash') ? false : 'no bash here' }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hearsay-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const hearsay = join(folder, 'hearsay')
    writeFileSync(hearsay, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
    chmodSync(hearsay, 0o755)
    const script = `${await scriptFor(['bash'])}
for typed in "hearsay subs" "hearsay send --dead" "hearsay swarm --h"; do
  COMP_WORDS=($typed); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=()
  _hearsay_completions
  echo "\${COMPREPLY[*]}"
done`
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env.PATH}` },
    })
    assert.deepEqual([stdout, stderr], ['subscribe\n--deadline-ms\n--help --host --history\n', ''])
  })

  it('is good zsh', { skip: hasShell('zsh') ? false : 'no zsh here' }, async () => {
    const { status, stderr } = spawnSync('zsh', ['-n'], { input: await scriptFor(['zsh']), encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''])
  })
})
