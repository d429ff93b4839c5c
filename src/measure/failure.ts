import type { Outcome } from '../records/outcome.ts';
import type { MeasureResult } from './runner.ts';

/** Why a trial ended early: a value, not an exception, so that no candidate can throw past the runner. */
export interface Failure {
  readonly kind: 'failure';
  readonly outcome: Exclude<Outcome, 'ok'>;
  readonly error: string;
}

export function fail(outcome: Failure['outcome'], error: string): Failure {
  return { kind: 'failure', outcome, error };
}

export function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'failure';
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The result of a trial of which only the failure is known. */
export function failedResult(
  { outcome, error }: Failure,
  totalMs: number,
  phases: Partial<MeasureResult['phasesMs']> = {},
): MeasureResult {
  return {
    outcome,
    error,
    samplesNs: [],
    medianNs: null,
    relative: null,
    references: null,
    clock: null,
    stoppedEarly: false,
    verification: null,
    phasesMs: { build: 0, verify: 0, time: 0, ...phases, total: totalMs },
  };
}
