import { argv, execArgv, execPath } from 'node:process';
import type { Command } from 'commander';
import { oneOf } from './option-values.ts';
import { print, printJson } from './output.ts';

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
type Shell = (typeof shells)[number];

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .summary('print a script that completes commands in a shell')
    .description(
      'Prints a script that makes a shell complete commands, options, operators, devices and element types of wgtune: for bash `source <(wgtune completion bash)` in ~/.bashrc, for zsh the same in ~/.zshrc after compinit, for fish `wgtune completion fish > ~/.config/fish/completions/wgtune.fish`, for PowerShell `wgtune completion powershell | Out-String | Invoke-Expression` in $PROFILE.',
    )
    .argument('<shell>', `one of ${shells.join(', ')}`, oneOf('shell', shells))
    .option('--json', 'tell the command that a script asks, as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wgtune completion bash > ~/.wgtune-completion\n  wgtune completion fish --json',
    )
    .action(async (shell: Shell, { json }: { readonly json?: boolean }) => {
      const command = [execPath, ...execArgv, argv[1] ?? 'wgtune'].map(quoted).join(' ');
      if (json) {
        printJson({ shell, command: `${command} complete -- <words>` });
        return;
      }
      const { script } = await import('@bomb.sh/tab');
      const { before, after } = shell === 'bash' ? aroundBash : { before: '', after: '' };
      if (before !== '') print(before);
      script(shell, 'wgtune', command);
      if (after !== '') print(after);
    });
}

/**
 * What bash needs besides. The script makes constants, so that it must not be read twice; it asks a function of the package bash-completion, which macOS and small
 * systems do not have, for the words as they were typed; bash itself replaces only what stands behind the last = or :, and offers files where there is
 * nothing better only if it is told to.
 */
const aroundBash = {
  before: `if ! declare -F __wgtune_complete > /dev/null; then
if ! declare -F _get_comp_words_by_ref > /dev/null; then
    _get_comp_words_by_ref() {
        local line=\${COMP_LINE:0:COMP_POINT}
        read -r -a words <<< "$line"
        [[ $line == *' ' ]] && words+=('')
        cword=$((\${#words[@]} - 1))
        cur=\${words[cword]}
        prev=\${words[cword - 1]}
    }
fi`,
  after: `__wgtune_complete_word() {
    __wgtune_complete
    local word=\${COMP_LINE:0:COMP_POINT}
    word=\${word##* }
    local kept=\${word%"\${word##*[=:]}"}
    COMPREPLY=("\${COMPREPLY[@]#"$kept"}")
}
complete -o default -F __wgtune_complete_word wgtune
fi`,
} as const;

/** As the scripts take it: a path with a space needs marks. */
function quoted(word: string): string {
  return /\s/.test(word) ? `'${word}'` : word;
}
