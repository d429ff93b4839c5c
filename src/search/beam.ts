import type { CostModel, TrainingData } from '../cost-model/cost-model.ts';
import { createRandom } from '../support/random.ts';
import { type ChooserOptions, createChooser } from './chooser.ts';
import { constructInPasses } from './coarse-to-fine.ts';
import type { Constructed } from './construct.ts';
import { createJudge, type PrefixJudgement } from './judge.ts';
import { createListedSearch } from './listed.ts';
import { createOutlook } from './outlook.ts';
import { createPool } from './pool.ts';
import { createSlowness } from './slowness.ts';
import { createStopwatch } from './stopwatch.ts';
import { type Candidate, candidateKey, type SearchSpace, type SearchStrategy } from './strategy.ts';

export interface BeamOptions {
  readonly seed: number;
  readonly model: CostModel;
  /** Survivors of each depth, shared among the sketches. */
  readonly width?: number;
  readonly keepAlive?: number;
  /** Fraction of a proposal that is drawn at random from the whole space. */
  readonly epsilon?: number;
  readonly judgement?: PrefixJudgement;
  readonly completions?: number;
  /** Whether a space small enough is listed, so that all completions of its prefixes are judged instead of some. */
  readonly listing?: boolean;
  /** How choosing among completions works; `null` leaves the choice to the model's scores. */
  readonly chooser?: ChooserOptions | null;
  /** In a listed space every how many trials the model chooses instead of the chooser; 0: never, as where features tell it nothing new. */
  readonly modelEvery?: number;
  /** Prefix rows in the training set, at most. */
  readonly maxPrefixes?: number;
  /** Judges prefixes in the model's place, which then judges only what is complete (Pruner's draft and verify). */
  readonly draft?: CostModel;
  /** Beams built one after the other, each behind the first halves of the best ends of the one before (Halide's coarse-to-fine passes). */
  readonly passes?: number;
  /**
   * Labels of prefixes also count what the model expects of their completions (Steiner's value iteration). The model must predict
   * the logarithm of the throughput.
   */
  readonly bootstrap?: boolean;
}

const defaults = {
  width: 64,
  keepAlive: 0.15,
  epsilon: 0.15,
  judgement: 'completions',
  completions: 8,
  maxPrefixes: 1500,
  listing: true,
  chooser: {},
  passes: 1,
} as const;
const leastWidth = 12;
/** Trials after which the share of random draws has fallen to a third of its start. */
const ignoranceTrials = 40;
/** Candidates of a round: enough to spread the cost of learning, few enough to use soon what was learned. */
const firstRound = 8;
const laterRound = 16;
/** Judging a listed space again after every trial is worth it up to this many candidates. */
const listedATrial = 20_000;
/** The fastest candidates are varied in one decision to choose among beside the ends of the beam. */
const fastestVaried = 8;
const variations = 8;
/** Every how many trials of a listed space are the model's. */
const modelTurn = 2;
/** Each widening doubles the beam. */
const maxWidenings = 3;

/**
 * Sequential construction of schedules with a learned value and early pruning. Every round the beam is built afresh with what the model
 * knows by then; what comes out and is not yet known is proposed best first, with a few draws from the whole space among them. A beam
 * that brings only known candidates is built again, wider.
 */
