import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { readsOf } from '../ir/visit.ts';
import { allBlocks, readersOf } from '../schedule/legality/find.ts';
import { applyStep } from '../schedule/replay.ts';
import { isRefusal } from '../support/refusal.ts';
import type { ScheduleBuilder } from './builder.ts';
import { applySplit } from './split-sums.ts';

/**
 * A maximum, the sum of exponentials less it, and a sum that they weigh, cut into parts of `length` terms (see rfactorSoftmax), which `sharers`
 * workgroups share: the results of each are stored, and a kernel of its own joins them. One sharer stores none.
 */
export interface OnlineChain {
  readonly maximum: string;
  readonly sum: string;
  readonly weighted: string;
  readonly length: number;
  readonly sharers: number;
}

/** Into what parts chains are cut. */
export interface ChainSizes {
  /** Terms that one part takes at most where a single one is enough: a tile of rows has all its elements in workgroup memory. */
  readonly mostTerms: number;
  /** Terms of a part where one is not enough; null where several do not pay. */
  readonly partLength: number | null;
  /** Whether rows that share what their elements are made of pay as well. */
  readonly isForShared: boolean;
  /** When workgroups share the parts of a row; null for never. */
  readonly sharing: ChainSharing | null;
}

/** When there are too few rows to keep a device busy. */
interface ChainSharing {
  /** Workgroups that keep it busy. */
  readonly workgroups: number;
  /** Rows that a workgroup takes where they share what their elements are made of. */
  readonly tile: number;
  /** Terms that a sharer takes at least: fewer cost more to join than they save. */
  readonly shortest: number;
  readonly fewest: number;
  readonly most: number;
}

/**
 * On a GPU, rows of scores that are never stored save what limits it, and a part of 64 terms leaves room for 16 rows in the 16 KiB that every device
 * has. The cores of a CPU have scores in their caches, and there a load from workgroup memory costs what any load does: one kernel pays where each
 * row has keys of its own and nothing is shared, a decode step (docs/decisions/035-attention-in-one-kernel.md).
 */
export const chainSizes: Readonly<Record<DeviceDescription['type'], ChainSizes>> = {
  gpu: {
    ...{ mostTerms: 128, partLength: 64, isForShared: true },
    sharing: { workgroups: 256, tile: 16, shortest: 128, fewest: 4, most: 64 },
  },
  cpu: { mostTerms: 1536, partLength: null, isForShared: false, sharing: null },
};

type Parts = Pick<OnlineChain, 'length' | 'sharers'>;

/** Terms of parts are multiples of these where they can be, the widest vector first. */
const vectorTerms = [4, 2, 1];

/** Ways to cut an axis of so many terms into parts; none where parts of it do not pay. `rows` are the extents of the rows' axes, outermost first. */
export function partsOf(extent: number, rows: readonly number[], sizes: ChainSizes): readonly Parts[] {
  const { mostTerms, partLength, sharing } = sizes;
  const length = extent <= mostTerms ? extent : partLength;
  const shared = sharing === null ? null : sharedParts(extent, rows, mostTerms, sharing);
  return [...(length === null ? [] : [{ length, sharers: 1 }]), ...(shared === null ? [] : [shared])];
}

/** As many parts for each sharer, of whole vectors where there are such; one part each where that has few enough terms. */
function sharedParts(extent: number, rows: readonly number[], mostTerms: number, sizes: ChainSharing): Parts | null {
  const tiles =
    rows.reduce((all, size) => all * size, 1) / Math.min(sizes.tile, rows.findLast((size) => size > 1) ?? 1);
  const wanted = Math.min(sizes.most, Math.floor(sizes.workgroups / tiles), Math.floor(extent / sizes.shortest));
  for (const vector of vectorTerms)
    for (let sharers = wanted; sharers >= Math.max(sizes.fewest, wanted / 2); sharers--) {
      const each = Math.ceil(Math.ceil(extent / sharers) / mostTerms);
      const length = Math.ceil(extent / (sharers * each * vector)) * vector;
      if (Math.ceil(extent / length) === sharers * each) return { length, sharers };
    }
  return null;
}

/** A chain as one part, the terms of its axis, and the extents of its rows. */
interface FoundChain {
  readonly chain: OnlineChain;
  readonly extent: number;
  readonly rows: readonly number[];
}

/** The first chain of a program whose elementwise stages are inlined; null where it has none. */
export function chainOf(program: Program): FoundChain | null {
  const reductions = allBlocks(program).flatMap(({ block }) => (block.reducer === null ? [] : [block]));
  const uses = (reader: (typeof reductions)[number], made: (typeof reductions)[number]): boolean =>
    readsOf(reader).some((read) => made.writes.some((write) => write.buffer === read.buffer));
  for (const third of reductions)
    for (const second of reductions.filter((other) => uses(third, other)))
      for (const first of reductions.filter((other) => uses(second, other) && uses(third, other))) {
        const extent = third.iters.find(({ type }) => type === 'reduction')?.extent ?? 1;
        const args = { maximum: first.name, sum: second.name, weighted: third.name, length: extent };
        // The primitive knows whether it is one.
        const made = applyStep(program, { primitive: 'rfactorSoftmax', args });
        if (isRefusal(made)) continue;
        const rows = second.iters.flatMap((iter) => (iter.type === 'spatial' ? [iter.extent] : []));
        return { chain: { ...args, sharers: 1 }, extent, rows };
      }
  return null;
}

/**
 * Cuts a chain into parts, and these into those of each workgroup. What finishes its result goes into the elementwise stage that alone reads that,
 * where there is one.
 */
export function applyChain(builder: ScheduleBuilder, { sharers, ...chain }: OnlineChain): void {
  builder.apply('rfactorSoftmax', chain);
  const program = builder.program();
  const joined = allBlocks(program).find(({ block }) => block.name === chain.weighted)?.block;
  const [rescaled] = readersOf(program, joined?.writes.at(-1)?.buffer as string);
  const made = rescaled?.block.writes[0]?.buffer as string;
  const readers = readersOf(program, made);
  if (!program.outputs.includes(made) && readers.length === 1 && readers[0]?.block.reducer === null)
    builder.apply('computeInline', { block: rescaled?.block.name as string });
  const parts = joined?.iters.at(-1)?.name as string;
  if (sharers > 1) applySplit(builder, { block: chain.weighted, iter: parts, parts: sharers });
}
