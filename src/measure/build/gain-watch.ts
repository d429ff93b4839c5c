/** Finds out from the first builds whether the driver lets a process reuse what another one compiled. */
interface GainWatch {
  /** A candidate took `aheadMs` to build in another process, and then `hereMs` in the measuring one. */
  see(aheadMs: number, hereMs: number): void;
  /** Whether building ahead is known to help. */
  isProved(): boolean;
  /** Why nothing is built ahead any more, in one sentence; null while building ahead goes on. */
  givenUp(): string | null;
  giveUp(why: string): void;
}

/** A build quicker than this says nothing: the driver may have had it in its cache from an earlier run. */
const leastMs = 100;
/** Number of builds that decide. */
const enough = 2;
/** Building ahead helps where repeating a build takes at most this share of the first time. Builds side by side take up to twice as long as alone. */
const worthwhile = 0.3;

export function createGainWatch(): GainWatch {
  let pairs = 0;
  let ahead = 0;
  let here = 0;
  let verdict: 'open' | 'proved' | 'given up' = 'open';
  let why: string | null = null;
  const giveUp = (reason: string): void => {
    verdict = 'given up';
    why ??= reason;
  };
  return {
    see: (aheadMs, hereMs) => {
      if (verdict !== 'open' || aheadMs < leastMs) return;
      pairs++;
      ahead += aheadMs;
      here += hereMs;
      if (pairs < enough) return;
      if (here <= worthwhile * ahead) verdict = 'proved';
      else
        giveUp(
          `the driver keeps nothing for other processes: ${pairs} candidates took ${Math.round(ahead)} ms to build ahead, and ${Math.round(here)} ms again where they were measured`,
        );
    },
    isProved: () => verdict === 'proved',
    givenUp: () => why,
    giveUp,
  };
}
