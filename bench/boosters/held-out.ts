import type { TreeTrainer } from '../../src/cost-model/booster.ts';
import type { TrainingData } from '../../src/cost-model/cost-model.ts';
import { createXgboostModel, type XgboostModelOptions } from '../../src/cost-model/xgboost-model.ts';
import { createRandom } from '../../src/support/random.ts';
import { joined, rowsOf } from '../ranking/judging.ts';
import type { Measured } from '../ranking/measured.ts';
import { pairwiseAccuracy } from '../ranking/measures.ts';

/** How a trainer did on candidates that it had not seen. */
export interface HeldOut {
  readonly trainer: TreeTrainer['name'];
  /** Fraction of the pairs of unseen candidates in the right order. */
  readonly accuracy: number;
  /** Milliseconds of the fit. */
  readonly fitMs: number;
}

export interface Draw {
  /** Candidates that teach, drawn at random; of the others so many are judged. */
  readonly taught: number;
  readonly judged: number;
  readonly seed: number;
  readonly objective: NonNullable<XgboostModelOptions['objective']>;
}

/** The model of a search, trained by each trainer on the same candidates of a workload and asked about the same others. */
export async function heldOutBy(
  trainers: readonly TreeTrainer[],
  measured: Measured,
  { taught, judged, seed, objective }: Draw,
): Promise<readonly HeldOut[]> {
  const order = createRandom(seed).shuffled(measured.candidates.map((_, item) => item));
  const lesson = rowsOf(measured, order.slice(0, taught));
  const asked = order.slice(taught, taught + judged);
  const rows = rowsOf(measured, asked);
  const found: HeldOut[] = [];
  for (const trainer of trainers) {
    const { scores, fitMs } = await fitAndScore(trainer, lesson, rows, seed, objective);
    const throughputs = asked.map((item) => 1 / (measured.timesNs[item] as number));
    found.push({ trainer: trainer.name, accuracy: pairwiseAccuracy(scores, throughputs), fitMs });
  }
  return found;
}

async function fitAndScore(
  trainer: TreeTrainer,
  lesson: TrainingData,
  { rows, count, columns }: TrainingData,
  seed: number,
  objective: Draw['objective'],
): Promise<{ readonly scores: Float32Array; readonly fitMs: number }> {
  const model = createXgboostModel(trainer, { seed, objective });
  const started = performance.now();
  await model.fit(lesson);
  const fitMs = performance.now() - started;
  const scores = new Float32Array(count);
  model.score(rows, count, columns, scores);
  return { scores, fitMs };
}

/** Rows of several workloads in groups of their own, `most` of each: what a model of sources learns from. */
export function manyRows(measured: readonly Measured[], most: number): TrainingData {
  return joined(
    measured.map((one) =>
      rowsOf(
        one,
        createRandom(1)
          .shuffled(one.candidates.map((_, item) => item))
          .slice(0, most),
      ),
    ),
  );
}
