/**
 * How many prefixes per second go through legality, features and score on one core.
 *     node --import tsx bench/prefixes.ts
 * Builds beams over the default matmul and conv2d with a trained booster and prints the rate of every part, medians over rounds.
 */
import { cpus } from 'node:os';
import { findBooster } from '../src/cost-model/find-booster.ts';
import { createFittedModel } from '../src/cost-model/fitted-model.ts';
import { createResidualModel } from '../src/cost-model/residual-model.ts';
import { createXgboostModel } from '../src/cost-model/xgboost-model.ts';
import { type DeviceDescription, defaultLimits } from '../src/ir/limits.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { sketchSpace } from '../src/search/space/sketch-space.ts';
import { createBeamSearch } from '../src/search/strategies/beam.ts';
import type { Observation } from '../src/search/strategy.ts';
import { sketchesOf } from '../src/space/rules.ts';
import { createRandom } from '../src/support/random.ts';
import { programOf } from '../src/tuner/build.ts';

/** No device is needed: a description is enough to build and judge prefixes. */
const device: DeviceDescription = {
  name: 'bench',
  vendor: 'bench',
  architecture: 'bench',
  device: '',
  description: '',
  backend: 'vulkan',
  driver: '',
  type: 'cpu',
  dawnVersion: '',
  profile: 'browser',
  toggles: [],
  features: [],
  limits: defaultLimits,
  environment: {},
};

const rounds = 12;
const booster = findBooster();
console.log(
  `${new Date().toISOString().slice(0, 10)}  ${cpus()[0]?.model ?? 'unknown CPU'}  node ${process.version}  one core`,
);
console.log(`scored upon the analytic model with fitted costs by ${booster.description}`);
console.log(
  'checked: through legality; scored: of these, the legal ones, through features and score as well; medians of rounds (quartiles)',
);
console.log('workload                            checked/s              scored/s');

for (const [operator, shape] of [
  ['matmul', 'm=512,n=512,k=512'],
  ['conv2d', 'c=16,h=28,w=28,oc=32'],
] as const) {
  const space = sketchSpace(sketchesOf(programOf(makeWorkload(operator, { shape }))), device);
  const base = createFittedModel('cpu');
  const model = createResidualModel(base, createXgboostModel(booster.trainer, { seed: 1 }));
  const search = createBeamSearch(space, { seed: 1, model });
  const random = createRandom(7);
  // Any times will do, because the search is timed and not the kernels.
  const learn = async (): Promise<void> => {
    const results: Observation[] = search
      .propose(32)
      .map((candidate) => ({ candidate, timeNs: 1e6 * (1 + random.unit()) }));
    await search.observe(results);
  };
  await learn();
  await learn();
  const checked: number[] = [];
  const scored: number[] = [];
  const refused = (): number => [...search.tally.byReason.values()].reduce((sum, count) => sum + count, 0);
  for (let round = 0; round < rounds; round++) {
    const before = search.tally.looked;
    const refusedBefore = refused();
    // Processor time, so that other programs' work does not count.
    const started = process.cpuUsage();
    search.propose(8);
    const { user, system } = process.cpuUsage(started);
    const seconds = (user + system) / 1e6;
    const looked = search.tally.looked - before;
    checked.push(looked / seconds);
    scored.push((looked - refused() + refusedBefore) / seconds);
  }
  console.log(`${`${operator} ${shape}`.padEnd(32)} ${summary(checked)}   ${summary(scored)}`);
}

function summary(rates: readonly number[]): string {
  const sorted = [...rates].sort((a, b) => a - b);
  const quartile = (q: number): string =>
    Math.round(sorted[Math.floor(q * (sorted.length - 1))] as number).toLocaleString('en');
  return `${quartile(0.5)} (${quartile(0.25)} - ${quartile(0.75)})`;
}
