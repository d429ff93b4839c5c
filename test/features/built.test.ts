import { describe, expect, it } from 'vitest';
import { createLocality } from '../../src/features/locality.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { type EstimateName, estimateAt } from '../../src/space/kernel-estimate.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, positionsIn } from '../../src/space/sketch.ts';
import { hasWindows } from '../../src/space/stage.ts';
import { stagesOfTiling, type Tiling } from '../../src/space/tiling.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { describeValues, estimateFor, legalCandidates, programOfCase } from '../space/candidates.ts';
import { countKernel, type KernelCounts } from './count-kernel.ts';

const workloads = [
  ['matmul', 'm=128,n=128,k=128'],
  ['matmul', 'm=8,n=96,k=120'],
  ['conv2d', 'n=1,c=16,h=28,w=28,oc=32'],
  ['depthwise_conv2d', 'n=1,c=32,h=28,w=28'],
  ['softmax', 'rows=128,cols=256'],
  ['transpose', 'n=1,c=64,h=32,w=48'],
  ['reduce_sum', 'rows=256,cols=1024'],
  ['elementwise', 'n=2,c=4,h=16,w=32'],
] as const;

interface Held {
  readonly what: string;
  readonly tiling: Tiling;
  readonly counts: KernelCounts;
  readonly of: (name: EstimateName) => number;
  /** Bytes that invocations load from storage, by the kernel's nests. */
  readonly asked: number;
}

/** Kernels of random candidates beside the estimates that were made of them before they were built. */
function built(operator: string, shape: string, perSketch: number): Held[] {
  return sketchesOf(programOfCase({ title: '', operator, wish: { shape } })).flatMap((sketch) =>
    legalCandidates(sketch, defaultLimits, perSketch, createRandom(8)).flatMap((values) => {
      const made = instantiate(sketch, values);
      const lowered = isRefusal(made) ? made : lowerProgram(made.program, defaultLimits);
      if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
      return sketch.tilings.map((tiling, t): Held => {
        const kernel = lowered.kernels.find(({ name }) =>
          stagesOfTiling(tiling).some((stage) => stage.block.name === name),
        );
        if (kernel === undefined) throw new Error(`no kernel of ${describeValues(sketch, values)}`);
        const estimate = estimateFor(sketch, t, values);
        const locality = createLocality(tiling, positionsIn(sketch));
        locality.update(values);
        return {
          what: describeValues(sketch, values),
          tiling,
          counts: countKernel(kernel),
          of: (name) => estimate[estimateAt[name]] as number,
          asked: locality.uses.reduce((sum, use) => sum + (use.read < 0 ? 0 : use.asked), 0),
        };
      });
    }),
  );
}

/**
 * How often at most lowering finds that a value loaded before can be used again: from one vector to the next, where the address
 * does not move along a row, and, in windows, from one written-out element to the next.
 */
function sharing({ tiling, of }: Held): number {
  if (tiling.nests.some(({ reads }) => reads.some(({ strides }) => strides.at(-1) === 0)) && tiling.rule !== 'tiled')
    return of('registersY') + 1;
  return stagesOfTiling(tiling).some(hasWindows) ? of('depth') + 1 : 1;
}

/** Whether a kernel has no copies of its body for a rest: each of these does less than a whole step, and they never run at once. */
const isWhole = ({ what, of }: Held): boolean => of('parts') === 1 && !what.includes('partition-steps=1');

describe.each(workloads)('the estimate for kernels of %s %s', (operator, shape) => {
  const all = built(operator, shape, 60);

  it('is what their statements do, where no guard hides how often they run', () => {
    const plain = all.filter((held) => held.counts.guards === 0 && isWhole(held));
    expect(plain.length).toBeGreaterThan(3);
    for (const held of plain) {
      const { what, counts, of, asked } = held;
      expect([of('storageWriteBytes'), of('workgroupWriteBytes')], what).toEqual([
        counts.storageWritten,
        counts.workgroupWritten,
      ]);
      // No barrier is left where every invocation reads what it stored itself.
      if (counts.barriers > 0) expect(of('barriers'), what).toBe(counts.barriers);
      for (const [said, read] of [
        [of('storageReadBytes'), counts.storageRead],
        [asked, counts.storageRead],
        [of('workgroupReadBytes'), counts.workgroupRead],
      ] as const) {
        expect(said, what).toBeGreaterThanOrEqual(read * (1 - 1e-9));
        expect(said, what).toBeLessThanOrEqual(read * sharing(held) * (1 + 1e-9));
      }
    }
  });

  it('counts the iterations of the loops that remain', () => {
    // Two stages of one kernel are each estimated alone.
    for (const { what, tiling, counts, of } of all.filter(isWhole))
      if (tiling.nests.length === 1) expect(of('iterations'), what).toBe(counts.iterations);
  });

  it('has every barrier, also where there are guards', () => {
    for (const { what, counts, of } of all.filter(isWhole))
      expect(of('barriers') >= counts.barriers, `${of('barriers')} for ${counts.barriers}: ${what}`).toBe(true);
  });

  it('counts the registers of tiles, scalar for scalar, and never less than a kernel declares', () => {
    for (const { what, tiling, counts, of } of all.filter(isWhole)) {
      if (tiling.rule === 'tiled') expect(of('registers'), what).toBe(counts.privates);
      // A stage no longer needs its registers when the next stage of the kernel begins.
      else expect(of('registers') * tiling.nests.length, what).toBeGreaterThanOrEqual(counts.privates);
    }
  });

  it('names guards wherever there are some', () => {
    for (const { what, tiling, counts, of } of all.filter(
      ({ tiling: { rule } }) => rule === 'flat' || rule === 'turned',
    )) {
      // A tile that does not divide into whole steps needs a guard too.
      if (counts.guards > 0 && tiling.rule === 'flat') expect(of('guarded'), what).toBeGreaterThan(0);
      if (of('guarded') > 0) expect(counts.guards + counts.clamps, what).toBeGreaterThan(0);
    }
  });
});
