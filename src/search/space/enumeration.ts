import { createRandom } from '../../support/random.ts';
import type { Candidate, SearchSketch, SearchSpace } from '../strategy.ts';
import { walkCandidates } from './walk.ts';

/** Candidates beyond this are not enumerated: judging all of them every round would cost more than measuring. */
export const mostEnumerated = 30_000;
/** Prefixes looked at before a space is taken to be large: legal candidates may hide among many refused prefixes. */
const mostLooks = 400_000;
const probes = 48;

/**
 * How many candidates a sketch has, by Knuth's probing (1975): random descents, each worth the product of the legal options it passed;
 * their mean is right on average. A large space is thus recognised without being walked.
 */
function estimatedSize({ decisions, createPruner }: SearchSketch): number {
  const pruner = createPruner();
  const random = createRandom(decisions.length);
  const values = new Float64Array(decisions.length);
  let sum = 0;
  for (let probe = 0; probe < probes; probe++) {
    values.fill(Number.NaN);
    let size = 1;
    for (const [depth, { options }] of decisions.entries()) {
      const legal = options.filter((option) => {
        values[depth] = option;
        return pruner.check(values) === null;
      });
      size *= legal.length;
      if (size === 0) break;
      values[depth] = random.pick(legal);
    }
    sum += size;
  }
  return sum / probes;
}

/** Every legal candidate in the order of the options, or null where there are too many. */
export function enumerateCandidates(space: SearchSpace, most = mostEnumerated): readonly Candidate[] | null {
  const estimate = space.sketches.reduce((sum, sketch) => sum + estimatedSize(sketch), 0);
  if (estimate > 4 * most) return null;
  const found: Candidate[] = [];
  const walk = walkCandidates(
    space,
    space.sketches.map((sketch) => sketch.createPruner()),
    mostLooks,
  );
  for (;;) {
    const { value, done } = walk.next();
    if (done) return value ? found : null;
    if (found.push(value) > most) return null;
  }
}
