import { CommanderError } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import { print, say } from './output.ts';
import { createProgram } from './program.ts';

/** Runs one command line and says how it ended. Never rejects: what goes wrong is one sentence on stderr and an exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  // Asked by the scripts of `wgtune completion`.
  if (args[0] === 'complete' && args[1] === '--') {
    const { completionAnswer } = await import('./complete.ts');
    print(completionAnswer(args.slice(2), process.env.WGTUNE_LOG || undefined));
    return exitCode.ok;
  }
  const program = createProgram();
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error, args);
    // Help and the version were asked for; commander ends with an error all the same.
    if (['commander.helpDisplayed', 'commander.help', 'commander.version'].includes(error.code)) return exitCode.ok;
    const names = program.commands.map((command) => command.name());
    say(
      `error: ${usageSentence(
        error,
        names.find((name) => args.includes(name)),
      )}`,
    );
    return exitCode.usage;
  }
}

/** Tells on stderr what went wrong, with the stack only where `--verbose` asks for it; returns the exit code. */
export function reportFailure(error: unknown, args: readonly string[]): number {
  const verbose = args.includes('--verbose');
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof UserError) {
    const { cause } = error;
    const causes = cause instanceof Error ? `\nthrown there: ${cause.stack}` : '';
    say(`error: ${verbose ? stack + causes : message}`);
    return error.exitCode;
  }
  const hint = `${message} (run it again with --verbose for the place, and report it)`;
  say(`error: this is a fault of wgtune: ${verbose ? stack : hint}`);
  return exitCode.failed;
}

/** Commander's complaint as one sentence that says what to do. */
function usageSentence({ code, message }: CommanderError, command: string | undefined): string {
  const said = message.replace(/^error: /, '').replace(/\.$/, '');
  const help = `see \`wgtune ${command === undefined ? '' : `${command} `}--help\``;
  if (said.includes('Did you mean')) return said.replace(/\s*\n\s*/g, ' ');
  switch (code) {
    case 'commander.missingArgument':
      return `${said}; \`wgtune ops\` lists the operators`;
    case 'commander.excessArguments':
      return `${said}; a shape is one word after -s, e.g. -s m=128,n=128`;
    default:
      return `${said}; ${help}`;
  }
}
