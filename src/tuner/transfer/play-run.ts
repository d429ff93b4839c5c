import type { CostModel } from '../../cost-model/cost-model.ts';
import { playSpace } from '../../search/recorded/play-space.ts';
import type { MeasuredSpace } from '../../search/recorded/replayed-space.ts';
import { UserError } from '../../support/errors.ts';
import { loadSpace } from '../recorded-spaces.ts';
import { type DrawnSource, drawSource, type SourceView, viewSource } from './draw.ts';
import type { CurveStep, RunCourse, TransferRun } from './run.ts';
import { scoresOfSource, type TierTask, tiers, trainSourceModel } from './tiers.ts';
import { loadMethod } from './user-method.ts';

/** Plays runs, and keeps what several of them need: spaces, and the model of the sources that was trained last. */
export function createRunPlayer(): (run: TransferRun) => Promise<RunCourse> {
  const spaces = new Map<string, Promise<MeasuredSpace>>();
  const views = new Map<string, SourceView>();
  // Runs of the same draw follow each other, so that only the last is kept.
  let knownOf = '';
  let model: Promise<CostModel> | null = null;
  let scores: Promise<readonly Float32Array[]> | null = null;

  const spaceAt = (path: string): Promise<MeasuredSpace> => {
    const held = spaces.get(path) ?? loadSpace(path);
    spaces.set(path, held);
    return held;
  };
  const drawn = async (run: TransferRun, target: MeasuredSpace): Promise<DrawnSource[]> => {
    const sources: DrawnSource[] = [];
    for (const path of run.sources) {
      const key = JSON.stringify([run.target, path]);
      const view = views.get(key) ?? viewSource(await spaceAt(path), target);
      views.set(key, view);
      sources.push(drawSource(view, target.candidates.length, run.draw, run.sourceRows));
    }
    return sources;
  };

  return async (run) => {
    const target = await spaceAt(run.target);
    const sources = await drawn(run, target);
    const key = JSON.stringify([run.target, run.sources, run.draw, run.sourceRows]);
    if (key !== knownOf) [knownOf, model, scores] = [key, null, null];
    const task: TierTask = {
      target,
      sources,
      seed: run.seed,
      top: run.top,
      sourceModel: () => {
        model ??= trainSourceModel(sources, target.space.columns);
        return model;
      },
      sourceScores: () => {
        scores ??= Promise.all(sources.map((source) => scoresOfSource(target, source)));
        return scores;
      },
    };
    const create = (tiers as Partial<Record<string, (typeof tiers)['cold']>>)[run.tier] ?? (await loadMethod(run.tier));
    const strategy = await create(task);
    const { curve, trials, decisions } = await playSpace(target, strategy, { trials: run.trials });
    return { steps: stepsOf(target, curve, trials), trials: curve.length, decisions };
  };
}

function stepsOf(
  target: MeasuredSpace,
  curve: readonly number[],
  trials: readonly TierTask['target']['candidates'][number][],
): CurveStep[] {
  const usual = usualSpentNs(target);
  const steps: CurveStep[] = [];
  let spentNs = 0;
  let reached = 0;
  for (const [at, candidate] of trials.entries()) {
    spentNs += target.spentNsOf(candidate) ?? usual;
    const fraction = curve[at] as number;
    if (fraction > reached) steps.push([at + 1, fraction, spentNs]);
    reached = fraction;
  }
  return steps;
}

/** The mean of what measuring a candidate took; what a failure took is not recorded, and counts as much. */
export function usualSpentNs({ candidates, spentNsOf }: Pick<MeasuredSpace, 'candidates' | 'spentNsOf'>): number {
  const spent = candidates.map(spentNsOf).filter((one) => one !== null);
  if (spent.length === 0) throw new UserError('every row of the space failed: there is nothing to find');
  return spent.reduce((sum, one) => sum + one, 0) / spent.length;
}
