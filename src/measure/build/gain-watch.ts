/** Finds out from the first builds whether a driver keeps for other processes what one of them compiled. */
interface GainWatch {
  /** A candidate took `aheadMs` to build in another process, and then `hereMs` in the measuring one. */
  see(aheadMs: number, hereMs: number): void;
  /** It is known that building ahead helps. */
  isProved(): boolean;
  /** Why nothing is built ahead any more, one sentence; null while something is. */
  givenUp(): string | null;
  giveUp(why: string): void;
}

/** A build as quick as this says nothing: it may have been in the driver's cache from an earlier run. */
const leastMs = 100;
/** So many builds decide. */
const enough = 2;
/** Share of its first time that a build may still take where it was built before. Builds side by side take up to twice their time alone. */
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
