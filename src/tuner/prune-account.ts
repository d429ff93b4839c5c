import type { RoundAccount, RoundPruning } from '../records/record.ts';
import type { SearchStrategy } from '../search/strategy.ts';
import type { LayerTally } from '../search/tally.ts';
import type { PruneSummary, TuneResult } from './events.ts';

/** What became of the prefixes of a search that were not gone on with. */
export function prunedOf({ tally }: Pick<SearchStrategy, 'tally'>): TuneResult['pruned'] {
  const { looked, judged, deaths } = tally;
  return { looked, reasons: summaryOf(tally.byDepth), judged, cut: summaryOf(tally.cutByDepth), deaths };
}

function summaryOf(byDepth: ReadonlyMap<string, readonly number[]>): PruneSummary {
  return [...byDepth]
    .map(([reason, depths]) => ({ reason, count: depths.reduce((sum, count) => sum + count, 0), depths }))
    .sort((a, b) => b.count - a.count);
}

/**
 * The account of a search round by round: each call gives what was looked at, refused and cut since the one before, what the beams did, and the
 * time it took, for the first record of the round. What there was nothing of is left out.
 */
export function createRoundAccount(strategy: Pick<SearchStrategy, 'tally' | 'spentMs'>): () => RoundAccount {
  const { tally } = strategy;
  const now = () => ({
    looked: tally.looked,
    refused: copyOf(tally.byDepth),
    judged: tally.judged,
    cut: copyOf(tally.cutByDepth),
    deaths: tally.deaths,
    layers: tally.layers.length,
    spentMs: strategy.spentMs,
  });
  let before: ReturnType<typeof now> = {
    ...{ looked: 0, refused: {}, judged: 0, cut: {}, deaths: [], layers: 0 },
    spentMs: { propose: 0, fit: 0 },
  };
  return () => {
    const [from, to] = [before, now()];
    before = to;
    const deaths = to.deaths.flatMap(({ depth, reason, count }) => {
      const earlier = from.deaths.find((death) => death.depth === depth && death.reason === reason)?.count ?? 0;
      return count > earlier ? [{ depth, reason, count: count - earlier }] : [];
    });
    const pruned: RoundPruning = {
      looked: to.looked - from.looked,
      refused: growth(from.refused, to.refused),
      judged: to.judged - from.judged,
      cut: growth(from.cut, to.cut),
      ...(deaths.length === 0 ? {} : { deaths }),
    };
    const beams = beamsOf(tally.layers.slice(from.layers));
    return {
      ...(pruned.looked === 0 ? {} : { pruned }),
      ...(beams.length === 0 ? {} : { beams }),
      spentMs: { propose: to.spentMs.propose - from.spentMs.propose, fit: to.spentMs.fit - from.spentMs.fit },
    };
  };
}

/** Layers of several beams in one sketch are added up, with the best and the least score of all. */
function beamsOf(layers: readonly LayerTally[]): NonNullable<RoundAccount['beams']> {
  const names = [...new Set(layers.map(({ sketch }) => sketch))];
  return names.map((sketch) => {
    const own = layers.filter((layer) => layer.sketch === sketch);
    const depths = Array.from({ length: Math.max(...own.map(({ depth }) => depth)) }, (_, at) =>
      own.filter(({ depth }) => depth === at + 1),
    );
    const scores = (of: readonly (number | null)[]): readonly number[] => of.filter((score) => score !== null);
    return {
      sketch,
      judged: depths.map((at) => at.reduce((sum, { judged }) => sum + judged, 0)),
      kept: depths.map((at) => at.reduce((sum, { kept }) => sum + kept, 0)),
      best: depths.map((at) => extreme(scores(at.map(({ best }) => best)), Math.max)),
      least: depths.map((at) => extreme(scores(at.map(({ least }) => least)), Math.min)),
    };
  });
}

function extreme(scores: readonly number[], of: (...scores: number[]) => number): number | null {
  return scores.length === 0 ? null : of(...scores);
}

function copyOf(byDepth: ReadonlyMap<string, readonly number[]>): RoundPruning['cut'] {
  return Object.fromEntries([...byDepth].map(([reason, depths]) => [reason, [...depths]]));
}

/** Counts by reason and depth since `from`; reasons without any are left out. */
function growth(from: RoundPruning['cut'], to: RoundPruning['cut']): RoundPruning['cut'] {
  const grown = Object.entries(to).map(
    ([reason, depths]) => [reason, depths.map((count, depth) => count - (from[reason]?.[depth] ?? 0))] as const,
  );
  return Object.fromEntries(grown.filter(([, depths]) => depths.some((count) => count > 0)));
}
