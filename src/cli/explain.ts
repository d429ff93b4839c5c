import type { Command } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import { addLookupOptions, type LookupFlags } from './kernel-options.ts';
import { print, printJson, say } from './output.ts';
import { addSourceOptions, type SourceFlags } from './schedule-source.ts';
import { findShown } from './shown.ts';

interface ExplainFlags extends LookupFlags, SourceFlags {
  readonly json?: boolean;
}

export function addExplainCommand(program: Command): void {
  const command = program
    .command('explain')
    .summary('show what each step of a schedule does to the loops')
    .description(
      'Replays a schedule step by step and prints the loop nest after each, with the changed lines marked. A step that is not legal ends it: the nest is shown with the guilty loops marked, why it was refused, and what would be legal; the exit code is then 1.',
    );
  addSourceOptions(addLookupOptions(command))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune explain matmul --naive
  wgtune explain matmul -s m=128,n=128,k=128
  wgtune explain matmul --schedule edited.json`,
    )
    .action(runExplain);
}

async function runExplain(operator: string, flags: ExplainFlags): Promise<void> {
  const { workload, trace, what } = await findShown(operator, flags);
  const { programOf } = await import('../tuner/build.ts');
  const { explainTrace, formatExplanation } = await import('../report/explanation.ts');
  const explanation = explainTrace(programOf(workload), trace);
  if (flags.json) printJson({ workload, trace, ...explanation });
  else {
    const { coloursFor } = await import('../report/terminal.ts');
    say(what);
    print(formatExplanation(explanation, coloursFor(process.stdout)));
  }
  const last = explanation.steps.at(-1);
  if (last !== undefined && last.refusal !== null)
    throw new UserError(
      `step ${explanation.steps.length} of the schedule is not legal: ${last.refusal}`,
      exitCode.failed,
    );
}
