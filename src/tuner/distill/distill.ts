import { describeWorkload } from '../../operators/workload.ts';
import { candidateKey } from '../../search/strategy.ts';
import { UserError } from '../../support/errors.ts';
import { createRandom } from '../../support/random.ts';
import type { LessonGroup } from '../learning/lessons.ts';
import { refitted } from '../refitted.ts';
import { toolVersion } from '../tool.ts';
import { casesOf, type ShapeCase } from './cases.ts';
import { type Estimator, errorOf, trainEstimator } from './estimator.ts';
import {
  advisedSchedules,
  type RuleEvidence,
  type RuleFigure,
  type RuleNode,
  type RuleSchedule,
  type Rules,
} from './rules.ts';
import { featureRows, shapeFeatures } from './shape-features.ts';
import { fitsOf, type PoolSchedule, partOf, poolOf, type TimeTable, timeTable } from './table.ts';
import { chooseGreedily, growTree, type TreeLimits } from './tree.ts';

export interface DistillOptions {
  readonly operator: string;
  readonly maxSchedules: number;
  /** Questions on the way to a leaf, at most. */
  readonly maxDepth: number;
  readonly seed: number;
  readonly onProgress?: (done: number, of: number) => void;
}

/** A schedule that rules choose for a case and that nobody measured there. */
export interface Unmeasured {
  readonly shape: ShapeCase;
  readonly schedule: RuleSchedule;
}

export interface Distilled {
  readonly rules: Rules;
  /** What a measurement would tell most: chosen schedules, in the rules and by shapes left out, and others that may be better. */
  readonly unmeasured: readonly Unmeasured[];
}

/** Shapes left out are left out of what estimates are learned from in so many groups: each would cost a training of its own. */
const mostFolds = 12;
const fewestShapes = 3;

/**
 * Distils the logs of an operator into rules: at most so many schedules, chosen greedily by what they lose on the measured shapes, and a tree over the
 * logarithms of the shape, and facts of the device where there are several, that chooses one for any shape. Each shape is left out once, with all that comes of
 * its records, and what the rules made without it lose on it is told. Throws UserError where there are too few shapes.
 */
export async function distill(groups: readonly LessonGroup[], options: DistillOptions): Promise<Distilled> {
  const { operator, maxSchedules, maxDepth, seed, onProgress = () => {} } = options;
  const cases = casesOf(groups, operator);
  const workloads = [...new Set(cases.map((shape) => shape.workloadKey))];
  if (workloads.length < fewestShapes)
    throw new UserError(
      `rules of ${operator} need at least ${fewestShapes} shapes of which 4 or more schedules were measured, and these logs have ${workloads.length}; tune more shapes of it`,
    );
  const pool = poolOf(cases);
  const fits = fitsOf(cases, pool);
  const features = shapeFeatures(cases);
  const rows = featureRows(cases, features);

  // Estimates for a shape left out, and for all others beside it, are learned from none of its records.
  const folds = createRandom(seed).fork('folds').shuffled(workloads);
  const foldOf = new Map(folds.map((key, at) => [key, at % mostFolds]));
  const foldCount = Math.min(mostFolds, workloads.length);
  const estimators: Estimator[] = [];
  const errors: number[] = [];
  for (let fold = 0; fold < foldCount; fold++) {
    const isHeld = (shape: ShapeCase): boolean => foldOf.get(shape.workloadKey) === fold;
    const estimator = await trainEstimator(
      cases.filter((shape) => !isHeld(shape)),
      seed,
    );
    estimators.push(estimator);
    errors.push(errorOf(estimator, cases.filter(isHeld)));
    onProgress(fold + 1, foldCount + 1);
  }
  const error = Math.sqrt(errors.reduce((sum, one) => sum + one * one, 0) / errors.length);
  const table = timeTable(cases, fits, await trainEstimator(cases, seed), error);
  onProgress(foldCount + 1, foldCount + 1);
  const tables = estimators.map((estimator) => timeTable(cases, fits, estimator, error));

  const leaveOneOut = (limits: TreeLimits): readonly (LeftOut | null)[] =>
    cases.map((shape, at) => {
      const known = indices(cases, (other) => other.workloadKey !== shape.workloadKey);
      const schedules = indices(pool, ({ from }) => [...from].some((key) => key !== shape.workloadKey));
      const without = tables[foldOf.get(shape.workloadKey) as number] as TimeTable;
      const made = makeRules(
        partOf(without, known, schedules),
        known.map((one) => rows[one] as Float64Array),
        maxSchedules,
        limits,
      );
      const order = advised(made.nodes, rows[at] as Float64Array);
      const chosen = order
        .map((one) => schedules[made.schedules[one] as number] as number)
        .find((one) => Number.isFinite(table.costs[at]?.[one]));
      return chosen === undefined ? null : judged(table, at, chosen);
    });

  const { limits, leftOut } = bestLimits(maxDepth, leaveOneOut);
  const made = makeRules(table, rows, maxSchedules, limits);
  const schedules = made.schedules.map((one) => (pool[one] as PoolSchedule).schedule);
  const inside = cases.map((shape, at) => {
    const [first] = advisedSchedules({ nodes: made.nodes, features, schedules }, shape.workload, shape.device).filter(
      (schedule) => refitted(shape.space, schedule) !== null,
    );
    const place = first === undefined ? -1 : schedules.indexOf(first);
    return place < 0 ? null : { place, ...judged(table, at, made.schedules[place] as number) };
  });

  const evidence = cases.flatMap((shape, at): readonly RuleEvidence[] => {
    const known = inside[at] ?? null;
    const without = leftOut[at] ?? null;
    if (known === null) return [];
    return [
      {
        workload: describeWorkload(shape.workload),
        device: shape.device.name,
        bestNs: shape.bestNs,
        schedule: known.place,
        ratio: known.ratio,
        estimated: known.estimated,
        leftOut: without === null ? null : { ratio: without.ratio, estimated: without.estimated },
      },
    ];
  });
  const rules: Rules = {
    ...{ kind: 'wgtune-rules', version: 1, tool: toolVersion, operator, features, schedules, nodes: made.nodes },
    known: figureOf(inside.filter((one) => one !== null)),
    leftOut: figureOf(leftOut.filter((one) => one !== null)),
    estimateError: Math.exp(error),
    evidence,
  };
  const unmeasured = cases.flatMap((shape, at) =>
    [leftOut[at] ?? null, inside[at] ?? null].flatMap((one) =>
      one?.estimated ? [{ shape, schedule: (pool[one.schedule] as PoolSchedule).schedule }] : [],
    ),
  );
  const hopes = hopesOf(table, error, maxSchedules).map(({ at, schedule }) => ({
    shape: cases[at] as ShapeCase,
    schedule: (pool[schedule] as PoolSchedule).schedule,
  }));
  return { rules, unmeasured: uniqueOf([...unmeasured, ...hopes]) };
}

