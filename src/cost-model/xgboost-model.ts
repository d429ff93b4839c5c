import { featureCount } from '../features/extractor.ts';
import { assert } from '../support/errors.ts';
import { createRandom } from '../support/random.ts';
import type { Booster, TreeTrainer } from './booster.ts';
import type { CostModel, TrainingData } from './cost-model.ts';
import { createEnsembleScorer, type Ensemble, noEnsemble } from './ensemble.ts';
import { calibrate, gather, gatherRows, groupMeans, logLabels, rankingOf, subset } from './training-set.ts';

export interface XgboostModelOptions {
  readonly seed: number;
  /** `rank:pairwise` learns which program beats which (AutoTVM's choice); `reg:squarederror` learns log throughput. */
  readonly objective?: 'rank:pairwise' | 'reg:squarederror';
  readonly rounds?: number;
  /** Boosters of the ensemble, each trained on a seeded 80% of the rows. Fitting and scoring cost this many times one booster. */
  readonly members?: number;
  /**
   * Threads of XGBoost while fitting. 1 by default: its results then are the same on every machine, and no OpenMP thread spins
   * beside a kernel that is being timed. Two threads halve a fit on an idle machine and, measured on two cores that others
   * kept busy, made it 65 times slower: the threads spin at every barrier.
   */
  readonly threads?: number;
  /** XGBoost's own parameters. */
  readonly params?: Readonly<Record<string, string | number>>;
}

/** An ensemble of boosters. `base`, where given, holds each row's base score, of the same origin as `TrainingData.base`. */
export interface XgboostModel extends CostModel {
  score(rows: Float32Array, count: number, columns: number, into: Float32Array, base?: Float32Array): void;
  fit(data: TrainingData): Promise<void>;
  /** What it has learned. */
  readonly ensemble: Ensemble;
}

const defaults = { objective: 'rank:pairwise', rounds: 50, members: 3, threads: 1 } as const;
/** Margin of a ranking for a step of one in log throughput: the odds that a program which is 2.7 times faster wins. */
const rankMargin = 3;

/**
 * Gradient-boosted trees over features, trained by XGBoost's library or by our own trees: an ensemble that ranks the programs of a group among each other. Before the first fit a score is the base score, or 0.
 */
export function createXgboostModel(trainer: TreeTrainer, options: XgboostModelOptions): XgboostModel {
  const { objective, rounds, members, threads, seed } = { ...defaults, ...options };
  assert(members >= 1 && rounds >= 1 && threads >= 1, 'xgboost model: members, rounds and threads start at 1');
  const step = objective === 'rank:pairwise' ? rankMargin : 1;
  let ensemble = noEnsemble;
  const score = createEnsembleScorer();

  const trainMember = (data: TrainingData, member: number, base: Float32Array | undefined): Booster => {
    const random = createRandom(seed).fork(`member ${member}`);
    const { order, sizes } = rankingOf(data, subset(data.count, members, random));
    const ranks = objective === 'rank:pairwise';
    const labels = gather(data.labels, order);
    const weights = data.weights === undefined ? undefined : gather(data.weights, order);
    // Trees learn from features; the terms of cost that follow in a row of ours are the analytic model's.
    const columns = Math.min(data.columns, featureCount);
    return trainer.train({
      rows: gatherRows(data.rows, data.columns, order, columns),
      columns,
      labels: ranks ? labels : logLabels(labels),
      objective,
      rounds,
      threads,
      seed: random.below(0x7fffffff),
      params: { colsample_bytree: 0.7, ...(ranks ? { num_pairsample: 4 } : {}), ...options.params },
      ...(ranks ? { groups: sizes } : {}),
      ...(weights === undefined ? {} : { weights: ranks ? groupMeans(weights, sizes) : weights }),
      ...(base === undefined ? {} : { baseMargin: gather(base, order) }),
    });
  };

  const fit = async (data: TrainingData): Promise<void> => {
    const { count, columns, rows, labels } = data;
    assert(rows.length >= count * columns, () => `training data: ${rows.length} numbers for ${count} x ${columns}`);
    assert(labels.length >= count, 'training data: a label is missing');
    if (count === 0) return;
    const fitted =
      data.base === undefined ? undefined : calibrate(data.base, labels, count, data.groups, data.baseTrust);
    const base = fitted?.margins.map((margin) => step * margin);
    const trained: Booster[] = [];
    for (let member = 0; member < members; member++) {
      trained.push(trainMember(data, member, base));
      // Lets Ctrl-C and timers through: one member can take a second.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { scale, shift } =
      fitted === undefined ? noEnsemble : { scale: step * fitted.scale, shift: step * fitted.shift };
    ensemble = { boosters: trained, scale, shift, step };
  };

  return {
    name: trainer.name,
    get step() {
      return ensemble.step;
    },
    get trained() {
      return ensemble.boosters.length > 0;
    },
    get ensemble() {
      return ensemble;
    },
    score: (rows, count, columns, into, base) => score(ensemble, rows, count, columns, into, base),
    fit,
  };
}
