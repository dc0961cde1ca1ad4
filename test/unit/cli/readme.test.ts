// What the README says of options, exit codes and commands is what the program has. Where a table differs, the failure
// shows the right one to paste.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { EXIT_CODES } from '../../../src/cli/exit-codes.ts'
import type { OptionSpec } from '../../../src/cli/option-spec.ts'
import { OPTIONS } from '../../../src/cli/option-table.ts'
import { fallbackText, type OptionKey } from '../../../src/cli/options.ts'
import { COMMANDS } from '../../../src/cli/run.ts'

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

function between(marker: string): string {
  const found = new RegExp(`<!-- ${marker} -->\\n(.*?)<!-- /${marker} -->`, 's').exec(readme)
  assert.ok(found, `README.md has the markers <!-- ${marker} -->`)
  return found[1] ?? ''
}

function optionRow(key: OptionKey): string {
  const option: OptionSpec<unknown> = OPTIONS[key]
  const value = option.placeholder === undefined ? '' : ` <${option.placeholder.replaceAll('|', '\\|')}>`
  const special = Object.keys(option.fallbackIn ?? {}).map((name) => `; ${name}: ${fallbackText(key, name)}`)
  const commands = COMMANDS.filter((command) => command.options.includes(key)).map((command) => command.name)
  const cells = [
    `\`--${option.flag}${value}\``,
    option.env.map((name) => `\`${name}\``).join(', '),
    `${fallbackText(key)}${special.join('')}`.replaceAll('<', '&lt;'),
    commands.join(', '),
    option.description,
  ]
  return `| ${cells.join(' | ')} |`
}

describe('README', () => {
  it('has the table of options', () => {
    const rows = (Object.keys(OPTIONS) as OptionKey[]).map(optionRow)
    const table = [
      '| Flag | Environment | Default | Of | What it does |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ]
    assert.equal(between('options'), table.join('\n'), `the right table:\n${table.join('\n')}`)
  })

  it('has the exit codes', () => {
    const rows = EXIT_CODES.map(({ code, text }) => `| ${code} | ${text} |`)
    const table = ['| Code | Meaning |', '|---|---|', ...rows, '']
    assert.equal(between('exit-codes'), table.join('\n'), `the right table:\n${table.join('\n')}`)
  })

  it('names every command', () => {
    for (const { name } of COMMANDS) assert.match(readme, new RegExp(`\`${name}[ \`]`), name)
  })

  it('says the same to docker in bash and in PowerShell', () => {
    const plain = (code: string) =>
      (code.match(/docker (?:run|network|logs|rm).*/g) ?? []).map((line) =>
        line
          .replaceAll(/["']/g, '')
          .replaceAll(/\$\(\(5000\+i\)\)|\$\(5000\+\$i\)/g, '<port>')
          .replaceAll(/\$\{i\}|\$i/g, '<i>')
          .replace(/\$\(seq .*\)|\(1\.\.30 .*\)/, '<all nodes>'),
      )
    for (const name of ['start', 'look', 'clean-up']) {
      const [bash = '', powershell = ''] = [`e2e: ${name}`, `powershell: ${name}`].map(
        (marker) => new RegExp(`<!-- ${marker} -->\\n\`\`\`\\w+\\n(.*?)\`\`\``, 's').exec(readme)?.[1],
      )
      assert.ok(plain(bash).length > 0)
      assert.deepEqual(plain(powershell), plain(bash))
    }
  })
})
