import type { Random } from '../../support/random.ts';
import { createHistory, type History } from '../history.ts';
import type { Candidate, SearchSpace } from '../strategy.ts';
import { createTally, type TallyKeeper } from '../tally.ts';
import { completeAtRandom } from './completion.ts';
import { enumerateCandidates } from './enumeration.ts';
import { countingPruners, walkCandidates } from './walk.ts';

const drawsBeforeGivingUp = 200;
const triesPerMutation = 12;
/** Prefixes looked at before the search for a space's last candidates ends: a small space is finished, a large one is left to chance. */
const mostLooks = 20_000;

/** Draws legal candidates from a space; counts what exact pruning refuses and knows what was taken. */
export interface Sampler {
  readonly history: History;
  readonly tally: TallyKeeper;
  /** Every legal candidate, where the space can be enumerated; null elsewhere. */
  readonly all: readonly Candidate[] | null;
  /** A legal candidate not taken yet, at random: uniformly where all are known. Null where none is left. */
  unseen(): Candidate | null;
  /** A legal candidate at random, taken or not; null where none was found. */
  any(): Candidate | null;
  /**
   * The same candidate with one decision made otherwise, and of the later ones those that are not legal with it; null where no other option is legal
   * in a few tries.
   */
  mutated(candidate: Candidate): Candidate | null;
}

/** `all`: what `enumerateCandidates` found, where that is known already; null draws by random descents, however small the space. */
export function createSampler(
  space: SearchSpace,
  random: Random,
  all: readonly Candidate[] | null = enumerateCandidates(space),
): Sampler {
  const history = createHistory(space);
  const tally = createTally();
  const pruners = countingPruners(space, tally);
  // Candidates in the random order in which they are handed out.
  const order = all === null ? [] : random.shuffled(all);
  let next = 0;

  const any = (): Candidate | null => {
    if (all !== null) return all.length === 0 ? null : random.pick(all);
    for (let draw = 0; draw < drawsBeforeGivingUp; draw++) {
      const sketch = random.below(space.sketches.length);
      const { decisions } = space.sketches[sketch] as SearchSpace['sketches'][number];
      const values = new Float64Array(decisions.length).fill(Number.NaN);
      const pruner = pruners[sketch] as (typeof pruners)[number];
      if (completeAtRandom({ decisions }, pruner, values, 0, random))
        return { sketch, values: [...values], score: null };
    }
    return null;
  };

  const firstUnseen = (): Candidate | null => {
    for (const candidate of walkCandidates(space, pruners, mostLooks)) if (!history.has(candidate)) return candidate;
    return null;
  };

  return {
    history,
    tally,
    all,
    any,
    unseen() {
      if (all !== null) {
        while (next < order.length && history.has(order[next] as Candidate)) next++;
        return order[next] ?? null;
      }
      for (let draw = 0; draw < drawsBeforeGivingUp; draw++) {
        const candidate = any();
        if (candidate === null) break;
        if (!history.has(candidate)) return candidate;
      }
      return firstUnseen();
    },
    mutated({ sketch, values }) {
      const { decisions } = space.sketches[sketch] as SearchSpace['sketches'][number];
      const open = decisions.flatMap(({ options }, at) => (options.length > 1 ? [at] : []));
      if (open.length === 0) return null;
      const pruner = pruners[sketch] as (typeof pruners)[number];
      for (let attempt = 0; attempt < triesPerMutation; attempt++) {
        const at = random.pick(open);
        const others = (decisions[at]?.options ?? []).filter((option) => option !== values[at]);
        const changed = Float64Array.from(values, (value, d) => (d <= at ? value : Number.NaN));
        changed[at] = random.pick(others);
        if (pruner.check(changed, at) !== null) continue;
        if (completeAtRandom({ decisions }, pruner, changed, at + 1, random, values))
          return { sketch, values: [...changed], score: null };
      }
      return null;
    },
  };
}
