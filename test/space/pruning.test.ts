import { describe, expect, it } from 'vitest';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import type { PrefixScorer } from '../../src/search/scoring/prefix-scorer.ts';
import { constructCandidates } from '../../src/search/strategies/beam-construction.ts';
import { createTally } from '../../src/search/tally.ts';
import { estimateAt } from '../../src/space/kernel-estimate.ts';
import { createPruner, maxRegisters, mostStatements } from '../../src/space/pruning.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { anyCandidate, describeValues, estimatorFor, programOfCase } from './candidates.ts';
import { cases } from './cases.ts';

const seed = 2;
/** Limits so small that most of a space exceeds them. */
const tight: DeviceLimits = {
  ...defaultLimits,
  subgroupMinSize: 4,
  subgroupMaxSize: 4,
  maxComputeInvocationsPerWorkgroup: 32,
  maxComputeWorkgroupSizeX: 16,
  maxComputeWorkgroupSizeY: 8,
  maxComputeWorkgroupSizeZ: 2,
  maxComputeWorkgroupStorageSize: 512,
  maxComputeWorkgroupsPerDimension: 12,
};
const boundless: DeviceLimits = {
  ...tight,
  maxComputeInvocationsPerWorkgroup: 2 ** 30,
  maxComputeWorkgroupSizeX: 2 ** 30,
  maxComputeWorkgroupSizeY: 2 ** 30,
  maxComputeWorkgroupSizeZ: 2 ** 30,
  maxComputeWorkgroupStorageSize: 2 ** 30,
  maxComputeWorkgroupsPerDimension: 2 ** 30,
};

/** The kernels of a candidate as they would be on a device without limits; null where they are too long to write. */
function kernelsOf(sketch: Sketch, values: Float64Array) {
  const made = instantiate(sketch, values);
  if (isRefusal(made)) return null;
  const lowered = lowerProgram(made.program, boundless);
  return isRefusal(lowered) ? null : emit(lowered).kernels;
}

/** For each reason that speaks of a limit: whether kernels really are beyond it. */
const beyond: Readonly<Record<string, (kernel: NonNullable<ReturnType<typeof kernelsOf>>[number]) => boolean>> = {
  invocations: ({ workgroupSize: [x, y, z] }) => x * y * z > tight.maxComputeInvocationsPerWorkgroup,
  'workgroup-size': ({ workgroupSize: [x, y, z] }) =>
    x > tight.maxComputeWorkgroupSizeX || y > tight.maxComputeWorkgroupSizeY || z > tight.maxComputeWorkgroupSizeZ,
  'workgroup-bytes': ({ workgroupBytes }) => workgroupBytes > tight.maxComputeWorkgroupStorageSize,
  dispatch: ({ dispatch }) => Math.max(...dispatch) > tight.maxComputeWorkgroupsPerDimension,
};

describe('exact pruning', () => {
  it('refuses for a limit only what is beyond that limit, and lets through only what is within all', () => {
    const seen = new Map<string, number>();
    for (const workload of cases) {
      const random = createRandom(seed).fork(workload.title);
      for (const sketch of sketchesOf(programOfCase(workload), tight)) {
        const pruner = createPruner(sketch, tight);
        for (let i = 0; i < 24; i++) {
          const values = anyCandidate(sketch, random);
          const reason = pruner.check(values);
          const isBeyond = reason === null ? undefined : beyond[reason];
          if (reason !== null && isBeyond === undefined) continue;
          const kernels = kernelsOf(sketch, values);
          if (kernels === null) continue;
          const what = `${reason}: ${describeValues(sketch, values)}`;
          seen.set(reason ?? 'legal', (seen.get(reason ?? 'legal') ?? 0) + 1);
          if (isBeyond !== undefined) expect(kernels.some(isBeyond), what).toBe(true);
          else
            for (const kernel of kernels)
              expect(
                Object.values(beyond).some((is) => is(kernel)),
                what,
              ).toBe(false);
        }
      }
    }
    // A reason that never occurred was never tested.
    for (const reason of ['legal', ...Object.keys(beyond)])
      expect([reason, (seen.get(reason) ?? 0) >= 3]).toEqual([reason, true]);
  });

  it('refuses for registers and code size what estimates say is beyond them', () => {
    const reasons = new Set<string>();
    const random = createRandom(seed);
    for (const workload of cases) {
      for (const sketch of sketchesOf(programOfCase(workload), tight)) {
        const pruner = createPruner(sketch, boundless);
        const estimates = sketch.tilings.map((_, t) => estimatorFor(sketch, t));
        for (let i = 0; i < 200; i++) {
          const values = anyCandidate(sketch, random);
          const reason = pruner.check(values);
          const [registers, statements] = ([estimateAt.registers, estimateAt.statements] as const).map((at) =>
            Math.max(...estimates.map((estimate) => estimate(values)[at] as number)),
          ) as [number, number];
          if (reason === 'registers') expect(registers).toBeGreaterThan(maxRegisters);
          if (reason === 'code-size') expect(statements).toBeGreaterThan(mostStatements.gpu);
          if (reason === null) expect(registers <= maxRegisters && statements <= mostStatements.gpu).toBe(true);
          reasons.add(reason ?? 'legal');
        }
      }
    }
    expect([...reasons]).toEqual(expect.arrayContaining(['legal', 'code-size', 'idle-invocations', 'idle-registers']));
  });

  it('finds the same reason when it looks only at what the last decision changes', () => {
    const random = createRandom(seed);
    const reasons = new Set<string>();
    for (const workload of cases) {
      for (const limits of [tight, { ...tight, maxComputeWorkgroupsPerDimension: 2 }]) {
        for (const sketch of sketchesOf(programOfCase(workload), limits)) {
          const [whole, partial] = [createPruner(sketch, limits), createPruner(sketch, limits)];
          const values = new Float64Array(sketch.decisions.length).fill(Number.NaN);
          for (const [d, { options }] of sketch.decisions.entries()) {
            const legal = options.filter((option) => {
              values[d] = option;
              const reason = whole.check(values);
              expect(partial.check(values, d), describeValues(sketch, values)).toBe(reason);
              if (reason !== null) reasons.add(reason);
              return reason === null;
            });
            if (legal.length === 0) break;
            values[d] = random.pick(legal);
          }
        }
      }
    }
    expect([...reasons]).toEqual(
      expect.arrayContaining(['dispatch', 'workgroup-bytes', 'invocations', 'no-rows-to-pad']),
    );
  });

  it('judges a vector that does not divide, a tree wider than its lanes, and nothing to unroll', () => {
    const reasons = new Set<string | null>();
    const random = createRandom(seed);
    for (const workload of cases) {
      for (const sketch of sketchesOf(programOfCase(workload), tight)) {
        const pruner = createPruner(sketch, boundless);
        for (let i = 0; i < 50; i++) reasons.add(pruner.check(anyCandidate(sketch, random)));
      }
    }
    expect([...reasons]).toEqual(
      expect.arrayContaining(['vector-does-not-divide', 'tree-wider-than-lanes', 'nothing-to-unroll']),
    );
  });
});

