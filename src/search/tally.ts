import type { PruneReason } from '../space/pruning.ts';

/** Refusals of exact pruning, by reason and by the number of decisions made. */
export interface PruneTally {
  /** Prefixes looked at. */
  readonly looked: number;
  readonly byReason: ReadonlyMap<PruneReason, number>;
  /** `byDepth.get(reason)[d]`: refused after d decisions. */
  readonly byDepth: ReadonlyMap<PruneReason, readonly number[]>;
  /** Beams of which no prefix had a legal child, by the number of decisions those would have made and the most frequent reason. */
  readonly deaths: readonly BeamDeath[];
}

export interface BeamDeath {
  readonly depth: number;
  readonly reason: PruneReason;
  readonly count: number;
}

/** A tally that is being kept. */
export interface TallyKeeper extends PruneTally {
  count(reason: PruneReason | null, depth: number): void;
  died(depth: number, reason: PruneReason): void;
}

export function createTally(): TallyKeeper {
  const byReason = new Map<PruneReason, number>();
  const byDepth = new Map<PruneReason, number[]>();
  const deaths = new Map<string, BeamDeath>();
  let looked = 0;
  return {
    get deaths() {
      return [...deaths.values()].sort((a, b) => b.count - a.count || a.depth - b.depth);
    },
    died(depth, reason) {
      const key = `${depth} ${reason}`;
      deaths.set(key, { depth, reason, count: (deaths.get(key)?.count ?? 0) + 1 });
    },
    get looked() {
      return looked;
    },
    byReason,
    byDepth,
    count(reason, depth) {
      looked++;
      if (reason === null) return;
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
      let depths = byDepth.get(reason);
      if (depths === undefined) {
        depths = [];
        byDepth.set(reason, depths);
      }
      while (depths.length <= depth) depths.push(0);
      depths[depth] = (depths[depth] as number) + 1;
    },
  };
}
