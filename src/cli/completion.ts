import { argv, execArgv, execPath } from 'node:process';
import type { Command } from 'commander';
import { oneOf } from './option-values.ts';
import { printJson } from './output.ts';

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
      script(shell, 'wgtune', command);
    });
}

/** As the scripts take it: a path with a space needs marks. */
function quoted(word: string): string {
  return /\s/.test(word) ? `'${word}'` : word;
}
