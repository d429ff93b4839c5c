import type { PruneReason } from '../space/pruning.ts';

/** Why a beam does not go on with a legal prefix: others of its depth have better scores, or no legal completion of it was found. */
export type CutReason = 'outscored' | 'no-completion';

/** What became of prefixes, by the number of decisions made: refusals of exact pruning by reason, and cuts of a beam by judgement. */
export interface PruneTally {
  /** Prefixes looked at. */
  readonly looked: number;
  readonly byReason: ReadonlyMap<PruneReason, number>;
  /** `byDepth.get(reason)[d]`: refused after d decisions. */
  readonly byDepth: ReadonlyMap<PruneReason, readonly number[]>;
  /** Legal prefixes that a beam scored to choose among them, complete candidates aside. */
  readonly judged: number;
  /** `cutByDepth.get(reason)[d]`: legal prefixes of d decisions with which the beam did not go on. */
  readonly cutByDepth: ReadonlyMap<CutReason, readonly number[]>;
  /** Beams of which no prefix had a legal child, by the number of decisions those would have made and the most frequent reason. */
  readonly deaths: readonly BeamDeath[];
  /** What the beams did at every depth, in the order in which they were done with it. */
  readonly layers: readonly LayerTally[];
}

/** What a beam did with the legal prefixes of one depth of a sketch. Scores are null where no legal completion was found. */
export interface LayerTally {
  readonly sketch: string;
  /** Decisions made. */
  readonly depth: number;
  readonly judged: number;
  /** Prefixes with which the beam went on, and the best and the least of their scores. */
  readonly kept: number;
  readonly best: number | null;
  readonly least: number | null;
}

export interface BeamDeath {
  readonly depth: number;
  readonly reason: PruneReason;
  readonly count: number;
}

/** A tally that is being kept. */
export interface TallyKeeper extends PruneTally {
  count(reason: PruneReason | null, depth: number): void;
  judge(count: number): void;
  cut(reason: CutReason, depth: number): void;
  died(depth: number, reason: PruneReason): void;
  layer(layer: LayerTally): void;
}

export function createTally(): TallyKeeper {
  const byReason = new Map<PruneReason, number>();
  const byDepth = new Map<PruneReason, number[]>();
  const cutByDepth = new Map<CutReason, number[]>();
  const deaths = new Map<string, BeamDeath>();
  const layers: LayerTally[] = [];
  let looked = 0;
  let judged = 0;
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
    get judged() {
      return judged;
    },
    byReason,
    byDepth,
    cutByDepth,
    layers,
    layer: (layer) => {
      layers.push(layer);
    },
    judge(count) {
      judged += count;
    },
    cut: (reason, depth) => countAt(cutByDepth, reason, depth),
    count(reason, depth) {
      looked++;
      if (reason === null) return;
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
      countAt(byDepth, reason, depth);
    },
  };
}

/** Lists grow to the deepest prefix counted and no further: counting allocates nothing then. */
function countAt<Reason>(byDepth: Map<Reason, number[]>, reason: Reason, depth: number): void {
  let depths = byDepth.get(reason);
  if (depths === undefined) {
    depths = [];
    byDepth.set(reason, depths);
  }
  while (depths.length <= depth) depths.push(0);
  depths[depth] = (depths[depth] as number) + 1;
}

/** Two tallies that are being kept, seen as one. */
export function joinTallies(a: PruneTally, b: PruneTally): PruneTally {
  const layers: LayerTally[] = [];
  let [ofA, ofB] = [0, 0];
  return {
    get looked() {
      return a.looked + b.looked;
    },
    get judged() {
      return a.judged + b.judged;
    },
    // Both may build beams, and readers take the layers after those that they know: new ones come last.
    get layers() {
      layers.push(...a.layers.slice(ofA), ...b.layers.slice(ofB));
      [ofA, ofB] = [a.layers.length, b.layers.length];
      return layers;
    },
    get byReason() {
      return joined(a.byReason, b.byReason, (one, other) => one + other);
    },
    get byDepth() {
      return joined(a.byDepth, b.byDepth, sumsOf);
    },
    get cutByDepth() {
      return joined(a.cutByDepth, b.cutByDepth, sumsOf);
    },
    get deaths() {
      const deaths = new Map<string, BeamDeath>();
      for (const death of [...a.deaths, ...b.deaths]) {
        const key = `${death.depth} ${death.reason}`;
        deaths.set(key, { ...death, count: death.count + (deaths.get(key)?.count ?? 0) });
      }
      return [...deaths.values()].sort((one, other) => other.count - one.count || one.depth - other.depth);
    },
  };
}

function joined<Key, Value>(
  a: ReadonlyMap<Key, Value>,
  b: ReadonlyMap<Key, Value>,
  join: (a: Value, b: Value) => Value,
): ReadonlyMap<Key, Value> {
  const both = new Map(a);
  for (const [key, value] of b) {
    const held = both.get(key);
    both.set(key, held === undefined ? value : join(held, value));
  }
  return both;
}

function sumsOf(a: readonly number[], b: readonly number[]): readonly number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, at) => (a[at] ?? 0) + (b[at] ?? 0));
}
