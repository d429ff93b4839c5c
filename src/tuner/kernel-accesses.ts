import { compiledAccessesOf } from '../features/compiled-accesses.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { lowerProgram } from '../lowering/lower.ts';
import { blocksUnder } from '../schedule/legality/find.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import type { Candidate } from '../search/strategy.ts';
import { instantiateAlone, preparedProgram } from '../space/sketch.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';

/** A kernel: what its code accesses, and the blocks that it runs. */
interface Counted {
  readonly accesses: number;
  readonly blocks: readonly string[];
}

/** What each kernel of a scheduled program accesses; null where it makes no kernels on the device. */
export function accessesOf(program: Program | Refusal, device: DeviceDescription): readonly number[] | null {
  return countedOf(program, device)?.map(({ accesses }) => accesses) ?? null;
}

function countedOf(program: Program | Refusal, { limits }: DeviceDescription): readonly Counted[] | null {
  const lowered = isRefusal(program) ? program : lowerProgram(program, limits);
  if (isRefusal(lowered)) return null;
  return lowered.kernels.map((kernel, at) => ({
    accesses: compiledAccessesOf(kernel),
    blocks: blocksUnder((program as Program).body[at] as Program['body'][number]).map(({ name }) => name),
  }));
}

/**
 * What each kernel of a space's candidates accesses; null where one makes no kernels. Kernels are made tiling by tiling, and those of equal decisions
 * once: of the candidates that a search compares, many differ in one kernel of several.
 */
export function createAccessCounter({
  sketches,
  device,
}: SketchSpace): (candidate: Pick<Candidate, 'sketch' | 'values'>) => readonly number[] | null {
  const prepared = sketches.map(() => null as Program | Refusal | null);
  const known = new Map<string, readonly Counted[] | null>();
  const remembered = (key: string, make: () => Program | Refusal): readonly Counted[] | null => {
    let held = known.get(key);
    if (held === undefined) {
      held = countedOf(make(), device);
      known.set(key, held);
    }
    return held;
  };
  return ({ sketch: index, values }) => {
    const sketch = sketches[index] as SketchSpace['sketches'][number];
    const common = prepared[index] ?? preparedProgram(sketch);
    prepared[index] = common;
    if (isRefusal(common)) return null;
    let begin = 0;
    const kernels: Counted[] = [];
    for (const [at, tiling] of sketch.tilings.entries()) {
      const own = values.slice(begin, begin + tiling.decisions.length);
      begin += own.length;
      const alone = remembered(`${index} ${at} ${own}`, () => instantiateAlone(sketch, common, tiling, values));
      if (alone === null) return null;
      kernels.push(...alone);
    }
    const once = remembered(`${index}`, () => instantiateAlone(sketch, common, null, values));
    if (once === null) return null;
    // A tiling that lays an operand out in blocks has made the kernel that packs it.
    const made = new Set(kernels.flatMap(({ blocks }) => blocks));
    kernels.push(...once.filter(({ blocks }) => !blocks.some((block) => made.has(block))));
    return kernels.map(({ accesses }) => accesses);
  };
}
