import type { CostModel, TrainingData } from '../../src/cost-model/cost-model.ts';
import { createHistory } from '../../src/search/history.ts';
import { createPrefixScorer, type PrefixScorerOptions } from '../../src/search/scoring/prefix-scorer.ts';
import type { Random } from '../../src/support/random.ts';
import type { Measured } from './measured.ts';
import type { Prefixes } from './prefixes.ts';

/** Scores of prefixes, as the beam scores them; one per prefix, higher is better. */
export function judged(
  { space }: Measured,
  { prefixes }: Pick<Prefixes, 'prefixes'>,
  model: CostModel,
  options: PrefixScorerOptions,
  random: Random,
): Float32Array {
  const scores = new Float32Array(prefixes.length);
  for (const [index, sketch] of space.sketches.entries()) {
    const own = prefixes.flatMap((prefix, at) => (prefix.sketch === index ? [at] : []));
    const first = own[0];
    if (first === undefined) continue;
    const width = sketch.decisions.length;
    const matrix = new Float64Array(own.length * width);
    for (const [row, at] of own.entries()) matrix.set(prefixes[at]?.values as Float64Array, row * width);
    const into = new Float32Array(own.length);
    createPrefixScorer(sketch, space.columns, model, options, random).score(
      matrix,
      own.length,
      prefixes[first]?.depth as number,
      into,
    );
    for (const [row, at] of own.entries()) scores[at] = into[row] as number;
  }
  return scores;
}

/** The rows that a search would learn from, had it measured these candidates of a workload (indices). */
export function rowsOf({ space, candidates, timesNs }: Measured, of: readonly number[]): TrainingData {
  const history = createHistory(space);
  for (const item of of)
    history.add({
      candidate: candidates[item] as Measured['candidates'][number],
      timeNs: timesNs[item] as number,
    });
  return history.trainingData();
}

/** Rows of several workloads, each workload a group of its own: only rows of one group are compared. */
export function joined(parts: readonly TrainingData[]): TrainingData {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const columns = parts[0]?.columns ?? 0;
  const rows = new Float32Array(count * columns);
  const [labels, groups] = [new Float32Array(count), new Uint32Array(count)];
  let at = 0;
  for (const [group, part] of parts.entries()) {
    rows.set(part.rows.subarray(0, part.count * columns), at * columns);
    labels.set(part.labels.subarray(0, part.count), at);
    groups.fill(group, at, at + part.count);
    at += part.count;
  }
  return { rows, columns, count, labels, groups };
}
