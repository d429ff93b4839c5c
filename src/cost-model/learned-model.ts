import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { costTermNames } from '../features/cost-terms.ts';
import { featureNames } from '../features/extractor.ts';
import { UserError } from '../support/errors.ts';
import { makeFolder } from '../support/make-folder.ts';
import { printable } from '../support/printable.ts';
import { explainRefusal, isRefusal } from '../support/refusal.ts';
import { analyticScores } from './analytic-model.ts';
import { type Booster, loadBooster } from './booster.ts';
import type { CostModel } from './cost-model.ts';
import { createEnsembleScorer, type Ensemble } from './ensemble.ts';
import { usualCosts } from './kernel-costs.ts';

/** Far more than learning makes (a few MiB); a stranger's file must not fill the memory. */
const mostBytes = 64 << 20;
const mostBoosters = 16;
const mostTrees = 5000;
/** Devices and workloads that a model names; it may be learned from more. */
export const mostNamed = 200;

const name = z.string().min(1).max(1000);
const count = z.int().positive();
/** Sums of so many stay finite as single-precision numbers. */
const number = z.number().min(-1e30).max(1e30);

/** The part of XGBoost's own JSON model that prediction needs. */
const treeSchema = z
  .object({
    left_children: z.array(z.int()),
    right_children: z.array(z.int()),
    split_indices: z.array(z.int().nonnegative()),
    split_conditions: z.array(number),
    default_left: z.array(z.union([z.boolean(), z.int()])),
    categories: z.array(z.int()).optional(),
  })
  .refine(
    (tree) =>
      [tree.right_children, tree.split_indices, tree.split_conditions, tree.default_left].every(
        ({ length }) => length === tree.left_children.length,
      ),
    { error: 'a tree has lists of different lengths' },
  );

const boosterSchema = z.object({
  learner: z.object({
    learner_model_param: z.object({
      base_score: z
        .string()
        .max(100)
        .refine((text) => Math.abs(Number(text.replace(/[[\]]/g, ''))) < 1e30),
      num_feature: z.string().max(100),
    }),
    gradient_booster: z.object({
      name: z.string(),
      model: z.object({ trees: z.array(treeSchema).min(1).max(mostTrees) }),
    }),
  }),
});

const costs = z.record(name, z.number().positive().max(1e30));

const modelSchema = z.strictObject({
  format: z.literal('wgtune-model'),
  version: z.literal(1),
  /** The version of wgtune that learned it. */
  tool: name,
  learnedAt: z.iso.datetime(),
  /** Names of the features that its trees look at, in order. */
  features: z.array(name).max(10_000),
  learnedFrom: z.strictObject({
    records: count,
    /** All there were, and the records of each of those that are named. */
    devices: count,
    workloads: count,
    onDevices: z.array(z.strictObject({ device: name, records: count })).max(mostNamed),
    ofWorkloads: z.array(z.strictObject({ workload: name, records: count })).max(mostNamed),
  }),
  /** The analytic model's costs, fitted to the records of each type of device; null where there were none. */
  costs: z.strictObject({ cpu: costs.nullable(), gpu: costs.nullable() }),
  /** A score is `scale` times that model's score, plus `shift`, plus the mean of the boosters. */
  scale: number,
  shift: number,
  /** How much higher a program that is e times as fast scores. */
  step: z.number().positive().max(1000),
  boosters: z.array(boosterSchema).min(1).max(mostBoosters),
});

/** What a model was learned from. */
export type LearnedFrom = Readonly<z.infer<typeof modelSchema>['learnedFrom']>;

/** A model that was learned from logs. It has learned all it will. */
export interface LearnedModel {
  readonly path: string;
  readonly learnedFrom: LearnedFrom;
  readonly learnedAt: string;
  /** Judges programs on devices of a type. */
  readonly modelFor: (type: 'cpu' | 'gpu') => CostModel;
}

type Costs = Readonly<Record<'cpu' | 'gpu', Float64Array | null>>;

interface Learned {
  readonly tool: string;
  readonly learnedAt: string;
  readonly learnedFrom: LearnedFrom;
  readonly costs: Costs;
  readonly ensemble: Ensemble;
}

