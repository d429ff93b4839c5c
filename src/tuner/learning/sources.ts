import { createAnalyticModel } from '../../cost-model/analytic-model.ts';
import type { CostModel, TrainingData } from '../../cost-model/cost-model.ts';
import { createFittedModel } from '../../cost-model/fitted-model.ts';
import type { LearnedModel } from '../../cost-model/learned-model.ts';
import type { Workload } from '../../operators/workload.ts';
import type { SketchSpace } from '../../search/space/sketch-space.ts';
import type { Observation } from '../../search/strategy.ts';
import { observationsOf } from '../known.ts';
import { createModel } from '../strategies.ts';
import { rowsOfGroup } from './group-rows.ts';
import { deviceLikeness, workloadLikeness } from './likeness.ts';
import type { NearGroup } from './near-groups.ts';
import { inLogarithms, joinSets } from './source-model.ts';

/** Something that says which candidates of a space are fast, without having measured them here. */
export interface Source {
  /** For people. */
  readonly name: string;
  readonly records: number;
  /** How much it is believed before anything is measured here, up to 1. */
  readonly likeness: number;
  /** Scores in natural logarithms of throughput. */
  readonly model: CostModel;
  /** The space's own candidates as they were measured there. */
  readonly measured: readonly Observation[];
}

/** Fewer records than this say less than what is known of machines beforehand. */
const fewestRecords = 8;
/** A source of so many records is believed half as much as one of very many: the shipped records of a few shapes rank no better than what is known of machines. */
const halfRecords = 100;
/**
 * Trees that learned from fewer records of other workloads rank those well and mislead on what none of them has, which a search for the best of millions finds
 * at once: costs of kinds of work, of which there are twenty, hold elsewhere too.
 */
const fewestForTrees = 400;
/** Knowledge of no device in particular. */
const analyticLikeness = 0.5;
/** A model of all kinds of workloads and devices. */
const modelLikeness = 0.6;

/**
 * The sources for a space: the same workload on each other device, other workloads of the operator on each device, workloads of other operators on each
 * device, models from files, and what is known of machines of the device's type. Empty where nothing was learned anywhere, as the last one is what any
 * search starts from.
 */
export async function makeSources(
  space: SketchSpace,
  workload: Workload,
  groups: readonly NearGroup[],
  models: readonly LearnedModel[],
): Promise<readonly Source[]> {
  const { device } = space;
  const sources: Source[] = [];
  for (const { name, members } of kindsOf(workload, groups)) {
    const sets = members.flatMap((group) => {
      const rows = rowsOfGroup(group);
      return rows === null ? [] : [{ group, rows }];
    });
    const records = sets.reduce((sum, { rows }) => sum + rows.count, 0);
    if (records < fewestRecords) continue;
    const [first] = sets as [(typeof sets)[number]];
    const weights = sets.map(({ group }) => workloadLikeness(workload, group.workload));
    sources.push({
      ...{ name, records },
      likeness: (deviceLikeness(device, first.group.device) * Math.max(...weights) * records) / (records + halfRecords),
      model: await taught(
        joinSets(
          sets.map(({ rows }) => rows),
          space.columns,
          weights,
        ),
        device.type,
        first.group.apart === 0 || records >= fewestForTrees,
      ),
      measured: sets.flatMap(({ group }) => (group.apart === 0 ? observationsOf(space, group.lessons) : [])),
    });
  }
  for (const { path, learnedFrom, modelFor } of models)
    sources.push({
      ...{ name: path, records: learnedFrom.records, likeness: modelLikeness, measured: [] },
      model: inLogarithms(modelFor(device.type)),
    });
  if (sources.length === 0) return [];
  const analytic = createAnalyticModel(device.type);
  return [
    ...sources,
    { name: 'what is known of machines', records: 0, likeness: analyticLikeness, model: analytic, measured: [] },
  ];
}

interface Kind {
  readonly name: string;
  readonly members: readonly NearGroup[];
}

/** Groups whose records are learned together, nearest first. */
function kindsOf(workload: Workload, groups: readonly NearGroup[]): readonly Kind[] {
  const kinds = new Map<string, NearGroup[]>();
  for (const group of groups) {
    const { device, deviceKey } = group;
    const what =
      group.apart === 0
        ? 'this workload'
        : group.workload.operator === workload.operator
          ? `other shapes of ${workload.operator}`
          : 'other operators';
    const where = group.away === 0 ? 'on this device' : `on ${device.name} (${device.driver})`;
    // Two devices of one name and driver may still differ.
    const key = `${what}\n${where}\n${deviceKey}`;
    const held = kinds.get(key);
    if (held === undefined) kinds.set(key, [group]);
    else held.push(group);
  }
  return [...kinds].map(([key, members]) => {
    const name = key.split('\n').slice(0, 2).join(' ');
    return { name: members.every(({ shipped }) => shipped === true) ? `${name}, of logs that ship` : name, members };
  });
}

/** The model that a run itself learns with, taught elsewhere: costs of kinds of work, and trees, where they are wanted, that rank what these leave open. */
async function taught(data: TrainingData, type: 'cpu' | 'gpu', withTrees: boolean): Promise<CostModel> {
  const model = withTrees ? createModel('xgboost', type, 1).model : createFittedModel(type);
  await model.fit(data);
  return inLogarithms(model);
}
