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