/** Writes a model, whole or not at all. Throws UserError where the file cannot be written. */
export async function writeLearnedModel(path: string, learned: Learned): Promise<void> {
  const text = new TextDecoder();
  const { tool, learnedAt, learnedFrom, ensemble } = learned;
  const { scale, shift, step, boosters } = ensemble;
  const named = (own: Float64Array | null): Record<string, number> | null =>
    own === null ? null : Object.fromEntries(costTermNames.map((term, at) => [term, own[at] as number]));
  const file = {
    ...{ format: 'wgtune-model', version: 1, tool, learnedAt, learnedFrom, features: featureNames },
    costs: { cpu: named(learned.costs.cpu), gpu: named(learned.costs.gpu) },
    ...{ scale, shift, step, boosters: boosters.map((booster) => JSON.parse(text.decode(booster.save()))) },
  };
  try {
    makeFolder(dirname(path));
    await writeFileAtomic(path, `${JSON.stringify(file)}\n`);
  } catch (error) {
    throw new UserError(`${path} cannot be written: ${(error as Error).message}`);
  }
}

/**
 * Reads a model. It is data: nothing of it is executed, and it is held against limits before anything is made of it. Rejects with UserError that names
 * the file, what is wrong with it and what to do.
 */
export async function readLearnedModel(path: string): Promise<LearnedModel> {
  const parsed = modelSchema.safeParse(await jsonOf(path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    throw unusable(path, `${where}${issue?.message ?? 'wrong shape'}`.slice(0, 300));
  }
  const { learnedFrom, learnedAt, features, scale, shift, step, tool, ...file } = parsed.data;
  const other = features.findIndex((feature, at) => feature !== featureNames[at]);
  if (other >= 0 || features.length !== featureNames.length)
    throw new UserError(
      `${path} looks at ${features.length} features${other < 0 ? '' : `, of which "${printable(String(features[other]))}"`} is not what this wgtune makes of a schedule (wgtune ${printable(tool)} learned it); learn it anew from the logs with \`wgtune learn\``,
    );
  const boosters = file.boosters.map((json): Booster => {
    const booster = loadBooster(new TextEncoder().encode(JSON.stringify(json)));
    if (isRefusal(booster)) throw unusable(path, explainRefusal(booster));
    if (booster.columns > featureNames.length)
      throw unusable(path, `a booster looks at ${booster.columns} features of ${featureNames.length}`);
    return booster;
  });
  const ensemble = { boosters, scale, shift, step };
  return {
    ...{ path, learnedFrom, learnedAt },
    modelFor: (type) => createLearnedModel(ensemble, costsOf(file.costs[type], type)),
  };
}

/** Whether a file is a model, of this version or another. */
export async function isLearnedModel(path: string): Promise<boolean> {
  const value = await jsonOf(path).catch(() => null);
  return z.object({ format: z.literal('wgtune-model') }).safeParse(value).success;
}

function unusable(path: string, why: string): UserError {
  return new UserError(`${path} is no model that can be used: ${printable(why)}; make one with \`wgtune learn\``);
}

async function jsonOf(path: string): Promise<unknown> {
  let text: string;
  try {
    const found = await stat(path);
    if (!found.isFile()) throw unusable(path, 'it is no file');
    if (found.size > mostBytes) throw unusable(path, `it has ${found.size} bytes, and at most ${mostBytes} are read`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(
      code === 'ENOENT'
        ? `there is no model ${path}; make one with \`wgtune learn\``
        : `the model ${path} cannot be read (${code}): check the path and its permissions`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unusable(path, `it is no JSON (${(error as Error).message})`);
  }
}

/** Costs that a model does not name, or of a type of device it has seen none of, are the usual ones. */
function costsOf(own: Readonly<Record<string, number>> | null, type: 'cpu' | 'gpu'): Float64Array {
  const usual = usualCosts(type);
  return own === null ? usual : Float64Array.from(costTermNames, (term, at) => own[term] ?? (usual[at] as number));
}

/** The scores of a learned ensemble over an analytic model with the given costs, which it corrects. */
function createLearnedModel(ensemble: Ensemble, costs: Float64Array): CostModel {
  const analytic = analyticScores(() => costs);
  const score = createEnsembleScorer();
  let base = new Float32Array(0);
  return {
    ...{ name: 'learned', trained: true, step: ensemble.step, fit: () => {} },
    score: (rows, count, columns, into) => {
      if (base.length < count) base = new Float32Array(2 * count);
      analytic.score(rows, count, columns, base);
      score(ensemble, rows, count, columns, into, base);
    },
  };
}
