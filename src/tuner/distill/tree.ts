import type { RuleNode } from './rules.ts';

/** Costs of some schedules on some cases: `costs[case][schedule]` is time over the best known, less one; Infinity where the schedule does not fit. */
type Costs = readonly ArrayLike<number>[];

/** Beyond this, worse makes no difference: one shape that nothing suits must not decide for all others. */
const worstCost = 4;

function boundedCost(cost: number): number {
  return Math.min(cost, worstCost);
}

/**
 * Chooses at most `most` schedules one after the other, each the one that lowers the mean cost most when every case takes the best of those chosen; ends
 * where the next would gain less than a thousandth. Indices, in the order of the choice.
 */
export function chooseGreedily(costs: Costs, schedules: number, most: number): readonly number[] {
  const chosen: number[] = [];
  const held = new Float64Array(costs.length).fill(worstCost);
  while (chosen.length < most) {
    let best = -1;
    let bestGain = costs.length / 1000;
    for (let schedule = 0; schedule < schedules; schedule++) {
      let gain = 0;
      for (const [at, row] of costs.entries())
        gain += Math.max(0, (held[at] as number) - boundedCost(row[schedule] as number));
      if (gain > bestGain) [best, bestGain] = [schedule, gain];
    }
    if (best < 0) break;
    chosen.push(best);
    for (const [at, row] of costs.entries()) held[at] = Math.min(held[at] as number, boundedCost(row[best] as number));
  }
  return chosen;
}

export interface TreeLimits {
  /** Questions on the way to a leaf, at most. */
  readonly depth: number;
  /** Cases that a leaf holds, at least. */
  readonly leaf: number;
}

/**
 * A tree over the features of cases whose leaves each name the schedules by their mean cost, the best first: at each node the question that lowers the
 * cost of the best schedules of its two sides most. (A cost-sensitive CART.)
 */
export function growTree(
  features: readonly ArrayLike<number>[],
  costs: Costs,
  schedules: number,
  { depth: deepest, leaf: fewest }: TreeLimits,
): readonly RuleNode[] {
  const nodes: RuleNode[] = [];
  const grow = (cases: readonly number[], depth: number): number => {
    const at = nodes.length;
    const order = orderOf(cases, costs, schedules);
    nodes.push({ kind: 'leaf', order, cases: cases.length });
    const split = depth < deepest ? bestSplit(cases, features, costs, schedules, fewest) : null;
    if (split === null) return at;
    const { feature, below } = split;
    const isBelow = (one: number): boolean => ((features[one] as ArrayLike<number>)[feature] as number) < below;
    const yes = grow(cases.filter(isBelow), depth + 1);
    const no = grow(
      cases.filter((one) => !isBelow(one)),
      depth + 1,
    );
    nodes[at] = { kind: 'split', feature, below, yes, no };
    return at;
  };
  grow([...costs.keys()], 0);
  return nodes;
}

/** Schedules that stay in a leaf: further ones would be there for shapes that have none of the sketches before. */
const mostOrdered = 4;

function orderOf(cases: readonly number[], costs: Costs, schedules: number): number[] {
  const sums = Array.from({ length: schedules }, (_, schedule) => ({ schedule, sum: costOf(cases, costs, schedule) }));
  return sums
    .sort((a, b) => a.sum - b.sum || a.schedule - b.schedule)
    .slice(0, mostOrdered)
    .map(({ schedule }) => schedule);
}

function costOf(cases: readonly number[], costs: Costs, schedule: number): number {
  return cases.reduce((sum, one) => sum + boundedCost((costs[one] as ArrayLike<number>)[schedule] as number), 0);
}

function leastCost(cases: readonly number[], costs: Costs, schedules: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let schedule = 0; schedule < schedules; schedule++) least = Math.min(least, costOf(cases, costs, schedule));
  return least;
}

function bestSplit(
  cases: readonly number[],
  features: readonly ArrayLike<number>[],
  costs: Costs,
  schedules: number,
  fewest: number,
): { readonly feature: number; readonly below: number } | null {
  const whole = leastCost(cases, costs, schedules);
  let best: { readonly feature: number; readonly below: number } | null = null;
  // What a question gains must be worth reading it: half a percent of the cases' time.
  let bestCost = whole - 0.005 * cases.length;
  const columns = features[0]?.length ?? 0;
  for (let feature = 0; feature < columns; feature++) {
    const numberOf = (one: number): number => (features[one] as ArrayLike<number>)[feature] as number;
    const sorted = cases.filter((one) => Number.isFinite(numberOf(one))).sort((a, b) => numberOf(a) - numberOf(b));
    // A case without the number would always go to `no`.
    if (sorted.length < cases.length) continue;
    for (let at = fewest; at <= sorted.length - fewest; at++) {
      const [low, high] = [numberOf(sorted[at - 1] as number), numberOf(sorted[at] as number)];
      if (low === high) continue;
      const cost = leastCost(sorted.slice(0, at), costs, schedules) + leastCost(sorted.slice(at), costs, schedules);
      if (cost < bestCost) {
        bestCost = cost;
        best = { feature, below: (low + high) / 2 };
      }
    }
  }
  return best;
}
