/** How a trial ends; a closed list. Every trial ends in exactly one of these, and its record carries the full error text. */
export const outcomes = [
  'ok',
  'refused',
  'build-error',
  'build-timeout',
  'run-timeout',
  'crash',
  'device-lost',
  'out-of-memory',
  'wrong-answer',
  'unstable',
] as const;
export type Outcome = (typeof outcomes)[number];

/** Outcomes of kernels that ran and gave right answers; the times of an `unstable` one scatter too much to count. */
export const rightOutcomes: readonly Outcome[] = ['ok', 'unstable'];

/** Whether a kernel ran and gave right answers, however steady its times are: that is a matter of the machine. */
export function ranRight({ outcome }: { readonly outcome: Outcome }): boolean {
  return rightOutcomes.includes(outcome);
}

/** What verification saw: how many output elements were compared, how many were wrong, and the first of those. */
export interface Verification {
  readonly checked: number;
  readonly wrong: number;
  /** Largest absolute difference from the reference among the compared elements. */
  readonly maxError: number;
  readonly firstWrong?: {
    readonly buffer: string;
    /** Flat row-major index. */
    readonly index: number;
    /** Each of both is a string where the number has no JSON form: `NaN`, `Infinity`, `-Infinity`. */
    readonly expected: number | string;
    readonly got: number | string;
    /** Name of the further inputs with which the element was wrong; absent for the workload's own. */
    readonly inputs?: string;
  };
  /** Names of the further inputs with which outputs were compared too (`normal`, `ones`); absent where there were none. */
  readonly further?: readonly string[];
}
