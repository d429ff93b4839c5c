import type { Command } from 'commander';
import { UserError } from '../support/errors.ts';

/** Options that name a schedule instead of the best known one. */
export interface SourceFlags {
  readonly schedule?: string;
  readonly naive?: boolean;
}

export function checkOneSource({ schedule, naive }: SourceFlags): void {
  if (schedule !== undefined && naive)
    throw new UserError('--schedule and --naive name two schedules; give one of them');
}

export function addSourceOptions(command: Command): Command {
  return command
    .option(
      '--schedule <file>',
      'a schedule file: a trace, with or without its workload, one line of a log, or rules of `wgtune distill`',
    )
    .option('--naive', 'the naive schedule: one invocation per output, nothing tiled');
}