export function createBeamSearch(space: SearchSpace, options: BeamOptions): SearchStrategy {
  const { seed, model } = options;
  const { width, keepAlive, epsilon, judgement, completions, maxPrefixes, listing, passes } = {
    ...defaults,
    ...options,
  };
  const modelEvery = options.modelEvery ?? (space.decisionsOnly ? 0 : modelTurn);
  const chooserOptions = options.chooser === undefined ? defaults.chooser : options.chooser;
  const root = createRandom(seed).fork('beam');
  const random = root.fork('choices');
  const training = root.fork('training');
  const pool = createPool(space, root.fork('pool'), { listing });
  const { history, tally } = pool;
  const judges = space.sketches.map((sketch) =>
    createJudge(
      sketch,
      space.columns,
      model,
      { judgement, completions, ...(options.draft === undefined ? {} : { draft: options.draft }) },
      random,
    ),
  );
  const stopwatch = createStopwatch();
  const outlook = createOutlook(space, model, training);

  const isTooSlow = createSlowness(space, history);

  const constructed = (wide: number): Candidate[] => {
    const share = Math.max(leastWidth, Math.floor(wide / space.sketches.length));
    const found = space.sketches.flatMap((sketch, index) =>
      constructInPasses(
        sketch,
        judges[index] as (typeof judges)[number],
        { width: share, keepAlive, tooSlow: (prefix) => isTooSlow(index, prefix) },
        passes,
        tally,
        random,
      ).map((made: Constructed): Candidate => ({ sketch: index, ...made })),
    );
    return found
      .filter((candidate) => !history.has(candidate))
      .sort((a, b) => (b.score as number) - (a.score as number));
  };

  /** While little has been measured half of the trials look around: an analytic model may be wrong about this device. */
  const ignorance = (): number => 0.5 * Math.exp(-history.size / ignoranceTrials);

  const chooser = chooserOptions === null ? null : createChooser(space, root.fork('chooser'), chooserOptions);
  // All completions of the empty prefix, and so of every prefix: the beam then ends where the best of them are.
  const listed =
    chooser === null || pool.listed === null
      ? null
      : createListedSearch(space, pool.listed, model, chooser, history, modelEvery);

  /** The ends of the beam, best first, each once. */
  const ends = (count: number): Candidate[] => {
    let best = constructed(width);
    for (let widening = 1; best.length < count && widening <= maxWidenings; widening++)
      best = constructed(width * 2 ** widening);
    const seen = new Set<string>();
    return best.filter((candidate) => !seen.has(candidateKey(candidate)) && seen.add(candidateKey(candidate)));
  };

  /** The ends of the beam by the model's score and by the chooser's judgement in turn: each is wrong in its own way. */
  const inTurn = (queue: readonly Candidate[], count: number): Candidate[] => {
    const near = history
      .fastest(fastestVaried)
      .flatMap((candidate) =>
        Array.from({ length: variations }, () => pool.mutated(candidate)).filter((varied) => varied !== null),
      );
    const candidates = [...queue, ...near];
    const chosen = chooser?.choose({ candidates }, count, history.has) ?? [];
    return queue.flatMap((candidate, at) => {
      const other = chosen[at];
      return other === undefined ? [candidate] : [candidate, { ...other, score: null }];
    });
  };

  const proposeNow = (count: number): Candidate[] => {
    const proposals: Candidate[] = [];
    const queue = listed === null ? inTurn(ends(count), count) : listed.choose(count);
    const luck = listed === null ? Math.max(epsilon, ignorance()) : 0;
    for (let next = 0; proposals.length < count; ) {
      while (next < queue.length && history.has(queue[next] as Candidate)) next++;
      const lucky = luck > 0 && random.unit() < luck ? pool.unseen() : null;
      const candidate = lucky ?? queue[next] ?? pool.unseen();
      if (candidate === null) break;
      history.reserve(candidate);
      proposals.push(candidate);
    }
    return proposals;
  };

  const trainingData = (prefixes: boolean): TrainingData =>
    history.trainingData({
      prefixes,
      maxPrefixes,
      random: training,
      ...(options.bootstrap === true && model.trained ? { outlook } : {}),
    });

  return {
    name: 'beam',
    get round() {
      if (listed !== null) return Math.ceil(listed.size / listedATrial);
      return history.size === 0 ? firstRound : laterRound;
    },
    propose: (count) => stopwatch.proposing(() => proposeNow(count)),
    async observe(results) {
      for (const result of results) history.add(result);
      await stopwatch.fitting(async () => {
        chooser?.observe(results);
        if (history.size === 0) return;
        if (listed !== null) await listed.observed(() => model.fit(trainingData(false)));
        else await model.fit(trainingData(judgement !== 'completions'));
      });
    },
    tally,
    get spentMs() {
      return stopwatch.spentMs;
    },
  };
}