/** Spaces larger than this are not tried completely. */
const mostComplete = 200_000;
const small = [
  ['matmul', 'm=3,n=2,k=2'],
  ['matmul', 'm=1,n=8,k=40'],
  ['reduce_sum', 'rows=5,cols=24'],
  ['softmax', 'rows=3,cols=8'],
  ['softmax', 'rows=2,cols=3'],
  ['elementwise', 'n=1,c=1,h=5,w=8'],
] as const;
const sketchesUnderTest = small.flatMap(([operator, shape]) =>
  sketchesOf(programOfCase({ title: '', operator, wish: { shape } }))
    .filter((sketch) => sketch.decisions.reduce((all, { options }) => all * options.length, 1) <= mostComplete)
    .map((sketch) => [`${operator} ${shape} ${sketch.name}`, sketch] as const),
);

/** Limits that a good part of such a small space exceeds. */
const snug: DeviceLimits = { ...tight, maxComputeInvocationsPerWorkgroup: 8, maxComputeWorkgroupStorageSize: 96 };

describe.each(sketchesUnderTest)('every prefix of %s', (_, sketch) => {
  it('is refused only if all its completions are', () => {
    const pruner = createPruner(sketch, snug);
    const count = sketch.decisions.length;
    let complete = 0;
    let refused = 0;
    /** Whether some completion of the first `depth` values is legal. */
    const hasLegalEnd = (values: Float64Array, depth: number): boolean => {
      const reason = pruner.check(values);
      if (depth === count) {
        complete++;
        return reason === null;
      }
      let some = false;
      for (const option of sketch.decisions[depth]?.options ?? []) {
        values[depth] = option;
        some = hasLegalEnd(values, depth + 1) || some;
      }
      values.fill(Number.NaN, depth);
      if (reason !== null) {
        refused++;
        expect(some, `${reason} at ${depth}: ${describeValues(sketch, values)}`).toBe(false);
      }
      return some;
    };
    expect(hasLegalEnd(new Float64Array(count).fill(Number.NaN), 0)).toBe(true);
    expect(complete).toBeGreaterThan(count > 0 ? 1 : 0);
    if (count > 3) expect(refused).toBeGreaterThan(0);
  });

  it('is tallied under its reason and depth', () => {
    const pruner = createPruner(sketch, snug);
    const count = sketch.decisions.length;
    const expected = new Map<string, number[]>();
    let looked = 0;
    let frontier: Float64Array[] = [new Float64Array(count).fill(Number.NaN)];
    for (let depth = 0; depth < count; depth++) {
      const next: Float64Array[] = [];
      for (const prefix of frontier) {
        for (const option of sketch.decisions[depth]?.options ?? []) {
          const child = prefix.slice();
          child[depth] = option;
          looked++;
          const reason = pruner.check(child);
          if (reason === null) next.push(child);
          else {
            const depths = expected.get(reason) ?? [];
            while (depths.length <= depth + 1) depths.push(0);
            depths[depth + 1] = (depths[depth + 1] as number) + 1;
            expected.set(reason, depths);
          }
        }
      }
      frontier = next;
    }
    const tally = createTally();
    const indifferent: PrefixScorer = { score: (_, made, __, into) => void into.fill(0, 0, made) };
    const everything = Number.POSITIVE_INFINITY;
    const found = constructCandidates(
      { ...sketch, createPruner: () => createPruner(sketch, snug) },
      indifferent,
      everything,
      tally,
    );
    expect(found.map(({ values }) => values.join()).sort()).toEqual(frontier.map((values) => values.join()).sort());
    expect(Object.fromEntries(tally.byDepth)).toEqual(Object.fromEntries(expected));
    expect(tally.looked).toBe(looked);
    for (const [reason, depths] of tally.byDepth)
      expect(tally.byReason.get(reason)).toBe(depths.reduce((sum, next) => sum + next, 0));
  });
});
