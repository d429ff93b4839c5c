import { checkedProgram } from '../../operators/checked-program.ts';
import { featureRows } from '../../search/space/feature-rows.ts';
import { sketchSpace } from '../../search/space/sketch-space.ts';
import type { Observation, SearchSpace } from '../../search/strategy.ts';
import { isRefusal } from '../../support/refusal.ts';
import { sketchesFor } from '../fits.ts';
import { observationsOf } from '../known.ts';
import type { LessonGroup } from './lessons.ts';

/** What a model learns from measurements whose times compare. */
export interface LearningRows {
  /** Row after row, `columns` numbers each. */
  readonly rows: Float32Array;
  readonly columns: number;
  readonly count: number;
  /** Time of the fastest over each row's; 0 for a failure. */
  readonly labels: Float32Array;
}

/** A device with more kinds of matrices than any has would make more sketches than there is time for. */
const mostMatrixConfigs = 64;

/**
 * The rows of a group by today's sketches of its workload on its device, one for each candidate; null where there is nothing to learn: the operator is
 * not known here, its sketches make other decisions today, or all trials failed.
 */
export function rowsOfGroup({ workload, device, lessons }: LessonGroup): LearningRows | null {
  if ((device.limits.subgroupMatrix?.configs.length ?? 0) > mostMatrixConfigs) return null;
  const program = checkedProgram(workload);
  if (isRefusal(program)) return null;
  const space = sketchSpace(sketchesFor(program, device), device);
  const observations = observationsOf(space, lessons);
  return observations.some(({ timeNs }) => timeNs !== null) ? learningRows(space, observations) : null;
}

/** Measured candidates of a space as rows. */
function learningRows(space: SearchSpace, observations: readonly Observation[]): LearningRows {
  const rows = featureRows({ space, candidates: observations.map(({ candidate }) => candidate) });
  const bestNs = observations.reduce((best, { timeNs }) => Math.min(best, timeNs ?? best), Number.POSITIVE_INFINITY);
  const labels = Float32Array.from(observations, ({ timeNs }) => (timeNs === null ? 0 : bestNs / timeNs));
  return { rows, columns: space.columns, count: observations.length, labels };
}
