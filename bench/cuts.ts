/**
 * What early pruning loses: which prefixes beams cut at which depth, by what judgement, and what these would have led to.
 *     node --import tsx bench/cuts.ts [--spaces tuning-logs/spaces tuning-logs/landscapes] [--only pattern] [--seeds 5] [--first-seed 1] [--trials 64] [--donated 0] [--out out/cuts]
 * On spaces that were measured whole the best completion of every prefix is known. On landscapes it is estimated: by random completions, and by good
 * candidates that hill climbing comes to. A beam is judged with the model that it had: at trial 0 the analytic one alone. Runs choose as `wgtune tune` does.
 * `--donated n`: how many of a prefix's completions end as good candidates do.
 * Writes README.md and layers.csv (a line per depth of each beam).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { findBooster } from '../src/cost-model/find-booster.ts';
import { createFittedModel } from '../src/cost-model/fitted-model.ts';
import { createResidualModel } from '../src/cost-model/residual-model.ts';
import { createXgboostModel } from '../src/cost-model/xgboost-model.ts';
import { markdownTable } from '../src/report/table.ts';
import { spaceFiles } from '../src/search/recorded/space-files.ts';
import { createBeamSearch } from '../src/search/strategies/beam.ts';
import { createRandom } from '../src/support/random.ts';
import { type LayerLoss, lossOf } from './cuts/judge.ts';
import { knownBySampling, knownWhole } from './cuts/known.ts';
import { markdownOrigin } from './markdown.ts';
import { meanOf } from './ranking/measures.ts';
import { loadSpace } from './search/spaces.ts';

const { values: flags } = parseArgs({
  options: {
    spaces: { type: 'string', multiple: true, default: ['tuning-logs/spaces', 'tuning-logs/landscapes'] },
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '5' },
    'first-seed': { type: 'string', default: '1' },
    trials: { type: 'string', default: '64' },
    donated: { type: 'string' },
    out: { type: 'string', default: 'out/cuts' },
  },
});

/** A depth of a beam that was built when so many trials had been made. */
interface Seen extends LayerLoss {
  readonly space: string;
  readonly seed: number;
  readonly trials: number;
  /** The decision made last. */
  readonly decision: string;
  /** Decisions of the sketch. */
  readonly decisions: number;
}

const trials = Number(flags.trials);
const seeds = Array.from({ length: Number(flags.seeds) }, (_, at) => Number(flags['first-seed']) + at);
const seen: Seen[] = [];
for (const file of flags.spaces.flatMap(spaceFiles).filter((path) => new RegExp(flags.only).test(path))) {
  const loaded = await loadSpace(file);
  const known = knownWhole(loaded) ?? knownBySampling(loaded, 1);
  for (const seed of seeds) {
    const random = createRandom(seed).fork('asked');
    const model = createResidualModel(createFittedModel('cpu'), createXgboostModel(findBooster().trainer, { seed }));
    let made = 0;
    const strategy = createBeamSearch(loaded.space, {
      ...{ seed, model },
      ...(flags.donated === undefined ? {} : { donated: Number(flags.donated) }),
      ...(loaded.logSeconds === undefined ? {} : { logSeconds: loaded.logSeconds }),
      watch: (sketch, layer) =>
        void seen.push({
          ...{ space: loaded.name, seed, trials: made },
          decisions: loaded.space.sketches[sketch]?.decisions.length as number,
          decision: loaded.space.sketches[sketch]?.decisions[layer.depth - 1]?.name as string,
          ...lossOf(known, model, sketch, layer, random),
        }),
    });
    let bestNs = Number.POSITIVE_INFINITY;
    while (made < trials) {
      const proposals = strategy.propose(Math.min(strategy.round, trials - made));
      if (proposals.length === 0) break;
      const results = proposals.map((candidate) => ({ candidate, timeNs: loaded.timeOf(candidate) }));
      bestNs = results.reduce((best, { timeNs }) => Math.min(best, timeNs ?? best), bestNs);
      made += results.length;
      await strategy.observe(results);
    }
    console.error(
      `${loaded.name} seed ${seed}: ${(known.bestNs / bestNs).toFixed(3)} of the best after ${made} trials`,
    );
  }
}

const percent = ([good, asked]: readonly [number, number]): string =>
  asked === 0 ? '' : `${((100 * good) / asked).toFixed(0)}%`;
const sumOf = (list: readonly Seen[], part: (one: Seen) => number): number =>
  list.reduce((sum, one) => sum + part(one), 0);
const pairOf = (list: readonly Seen[], part: (one: Seen) => readonly [number, number]): readonly [number, number] => [
  sumOf(list, (one) => part(one)[0]),
  sumOf(list, (one) => part(one)[1]),
];
/** About half of the sketch's decisions are made. */
const isHalfMade = ({ depth, decisions }: Seen): boolean => Math.abs(depth / decisions - 0.5) <= 0.1;
/** Groups in the order in which they come. */
function groupsOf(list: readonly Seen[], keyOf: (one: Seen) => string): readonly (readonly Seen[])[] {
  const groups = new Map<string, Seen[]>();
  for (const one of list) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()];
}

