/**
 * How many random schedules each property tries, unless it says otherwise: `WGTUNE_PROPERTY_CASES=5000 npx vitest run test/property` tries more,
 * `WGTUNE_PROPERTY_SEED=7` tries others. Every failure prints the seed and the case.
 */
export const seed = Number(process.env.WGTUNE_PROPERTY_SEED ?? 20261120);

export function caseCount(usual: number): number {
  return Number(process.env.WGTUNE_PROPERTY_CASES ?? usual);
}

/** Milliseconds that this many cases may take on a machine that is busy with something else. */
export function timeoutFor(count: number, msEach: number): number {
  return 30_000 + count * msEach;
}
