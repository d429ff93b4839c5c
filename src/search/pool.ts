import type { Random } from '../support/random.ts';
import { completeAtRandom } from './completion.ts';
import { createHistory, type History } from './history.ts';
import { listCandidates } from './listing.ts';
import type { Candidate, SearchSpace } from './strategy.ts';
import { createTally, type TallyKeeper } from './tally.ts';
import { firstUnseen } from './unseen.ts';

const drawsBeforeGivingUp = 200;
const triesAMutation = 12;

/** Where strategies take candidates from; counts what exact pruning refuses and knows what was taken. */
export interface Pool {
  readonly history: History;
  readonly tally: TallyKeeper;
  /** Every legal candidate, where the space is small enough; null in a large one. */
  readonly listed: readonly Candidate[] | null;
  /** One that nobody took, at random: uniformly in a listed space. Null where there is none left. */
  unseen(): Candidate | null;
  /** A legal candidate at random, taken or not; null where none was found. */
  any(): Candidate | null;
  /** The same with one decision made otherwise; null where no other option is legal in a few tries. */
  mutated(candidate: Candidate): Candidate | null;
}

export function createPool(space: SearchSpace, random: Random, { listing = true } = {}): Pool {
  const history = createHistory(space);
  const tally = createTally();
  const pruners = space.sketches.map((sketch) => {
    const pruner = sketch.createPruner();
    return {
      check: (values: Float64Array) => {
        const reason = pruner.check(values);
        let depth = 0;
        while (depth < values.length && !Number.isNaN(values[depth] as number)) depth++;
        tally.count(reason, depth);
        return reason;
      },
    };
  });
  const listed = listing ? listCandidates(space) : null;
  // Candidates in the order in which chance will hand them out.
  const order = listed === null ? [] : random.shuffled(listed);
  let next = 0;

  const any = (): Candidate | null => {
    if (listed !== null) return listed.length === 0 ? null : random.pick(listed);
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

  return {
    history,
    tally,
    listed,
    any,
    unseen() {
      if (listed !== null) {
        while (next < order.length && history.has(order[next] as Candidate)) next++;
        return order[next] ?? null;
      }
      for (let draw = 0; draw < drawsBeforeGivingUp; draw++) {
        const candidate = any();
        if (candidate === null) break;
        if (!history.has(candidate)) return candidate;
      }
      return firstUnseen(space, pruners, history);
    },
    mutated({ sketch, values }) {
      const { decisions } = space.sketches[sketch] as SearchSpace['sketches'][number];
      const open = decisions.flatMap(({ options }, at) => (options.length > 1 ? [at] : []));
      if (open.length === 0) return null;
      const changed = Float64Array.from(values);
      for (let attempt = 0; attempt < triesAMutation; attempt++) {
        const at = random.pick(open);
        const held = changed[at] as number;
        const others = (decisions[at]?.options ?? []).filter((option) => option !== held);
        changed[at] = random.pick(others);
        if (pruners[sketch]?.check(changed) === null) return { sketch, values: [...changed], score: null };
        changed[at] = held;
      }
      return null;
    },
  };
}
