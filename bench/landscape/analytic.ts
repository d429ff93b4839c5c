import { createFittedModel } from '../../src/cost-model/fitted-model.ts';
import { featureRows } from '../../src/search/space/feature-rows.ts';
import { createRandom } from '../../src/support/random.ts';
import type { Measured } from '../ranking/measured.ts';

/**
 * Logarithms of times, up to a constant, as the analytic model has them: with its usual costs, or with costs fitted to `taught` of the candidates,
 * drawn at random, which are then left out of `others`.
 */
export function analyticPredictions(
  { space, candidates, timesNs }: Measured,
  taught: number,
  seed: number,
): { readonly predicted: readonly number[]; readonly others: readonly number[] } {
  const { columns } = space;
  const count = candidates.length;
  const rows = featureRows({ space, candidates });
  const order = createRandom(seed)
    .fork('taught')
    .shuffled(candidates.map((_, at) => at));
  const lesson = order.slice(0, taught);
  const model = createFittedModel(space.device.type);
  if (lesson.length > 0) {
    const taughtRows = new Float32Array(lesson.length * columns);
    for (const [place, at] of lesson.entries())
      taughtRows.set(rows.subarray(at * columns, (at + 1) * columns), place * columns);
    const fastest = Math.min(...lesson.map((at) => timesNs[at] as number));
    const labels = Float32Array.from(lesson, (at) => fastest / (timesNs[at] as number));
    model.fit({ rows: taughtRows, columns, count: lesson.length, labels });
  }
  const scores = new Float32Array(count);
  model.score(rows, count, columns, scores);
  return { predicted: Array.from(scores, (score) => -score), others: order.slice(lesson.length) };
}