/**
 * What to measure to find better rules: were every estimate as much too high as estimates err, the schedules that would be chosen, each on the cases it would be
 * best for. Once they are measured, others are hoped for, until what is chosen hopefully is known.
 */
function hopesOf(
  { costs, estimated }: TimeTable,
  error: number,
  most: number,
): readonly { readonly at: number; readonly schedule: number }[] {
  // An estimate in the table counts as slower by what estimates err.
  const hoped = costs.map((row, at) =>
    Float64Array.from(row, (cost, schedule) =>
      estimated[at]?.[schedule] === 1 ? (1 + cost) * Math.exp(-2 * error) - 1 : cost,
    ),
  );
  const chosen = chooseGreedily(hoped, hoped[0]?.length ?? 0, most);
  return hoped.flatMap((row, at) => {
    const best = chosen.reduce<number | null>(
      (held, one) => (held === null || (row[one] as number) < (row[held] as number) ? one : held),
      null,
    );
    return best !== null && estimated[at]?.[best] === 1 ? [{ at, schedule: best }] : [];
  });
}

interface LeftOut {
  /** Index into the pool. */
  readonly schedule: number;
  readonly ratio: number;
  readonly estimated: boolean;
}

function judged({ costs, estimated }: TimeTable, at: number, schedule: number): LeftOut {
  const ratio = 1 + (costs[at]?.[schedule] as number);
  return { schedule, ratio, estimated: estimated[at]?.[schedule] === 1 };
}

interface Made {
  /** Columns of the table that were chosen. */
  readonly schedules: readonly number[];
  readonly nodes: readonly RuleNode[];
}

function makeRules(table: TimeTable, rows: readonly Float64Array[], most: number, limits: TreeLimits): Made {
  const schedules = chooseGreedily(table.costs, table.costs[0]?.length ?? 0, most);
  const part = partOf(
    table,
    table.costs.map((_, at) => at),
    schedules,
  );
  return { schedules, nodes: growTree(rows, part.costs, schedules.length, limits) };
}

/** The leaf's order for a row of features. */
function advised(nodes: readonly RuleNode[], row: Float64Array): readonly number[] {
  let node = nodes[0] as RuleNode;
  while (node.kind === 'split')
    node = nodes[(row[node.feature] as number) < node.below ? node.yes : node.no] as RuleNode;
  return node.order;
}

/** The limits of the tree by which shapes left out lose least: a deeper tree fits the known shapes better and others worse. */
function bestLimits(
  maxDepth: number,
  leaveOneOut: (limits: TreeLimits) => readonly (LeftOut | null)[],
): { readonly limits: TreeLimits; readonly leftOut: readonly (LeftOut | null)[] } {
  let best: {
    readonly limits: TreeLimits;
    readonly leftOut: readonly (LeftOut | null)[];
    readonly mean: number;
  } | null = null;
  for (let depth = 0; depth <= maxDepth; depth++)
    for (const leaf of depth === 0 ? [1] : [1, 2, 3]) {
      const leftOut = leaveOneOut({ depth, leaf });
      const { mean } = figureOf(leftOut.filter((one) => one !== null));
      if (best === null || mean < best.mean) best = { limits: { depth, leaf }, leftOut, mean };
    }
  return best as NonNullable<typeof best>;
}

function figureOf(judgements: readonly LeftOut[]): RuleFigure {
  const losses = judgements.map(({ ratio }) => Math.max(0, ratio - 1));
  return {
    cases: losses.length,
    estimated: judgements.filter(({ estimated }) => estimated).length,
    mean: losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length),
    worst: Math.max(0, ...losses),
  };
}

function indices<T>(items: readonly T[], wanted: (item: T) => boolean): readonly number[] {
  return items.flatMap((item, at) => (wanted(item) ? [at] : []));
}

function uniqueOf(unmeasured: readonly Unmeasured[]): readonly Unmeasured[] {
  const found = unmeasured.map((one) => {
    const candidate = refitted(one.shape.space, one.schedule);
    return [
      `${one.shape.workloadKey} ${one.shape.deviceKey} ${candidate === null ? '' : candidateKey(candidate)}`,
      one,
    ] as const;
  });
  return [...new Map(found).values()];
}
