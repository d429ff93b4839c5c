import type { DeviceDescription } from '../../ir/limits.ts';
import { checkedProgram } from '../../operators/checked-program.ts';
import type { Workload } from '../../operators/workload.ts';
import { type SketchSpace, sketchSpace } from '../../search/space/sketch-space.ts';
import { createEstimator } from '../../space/estimator.ts';
import { estimateAt, estimateLength, type KernelEstimate } from '../../space/kernel-estimate.ts';
import { recordedValues } from '../../space/recorded.ts';
import { positionsIn } from '../../space/sketch.ts';
import { isRefusal } from '../../support/refusal.ts';
import { sketchesFor } from '../../tuner/fits.ts';
import type { ReportTrial } from './report-data.ts';

/** A trial's decisions in the space of today: which sketch, and the values in its order. */
interface PlacedTrial {
  readonly sketch: number;
  readonly values: Float64Array;
}

/** The space that a subject's trials come from, as far as this version of wgtune still has it. */
export interface SubjectSpace {
  /** Null where the operator is not known here. */
  readonly space: SketchSpace | null;
  /** Null for a trial that comes from no sketch, or from one that there is no more. */
  place(trial: Pick<ReportTrial, 'sketch' | 'decisions'>): PlacedTrial | null;
  /** The estimate of each of its kernels; empty where it has no place. */
  estimatesOf(trial: Pick<ReportTrial, 'sketch' | 'decisions'>): readonly KernelEstimate[];
  bytesOf(trial: Pick<ReportTrial, 'sketch' | 'decisions'>): number | null;
}

export function createSubjectSpace(workload: Workload, device: DeviceDescription): SubjectSpace {
  const program = checkedProgram(workload);
  const space = isRefusal(program) ? null : sketchSpace(sketchesFor(program, device), device);
  const indexOf = new Map(space?.sketches.map(({ name }, at) => [name, at]));
  const estimators = new Map<number, readonly ReturnType<typeof createEstimator>[]>();
  const place: SubjectSpace['place'] = ({ sketch: name, decisions }) => {
    const at = name === null ? undefined : indexOf.get(name);
    const sketch = at === undefined ? undefined : space?.sketches[at];
    const values = sketch === undefined ? null : recordedValues(sketch, decisions);
    return values === null ? null : { sketch: at as number, values: Float64Array.from(values) };
  };
  const estimatesOf: SubjectSpace['estimatesOf'] = (trial) => {
    const placed = place(trial);
    const sketch = placed === null ? undefined : space?.sketches[placed.sketch];
    if (placed === null || sketch === undefined) return [];
    const held =
      estimators.get(placed.sketch) ?? sketch.tilings.map((tiling) => createEstimator(tiling, positionsIn(sketch)));
    estimators.set(placed.sketch, held);
    return held.map((estimate) => {
      const row = new Float64Array(estimateLength);
      estimate(placed.values, row);
      return row;
    });
  };
  return {
    space,
    place,
    estimatesOf,
    bytesOf: (trial) => {
      const rows = estimatesOf(trial);
      const bytes = rows.reduce(
        (sum, row) => sum + (row[estimateAt.storageReadBytes] ?? 0) + (row[estimateAt.storageWriteBytes] ?? 0),
        0,
      );
      return rows.length > 0 && Number.isFinite(bytes) && bytes > 0 ? bytes : null;
    },
  };
}