/** A row per space and time: what the beams were left with at their ends, and by which judgement the rest was lost. */
const byTime = groupsOf(seen, ({ space, trials: at }) => `${space} ${at}`).map((own) => {
  const [{ space, trials: at }] = own as readonly [Seen];
  const beams = groupsOf(own, ({ seed, sketch }) => `${seed} ${sketch}`);
  const ends = groupsOf(own, ({ seed }) => `${seed}`).map((run) =>
    Math.max(...groupsOf(run, ({ sketch }) => `${sketch}`).map((beam) => Math.min(...beam.map(({ after }) => after)))),
  );
  const lossBy = (fault: Seen['fault']): string =>
    (
      sumOf(
        own.filter((one) => one.fault === fault),
        (one) => one.before - one.after,
      ) / beams.length
    ).toFixed(3);
  return [
    ...[space, `${at}`, `${sumOf(own, ({ judged }) => judged)}`],
    ...[`${sumOf(own, ({ outscored }) => outscored)}`, `${sumOf(own, ({ noCompletion }) => noCompletion)}`],
    ...[percent(pairOf(own, ({ goodCut }) => goodCut)), percent(pairOf(own, ({ goodKept }) => goodKept))],
    meanOf(own.filter(isHalfMade).map(({ pairwise }) => pairwise)).toFixed(3),
    ...[(ends.reduce((sum, end) => sum + end, 0) / ends.length).toFixed(3)],
    ...[Math.min(...ends).toFixed(3), lossBy('model'), lossBy('completions')],
  ];
});
/** A row per space and decision: all beams together. */
const byDecision = groupsOf(seen, ({ space, sketch, depth }) => `${space} ${sketch} ${depth}`).map((own) => {
  const [{ space, decision, depth }] = own as readonly [Seen];
  const faults = own.filter(({ fault }) => fault !== null);
  return {
    space,
    loss: sumOf(own, (one) => one.before - one.after) / own.length,
    cells: [
      ...[space, `${depth}`, decision, `${sumOf(own, ({ judged }) => judged)}`],
      ...[`${sumOf(own, ({ outscored, noCompletion }) => outscored + noCompletion)}`],
      ...[percent(pairOf(own, ({ goodCut }) => goodCut)), percent(pairOf(own, ({ goodKept }) => goodKept))],
      ...[(sumOf(own, (one) => one.before - one.after) / own.length).toFixed(3), `${faults.length} of ${own.length}`],
      `${faults.filter(({ fault }) => fault === 'model').length}`,
    ],
  };
});
const mostDecisions = 8;
const worst = groupsOf(seen, ({ space }) => space).flatMap(([one]) =>
  byDecision
    .filter(({ space }) => space === one?.space)
    .sort((a, b) => b.loss - a.loss)
    .slice(0, mostDecisions)
    .map(({ cells }) => cells),
);
const times = markdownTable(
  [
    ...['space', 'at trial', 'judged', 'outscored', 'no completion', 'good among cut', 'good among kept'],
    ...['pairs right, half made', 'reach, mean', 'worst seed', "lost by the model's scores", 'by random completions'],
  ],
  byTime,
);
const decisions = markdownTable(
  [
    'space',
    'depth',
    'decision',
    'judged',
    'cut',
    'good among cut',
    'good among kept',
    'mean loss',
    'beams that lost',
    'by the model',
  ],
  worst,
);
const notes = [
  'good: with a completion among the best twentieth of the space (exact on recorded spaces, of 24 random completions on landscapes)',
  'pairs right: of the prefixes that are judged side by side with about half of their decisions made, how many pairs the scores order as their best completions do',
  'reach: the best fraction of the optimum to which the prefixes lead that a beam kept to the end; losses are of that fraction, per beam',
  'a loss is by the model where it scores the better end itself no higher than the worst prefix kept, and by random completions where it scores it higher',
];
const text = `${times}\n\nWhere most was lost:\n\n${decisions}\n\n${notes.map((note) => `- ${note}\n`).join('')}`;
console.log(text);
mkdirSync(flags.out, { recursive: true });
writeFileSync(
  join(flags.out, 'README.md'),
  `# What early pruning loses\n\n${markdownOrigin('node --import tsx bench/cuts.ts')}\n${text}`,
);
const header = [
  'space',
  'seed',
  'trials',
  'sketch',
  'depth',
  'decision',
  'judged',
  'kept',
  'outscored',
  'no completion',
];
writeFileSync(
  join(flags.out, 'layers.csv'),
  stringify([
    [...header, 'good of kept', 'kept asked', 'good of cut', 'cut asked', 'pairs right', 'before', 'after', 'fault'],
    ...seen.map((one) => [
      ...[one.space, one.seed, one.trials, one.sketch, one.depth, one.decision, one.judged, one.kept, one.outscored],
      ...[
        one.noCompletion,
        ...one.goodKept,
        ...one.goodCut,
        one.pairwise.toFixed(4),
        one.before.toFixed(4),
        one.after.toFixed(4),
        one.fault ?? '',
      ],
    ]),
  ]),
);
