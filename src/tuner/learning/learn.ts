import { createAnalyticModel } from '../../cost-model/analytic-model.ts';
import type { CostModel } from '../../cost-model/cost-model.ts';
import { findBooster } from '../../cost-model/find-booster.ts';
import { createFittedModel } from '../../cost-model/fitted-model.ts';
import { type LearnedFrom, mostNamed, writeLearnedModel } from '../../cost-model/learned-model.ts';
import { createXgboostModel } from '../../cost-model/xgboost-model.ts';
import { describeWorkload } from '../../operators/workload.ts';
import type { LogFault } from '../../records/log-fault.ts';
import { UserError } from '../../support/errors.ts';
import { printable } from '../../support/printable.ts';
import { createRandom } from '../../support/random.ts';
import { toolVersion } from '../tool.ts';
import { type LearningRows, rowsOfGroup } from './group-rows.ts';
import { type LessonGroup, readLessons } from './lessons.ts';
import { joinSets } from './source-model.ts';

type DeviceType = 'cpu' | 'gpu';

interface LearnOptions {
  /** The model's file; a model that is there is replaced once the new one is whole. */
  readonly out: string;
  /** Logs whose times compare with none of the others', also where a device has the same key: another machine's. */
  readonly shipped?: readonly string[];
  readonly onFault?: (fault: LogFault) => void;
  readonly onProgress?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

export interface LearnResult {
  readonly learnedFrom: LearnedFrom;
  /** Records read. */
  readonly read: number;
  /** Records of schedules that today's sketches do not make, or that were measured twice. */
  readonly unfit: number;
  /** Records beyond the most that are learned from. */
  readonly left: number;
  readonly elapsedMs: number;
}

/** One model of all rows: members of an ensemble would see four fifths each, and rows are not few here. */
const training = { seed: 1, members: 1, rounds: 100 } as const;
/** Rows from which the costs of a device type are fitted: there are twenty of them. */
const mostForCosts = 8000;

/**
 * Learns from logs which schedules are fast, and writes it as a file that `tune --model` takes: a cost of each kind of work, fitted for each type of
 * device, and trees that correct what the costs say of a schedule. All records together make one model; times are compared within a workload on a device
 * only. It is learned anew each time, from the logs. Rejects with UserError where there is nothing to learn from or the file cannot be written.
 */
export async function learnModel(paths: readonly string[], options: LearnOptions): Promise<LearnResult> {
  const { out, shipped = [], onFault, onProgress, signal } = options;
  const begun = performance.now();
  const reading = onFault === undefined ? {} : { onFault };
  const elsewhere = await readLessons(shipped, reading);
  const here = await readLessons(paths, reading);
  const groups = [...elsewhere.groups, ...here.groups];
  const read = elsewhere.read.records + here.read.records;
  const left = elsewhere.left + here.left;
  const sets: { readonly group: LessonGroup; readonly rows: LearningRows }[] = [];
  let unfit = 0;
  for (const [at, group] of groups.entries()) {
    signal?.throwIfAborted();
    const rows = rowsOfGroup(group);
    unfit += group.lessons.length - (rows?.count ?? 0);
    if (rows !== null) sets.push({ group, rows });
    onProgress?.(at + 1, groups.length);
    // Lets Ctrl-C through.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [first] = sets;
  if (first === undefined)
    throw new UserError(
      `there is nothing to learn from in ${printable([...paths, ...shipped.slice(0, 1)].join(', '))}: ${read} records, none of them of a search with schedules that this wgtune makes; tune something first`,
    );
  const costs = { cpu: fittedCosts(sets, 'cpu'), gpu: fittedCosts(sets, 'gpu') };
  const base = new Float32Array(sets.reduce((sum, { rows }) => sum + rows.count, 0));
  let at = 0;
  for (const { group, rows } of sets) {
    base.set(baseOf(rows, group.device.type, costs[group.device.type]), at);
    at += rows.count;
  }
  signal?.throwIfAborted();
  const model = createXgboostModel(findBooster().trainer, training);
  const all = joinSets(
    sets.map(({ rows }) => rows),
    first.rows.columns,
  );
  await model.fit({ ...all, base });
  const learnedFrom = summaryOf(sets);
  await writeLearnedModel(out, {
    ...{ tool: toolVersion, learnedAt: new Date().toISOString(), learnedFrom, costs, ensemble: model.ensemble },
  });
  return { learnedFrom, read, unfit, left, elapsedMs: performance.now() - begun };
}

type Sets = readonly { readonly group: LessonGroup; readonly rows: LearningRows }[];

/** Costs of a device type by some of its rows, drawn at random; null where it has none. */
function fittedCosts(sets: Sets, type: DeviceType): Float64Array | null {
  const own = sets.filter(({ group }) => group.device.type === type);
  const total = own.reduce((sum, { rows }) => sum + rows.count, 0);
  if (total === 0) return null;
  const random = createRandom(1).fork('rows for costs');
  const share = mostForCosts / total;
  const chosen = own.flatMap(({ rows }, group) =>
    Array.from({ length: rows.count }, (_, row) => ({ rows, row, group })).filter(() => random.unit() < share),
  );
  const columns = own[0]?.rows.columns as number;
  const rows = new Float32Array(chosen.length * columns);
  for (const [at, { rows: of, row }] of chosen.entries())
    rows.set(of.rows.subarray(row * columns, (row + 1) * columns), at * columns);
  const model = createFittedModel(type);
  model.fit({
    ...{ rows, columns, count: chosen.length },
    labels: Float32Array.from(chosen, ({ rows: of, row }) => of.labels[row] as number),
    groups: Uint32Array.from(chosen, ({ group }) => group),
  });
  return model.trained ? model.costs : null;
}

function baseOf({ rows, count, columns }: LearningRows, type: DeviceType, costs: Float64Array | null): Float32Array {
  const model: CostModel = costs === null ? createAnalyticModel(type) : createFittedModel(type, costs);
  const base = new Float32Array(count);
  model.score(rows, count, columns, base);
  return base;
}

function summaryOf(sets: Sets): LearnedFrom {
  const devices = new Map<string, { device: string; records: number }>();
  const workloads = new Map<string, { workload: string; records: number }>();
  let records = 0;
  for (const { group, rows } of sets) {
    const { device, deviceKey, workload, workloadKey } = group;
    records += rows.count;
    const onDevice = devices.get(deviceKey)?.records ?? 0;
    devices.set(deviceKey, {
      device: `${device.name} (${device.driver})`.slice(0, 1000),
      records: onDevice + rows.count,
    });
    const ofWorkload = workloads.get(workloadKey)?.records ?? 0;
    workloads.set(workloadKey, {
      workload: describeWorkload(workload).slice(0, 1000),
      records: ofWorkload + rows.count,
    });
  }
  const most = <T extends { readonly records: number }>(all: Iterable<T>): T[] =>
    [...all].sort((a, b) => b.records - a.records).slice(0, mostNamed);
  return {
    ...{ records, devices: devices.size, workloads: workloads.size },
    onDevices: most(devices.values()),
    ofWorkloads: most(workloads.values()),
  };
}
