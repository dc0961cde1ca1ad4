// `hearsay completion`: what makes a shell complete commands and flags. The shell asks the program itself for what fits,
// by the flag that yargs knows for it (run.ts), so that the script never grows old. It must not write into any file.

import { command } from './command.ts'
import { usageError } from './context.ts'
import { EXIT } from './exit-codes.ts'

/** The command. */
export const completion = command({
  name: 'completion',
  summary: 'Print a script that completes commands and flags in bash or zsh',
  details:
    'Prints a script for your shell, which has to find an installed hearsay. For bash put into ~/.bashrc:\n' +
    'source <(hearsay completion bash)\n' +
    'and for zsh into ~/.zshrc, behind compinit:\n' +
    'source <(hearsay completion zsh)',
  positionals: [{ name: 'shell', description: 'bash or zsh; default: as $SHELL says', optional: true }],
  options: [],
  examples: [['completion bash >> ~/.bashrc', 'for every new shell']],
  async run(_values, { shell }, context) {
    const wanted = shell || (/zsh$/.test(context.env.SHELL ?? '') ? 'zsh' : 'bash')
    if (wanted !== 'bash' && wanted !== 'zsh') throw usageError(`"${wanted}" is not bash or zsh.`)
    context.stdout.write(wanted === 'zsh' ? ZSH : BASH)
    return EXIT.ok
  },
})

const BASH = `# hearsay completion for bash
_hearsay_completions() {
  local cur=\${COMP_WORDS[COMP_CWORD]}
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(SHELL=bash "\${COMP_WORDS[0]}" --get-yargs-completions "\${COMP_WORDS[@]}" 2>/dev/null)" -- "$cur"))
  # Nothing fits: file names.
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _hearsay_completions hearsay
`

const ZSH = `#compdef hearsay
# hearsay completion for zsh
_hearsay_completions() {
  local -a replies
  replies=(\${(f)"$(SHELL=zsh "\${words[1]}" --get-yargs-completions "\${words[@]}" 2>/dev/null)"})
  if (( $#replies )); then _describe 'hearsay' replies; else _files; fi
}
compdef _hearsay_completions hearsay
`
