import type { ReplayedSpace } from '../../src/search/recorded/replayed-space.ts';
import { enumerateCandidates } from '../../src/search/space/enumeration.ts';
import { createSampler } from '../../src/search/space/sampling.ts';
import { type Candidate, candidateKey, type SearchSketch } from '../../src/search/strategy.ts';
import { createRandom } from '../../src/support/random.ts';
import { type Known, sampledBest } from './judge.ts';

/** Completions by which a prefix of a space that is not known whole is judged. */
const completions = 24;
/** Candidates drawn at random, of which the twentieth part counts as good, and from the best of which climbs begin. */
const draws = 1000;
const climbs = 40;
/** Candidates that climbs pass count as elite when they reach so much of the best. */
const leastElite = 0.75;
const good = 0.05;

/** All there is to know of a space that was measured whole; null for another one. */
export function knownWhole({ space, timeOf, bestNs }: ReplayedSpace): Known | null {
  const all = enumerateCandidates(space);
  if (all === null || bestNs === null) return null;
  const timed = all.map((candidate) => ({ candidate, timeNs: timeOf(candidate) ?? Number.POSITIVE_INFINITY }));
  const best = new Map<string, number>();
  for (const { candidate, timeNs } of timed)
    for (let depth = 0; depth <= candidate.values.length; depth++) {
      const key = candidateKey({ sketch: candidate.sketch, values: candidate.values.slice(0, depth) });
      best.set(key, Math.min(best.get(key) ?? Number.POSITIVE_INFINITY, timeNs));
    }
  return {
    ...{ space, bestNs, elites: timed.map(({ candidate, timeNs }) => ({ candidate, fraction: bestNs / timeNs })) },
    goodNs: quantileOf(timed.map(({ timeNs }) => timeNs)),
    bestOf: (sketch, values, depth) =>
      best.get(candidateKey({ sketch, values: [...values.subarray(0, depth)] })) ?? Number.POSITIVE_INFINITY,
  };
}

/** What sampling and hill climbing tell of a landscape: elites are the good candidates that climbs pass. */
export function knownBySampling(landscape: ReplayedSpace, seed: number): Known {
  const { space, timeOf } = landscape;
  const random = createRandom(seed).fork('cuts');
  const sampler = createSampler(space, random.fork('draws'), null);
  const drawn = Array.from({ length: draws }, () => sampler.any()).filter((one) => one !== null);
  const time = (candidate: Candidate): number => timeOf(candidate) ?? Number.POSITIVE_INFINITY;
  const passed = new Map<string, { candidate: Candidate; timeNs: number }>();
  const look = (candidate: Candidate): number => {
    const timeNs = time(candidate);
    passed.set(candidateKey(candidate), { candidate, timeNs });
    return timeNs;
  };
  for (const start of [...drawn].sort((a, b) => time(a) - time(b)).slice(0, climbs)) climb(space.sketches, start, look);
  const bestNs = Math.min(
    landscape.bestNs ?? Number.POSITIVE_INFINITY,
    ...[...passed.values()].map(({ timeNs }) => timeNs),
  );
  return {
    ...{ space, bestNs, goodNs: quantileOf(drawn.map(time)) },
    elites: [...passed.values()].flatMap(({ candidate, timeNs }) =>
      bestNs / timeNs < leastElite ? [] : [{ candidate, fraction: bestNs / timeNs }],
    ),
    bestOf: sampledBest(space, timeOf, completions, random.fork('completions')),
  };
}

/** Goes to the fastest legal neighbour, one decision made otherwise, until there is no faster one. Shows every candidate that it passes. */
export function climb(
  sketches: readonly Pick<SearchSketch, 'decisions' | 'createPruner'>[],
  from: Candidate,
  timeOf: (candidate: Candidate) => number,
): Candidate {
  const { decisions, createPruner } = sketches[from.sketch] as (typeof sketches)[number];
  const pruner = createPruner();
  for (let best = { candidate: from, timeNs: timeOf(from) }; ; ) {
    let next = best;
    for (const [at, { options }] of decisions.entries())
      for (const option of options) {
        const values = best.candidate.values.with(at, option);
        if (pruner.check(Float64Array.from(values)) !== null) continue;
        const candidate = { ...best.candidate, values };
        const timeNs = timeOf(candidate);
        if (timeNs < next.timeNs) next = { candidate, timeNs };
      }
    if (next === best) return best.candidate;
    best = next;
  }
}

function quantileOf(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(good * sorted.length) - 1)] as number;
}
