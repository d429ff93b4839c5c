import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { readsOf } from '../ir/visit.ts';
import { allBlocks, readersOf } from '../schedule/legality/find.ts';
import { applyStep } from '../schedule/replay.ts';
import { isRefusal } from '../support/refusal.ts';
import type { ScheduleBuilder } from './builder.ts';

/** A maximum, the sum of exponentials less it, and a sum that they weigh, cut into parts of `length` terms (see rfactorSoftmax). */
export interface OnlineChain {
  readonly maximum: string;
  readonly sum: string;
  readonly weighted: string;
  readonly length: number;
}

/** Into what parts chains are cut. */
export interface ChainSizes {
  /** Terms that one part takes at most where a single one is enough: a tile of rows has all its elements in workgroup memory. */
  readonly mostTerms: number;
  /** Terms of a part where one is not enough; null where several do not pay. */
  readonly partLength: number | null;
  /** Whether rows that share what their elements are made of pay as well. */
  readonly isForShared: boolean;
}

/**
 * On a GPU, rows of scores that are never stored save what limits it, and a part of 64 terms leaves room for 16 rows in the 16 KiB that every device
 * has. The cores of a CPU have scores in their caches, and there a load from workgroup memory costs what any load does: one kernel pays where each
 * row has keys of its own and nothing is shared, a decode step (docs/decisions/035-attention-in-one-kernel.md).
 */
export const chainSizes: Readonly<Record<DeviceDescription['type'], ChainSizes>> = {
  gpu: { mostTerms: 128, partLength: 64, isForShared: true },
  cpu: { mostTerms: 1536, partLength: null, isForShared: false },
};

/** Terms of a part; null where parts of that axis do not pay. */
export const partLengthOf = (extent: number, { mostTerms, partLength }: ChainSizes): number | null =>
  extent <= mostTerms ? extent : partLength;

/** The first chain of a program whose elementwise stages are inlined, as one part, and the terms of its axis; null where it has none. */
export function chainOf(program: Program): { readonly chain: OnlineChain; readonly extent: number } | null {
  const reductions = allBlocks(program).flatMap(({ block }) => (block.reducer === null ? [] : [block]));
  const uses = (reader: (typeof reductions)[number], made: (typeof reductions)[number]): boolean =>
    readsOf(reader).some((read) => made.writes.some((write) => write.buffer === read.buffer));
  for (const third of reductions)
    for (const second of reductions.filter((other) => uses(third, other)))
      for (const first of reductions.filter((other) => uses(second, other) && uses(third, other))) {
        const extent = third.iters.find(({ type }) => type === 'reduction')?.extent ?? 1;
        const chain = { maximum: first.name, sum: second.name, weighted: third.name, length: extent };
        // The primitive knows whether it is one.
        const made = applyStep(program, { primitive: 'rfactorSoftmax', args: { ...chain } });
        if (!isRefusal(made)) return { chain, extent };
      }
  return null;
}

/** Cuts a chain into parts. What finishes its result goes into the elementwise stage that alone reads that, where there is one. */
export function applyChain(builder: ScheduleBuilder, chain: OnlineChain): void {
  builder.apply('rfactorSoftmax', { ...chain });
  const program = builder.program();
  const joined = allBlocks(program).find(({ block }) => block.name === chain.weighted)?.block;
  const [rescaled] = readersOf(program, joined?.writes.at(-1)?.buffer as string);
  const made = rescaled?.block.writes[0]?.buffer as string;
  const readers = readersOf(program, made);
  if (program.outputs.includes(made) || readers.length !== 1 || readers[0]?.block.reducer !== null) return;
  builder.apply('computeInline', { block: rescaled?.block.name as string });
}
