import type { DeviceDescription } from '../../src/ir/limits.ts';
import { type SketchSpace, sketchSpace } from '../../src/search/space/sketch-space.ts';
import type { Candidate, Observation, SearchSpace, SearchStrategy } from '../../src/search/strategy.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { makeDevice } from '../records/fixtures.ts';
import { programOfCase } from '../space/candidates.ts';

/** The space of a workload on a device that does not exist. */
export function spaceOf(operator: string, shape: string, device: DeviceDescription = makeDevice()): SketchSpace {
  return sketchSpace(sketchesOf(programOfCase({ title: '', operator, wish: { shape } })), device);
}

/** Values that a fast kernel of the synthetic device has, by the end of a decision's name. */
const favourites: Readonly<Record<string, number>> = {
  'j.invocations': 16,
  'i.invocations': 8,
  'j.registers': 4,
  'i.registers': 4,
  'k.step': 8,
  'A.workgroup': 0,
  'B.workgroup': 1,
  vector: 4,
  unroll: 1,
};

/**
 * Nanoseconds of a candidate on a device that does not exist: one optimum, a penalty for every step away from it in the decisions that matter, and
 * another for two decisions that conflict. No model knows this function; it is smooth, as times of kernels by and large are.
 */
export function syntheticTime(space: SearchSpace, candidate: Candidate): number {
  const { decisions } = space.sketches[candidate.sketch] as SearchSpace['sketches'][number];
  let time = 1e6;
  const held = new Map<string, number>();
  decisions.forEach(({ name }, i) => {
    const end = name.slice(name.indexOf('.') + 1);
    const value = candidate.values[i] as number;
    held.set(end, value);
    const favourite = favourites[end];
    if (favourite !== undefined) time *= 1 + 0.4 * Math.abs(Math.log2((1 + value) / (1 + favourite)));
  });
  if (held.get('unroll') === 1 && (held.get('k.step') ?? 0) > 16) time *= 3;
  return time;
}

/** Proposes, times and observes until the trials are used up or nothing is proposed; returns every observation in order. */
export async function runSearch(
  space: SearchSpace,
  strategy: SearchStrategy,
  trials: number,
  timeOf: (candidate: Candidate) => number | null = (candidate) => syntheticTime(space, candidate),
  round = 16,
): Promise<Observation[]> {
  const all: Observation[] = [];
  while (all.length < trials) {
    const proposals = strategy.propose(Math.min(round, trials - all.length));
    if (proposals.length === 0) break;
    const results = proposals.map((candidate) => ({ candidate, timeNs: timeOf(candidate) }));
    await strategy.observe(results);
    all.push(...results);
  }
  return all;
}

export function bestOf(observations: readonly Observation[]): number {
  return Math.min(...observations.map(({ timeNs }) => timeNs ?? Number.POSITIVE_INFINITY));
}

/** Every legal candidate of a small space, by trying all. */
export function allLegal({ sketches }: SearchSpace): { sketch: number; values: number[] }[] {
  return sketches.flatMap((sketch, index) => {
    const pruner = sketch.createPruner();
    const found: { sketch: number; values: number[] }[] = [];
    const walk = (values: number[]): void => {
      const prefix = new Float64Array(sketch.decisions.length).fill(Number.NaN);
      prefix.set(values);
      if (pruner.check(prefix) !== null) return;
      if (values.length === sketch.decisions.length) found.push({ sketch: index, values });
      else for (const option of sketch.decisions[values.length]?.options ?? []) walk([...values, option]);
    };
    walk([]);
    return found;
  });
}
