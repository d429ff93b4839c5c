import type { RoundPruning } from '../records/record.ts';
import type { SearchStrategy } from '../search/strategy.ts';
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
 * The account of early pruning round by round: each call gives what was looked at, refused and cut since the one before, for the first record
 * of the round. Null where there was nothing.
 */
export function createPruneAccount({ tally }: Pick<SearchStrategy, 'tally'>): () => RoundPruning | null {
  let before: RoundPruning = { looked: 0, refused: {}, judged: 0, cut: {} };
  const now = (): RoundPruning => ({
    looked: tally.looked,
    refused: copyOf(tally.byDepth),
    judged: tally.judged,
    cut: copyOf(tally.cutByDepth),
  });
  return () => {
    const [from, to] = [before, now()];
    before = to;
    if (to.looked === from.looked) return null;
    return {
      looked: to.looked - from.looked,
      refused: growth(from.refused, to.refused),
      judged: to.judged - from.judged,
      cut: growth(from.cut, to.cut),
    };
  };
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
