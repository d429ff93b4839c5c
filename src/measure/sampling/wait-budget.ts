/** How long a run may wait for a shared machine to be quiet. Each trial adds time, so that a machine that is never quiet costs a bounded share. */
export interface WaitBudget {
  beginTrial(): void;
  /** Calls `isCalm` again and again until it says so; false when the time to wait ran out before. */
  wait(isCalm: () => Promise<boolean>): Promise<boolean>;
}

interface WaitLimits {
  /** Milliseconds of waiting that are available at first, that each trial adds, and that can be saved up at most. */
  readonly firstMs: number;
  readonly eachMs: number;
  readonly mostMs: number;
  /** Longest wait at a stretch. */
  readonly longestMs: number;
}

/** Seconds that each trial adds; half-speed windows of a shared host last up to some seconds, mostly less than one. */
const defaultQuietWait = 2.5;

/** `seconds`: what each trial adds. Half of the most that can be saved up may be spent in one wait: longer windows are not worth it. */
export function waitLimits(seconds: number = defaultQuietWait): WaitLimits {
  const eachMs = 1000 * seconds;
  return { firstMs: 2.4 * eachMs, eachMs, mostMs: 4.8 * eachMs, longestMs: 2.4 * eachMs };
}

/** Waiting takes at most this share of a time limit: what is left must suffice for the trials. */
const shareOfLimit = 1 / 3;

/**
 * Seconds that each of `trials` may wait: what `WGTUNE_QUIET_WAIT` asks for, for scripts and tests that cannot wait; where it says nothing
 * sensible, the default, or less under a limit of `limitSeconds` for all trials together.
 */
export function quietWaitOf(
  environment: Readonly<Record<string, string | undefined>>,
  trials = 1,
  limitSeconds = Number.POSITIVE_INFINITY,
): number {
  const seconds = Number(environment.WGTUNE_QUIET_WAIT ?? Number.NaN);
  return seconds >= 0 ? seconds : Math.min(defaultQuietWait, (shareOfLimit * limitSeconds) / trials);
}

export function createWaitBudget(
  { firstMs, eachMs, mostMs, longestMs }: WaitLimits = waitLimits(),
  now: () => number = () => performance.now(),
): WaitBudget {
  let leftMs = firstMs;
  return {
    beginTrial: () => {
      leftMs = Math.min(mostMs, leftMs + eachMs);
    },
    wait: async (isCalm) => {
      const begun = now();
      const end = begun + Math.min(leftMs, longestMs);
      try {
        while (now() < end) if (await isCalm()) return true;
        return false;
      } finally {
        leftMs = Math.max(0, leftMs - (now() - begun));
      }
    },
  };
}
