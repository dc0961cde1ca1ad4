// The commands of README's walk-through, taken from its code blocks and run with bash, so that they cannot rot.
// A block is marked by a comment in front of it: <!-- e2e: start -->.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { ROOT } from './engine.ts'

/** The code behind a marker such as `e2e: start` or `powershell: start`. Throws when there is none. */
export function block(marker: string): string {
  const readme = readFileSync(`${ROOT}README.md`, 'utf8')
  const found = new RegExp(`<!-- ${marker} -->\\n\`\`\`\\w+\\n(.*?)\`\`\``, 's').exec(readme)
  if (found?.[1] === undefined) throw new Error(`README.md has no block <!-- ${marker} -->`)
  return found[1]
}

/** What a block printed. */
export interface WalkthroughRun {
  readonly stdout: string
  /** When the last `docker run` of the block began, in ms since 1970; 0: it has none. */
  readonly lastDockerRunAtMs: number
}

/**
 * Runs a block as it stands. A shell function in front of it puts `label` on what `docker` creates, so that the tests
 * remove what they made and nothing else, and notes when each container was started.
 * @throws Error when a command of the block fails
 */
export async function runBlock(name: string, label: string): Promise<WalkthroughRun> {
  const script = [
    'set -euo pipefail',
    'docker() {',
    '  case "$1" in',
    `    run) shift; echo "docker-run-at $(date +%s%3N)" >&3; command docker run --label ${label} "$@" ;;`,
    `    network) if [ "$2" = create ]; then shift 2; command docker network create --label ${label} "$@"; else command docker "$@"; fi ;;`,
    '    *) command docker "$@" ;;',
    '  esac',
    '}',
    block(`e2e: ${name}`),
  ].join('\n')
  const shell = spawn('bash', ['-c', script], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  const texts = ['', '', '']
  for (const [i, stream] of [shell.stdout, shell.stderr, shell.stdio[3]].entries()) {
    stream?.on('data', (chunk: Buffer) => {
      texts[i] += chunk.toString()
    })
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    shell.on('error', reject)
    shell.on('close', resolve)
  })
  const [stdout = '', stderr = '', notes = ''] = texts
  if (code !== 0) throw new Error(`README's block "${name}" ended with ${code}:\n${stdout}\n${stderr}`)
  const times = [...notes.matchAll(/docker-run-at (\d+)/g)].map((match) => Number(match[1]))
  return { stdout, lastDockerRunAtMs: times.at(-1) ?? 0 }
}
