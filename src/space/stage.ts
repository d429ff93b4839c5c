import { linearOf } from '../arithmetic/linear.ts';
import type { Block, Buffer, Iter, Program } from '../ir/nodes.ts';
import { blocksOf, positionSources, readsOf, walkExpr } from '../ir/visit.ts';
import { bytesPerElement, flopsOfBlock } from '../operators/flops.ts';

/** How one dimension of a buffer is indexed by a block's iters: coefficient by iter position; `opaque` where it is not affine. */
interface AffineIndex {
  /** Coefficients, one per block iter, in the order of the block's iters. */
  readonly coefficients: readonly number[];
  /** Positions of the coefficients that are not 0. */
  readonly moving: readonly number[];
  readonly opaque: boolean;
  /** Extent of the dimension. */
  readonly extent: number;
}

/** A distinct access of a block to a buffer. */
export interface AccessInfo {
  readonly buffer: Buffer;
  readonly dimensions: readonly AffineIndex[];
  /** Distance in elements between neighbours along each iter, row-major; NaN where an opaque index depends on it. */
  readonly strides: readonly number[];
  /** Operations that compute an element where it is read, because the stage that makes it is inlined; 0 where it is loaded. */
  readonly computed: number;
}

/** One stage of the plain program: its block, seen through what scheduling rules ask about. */
export interface StageInfo {
  readonly block: Block;
  readonly spatial: readonly Iter[];
  readonly reduction: readonly Iter[];
  readonly reads: readonly AccessInfo[];
  /** The results it writes: several for a reduction of tuples. */
  readonly writes: readonly AccessInfo[];
  /** Of these, the one that matters to other stages: the output, else the first that is read. */
  readonly write: AccessInfo;
  /** Floating-point operations of one block instance. */
  readonly flops: number;
  readonly isOutput: boolean;
  /** An elementwise stage computed where this one's result is stored; see epilogue.ts. */
  readonly epilogue: Epilogue | null;
}

export interface Epilogue {
  readonly block: string;
  /** Floating-point operations of one element. */
  readonly flops: number;
  /** All operations of one element, loads and their addresses with them. */
  readonly operations: number;
  /** Bytes read for one element besides the result itself, and bytes read in all where each is read once. */
  readonly readBytes: number;
  readonly uniqueBytes: number;
  /** Bytes of an element it stores. */
  readonly writeBytes: number;
}

/** The stages of a plain program, in order. */
export function stagesOf(program: Program): StageInfo[] {
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]));
  const blocks = blocksOf(program);
  const read = new Set(blocks.flatMap((block) => readsOf(block).map((access) => access.buffer)));
  return blocks.map((block) => {
    const seen = new Set<string>();
    const reads: AccessInfo[] = [];
    const sources = positionSources(block);
    for (const read of readsOf(block)) {
      // Positions are loaded where they are known, never through a copy, so that rules need not know of them.
      if (sources.has(read.buffer) && program.inputs.includes(read.buffer)) continue;
      const access = accessInfo(block, buffers.get(read.buffer) as Buffer, read.indices);
      const key = `${read.buffer}:${JSON.stringify(access.dimensions)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      reads.push(access);
    }
    const writes = block.writes.map((write) => accessInfo(block, buffers.get(write.buffer) as Buffer, write.indices));
    const isOutput = ({ buffer }: AccessInfo): boolean => program.outputs.includes(buffer.name);
    return {
      block,
      spatial: block.iters.filter((iter) => iter.type === 'spatial'),
      reduction: block.iters.filter((iter) => iter.type === 'reduction'),
      reads,
      writes,
      write: writes.find(isOutput) ?? writes.find(({ buffer }) => read.has(buffer.name)) ?? (writes[0] as AccessInfo),
      flops: Math.max(1, flopsOfBlock(block)),
      isOutput: writes.some(isOutput),
      epilogue: null,
    };
  });
}

function accessInfo(block: Block, buffer: Buffer, indices: Block['writes'][number]['indices']): AccessInfo {
  const position = new Map(block.iters.map((iter, i) => [iter.name, i]));
  const strides = block.iters.map(() => 0);
  let pitch = 1;
  const dimensions: AffineIndex[] = [];
  for (let d = indices.length - 1; d >= 0; d--) {
    const coefficients = block.iters.map(() => 0);
    let opaque = false;
    for (const { atom, coefficient } of linearOf(indices[d] as Block['writes'][number]['value']).terms.values()) {
      const at = atom.kind === 'var' ? position.get(atom.name) : undefined;
      if (at === undefined) {
        opaque = true;
        walkExpr(atom, (node) => {
          const inner = node.kind === 'var' ? position.get(node.name) : undefined;
          if (inner !== undefined) strides[inner] = Number.NaN;
        });
      } else {
        coefficients[at] = coefficient;
        strides[at] = (strides[at] ?? 0) + coefficient * pitch;
      }
    }
    const extent = buffer.shape[d] as number;
    const moving = coefficients.flatMap((coefficient, i) => (coefficient === 0 ? [] : [i]));
    dimensions.unshift({ coefficients, moving, opaque, extent });
    pitch *= extent;
  }
  return { buffer, dimensions, strides, computed: 0 };
}

/** Bytes of an element. */
export function bytesOf(buffer: Buffer): number {
  return bytesPerElement(buffer.dtype);
}

/** True when some read does not move with some of these iters: the same element serves several outputs, so tiling pays. */
export function hasReuse(stage: StageInfo, along: readonly Iter[] = stage.spatial): boolean {
  if (stage.reduction.length === 0) return false;
  return stage.reads.some((read) =>
    stage.block.iters.some(
      (iter, i) =>
        along.includes(iter) &&
        iter.extent > 1 &&
        read.dimensions.every((dimension) => dimension.coefficients[i] === 0 && !dimension.opaque),
    ),
  );
}

/** Whether a read is of another element when an iter goes on. */
export function movesWith({ strides, dimensions }: AccessInfo, i: number): boolean {
  return Number.isNaN(strides[i]) || dimensions.some(({ coefficients }) => coefficients[i] !== 0);
}

/** Windows further apart than this are none: what an invocation holds of several would mostly be what lies between its taps. */
const furthestWindows = 8;

/** True when windows slide over an operand: some dimension of it moves with a spatial and with a reduction iter. */
export function hasWindows(stage: StageInfo): boolean {
  const moves = (coefficients: readonly number[], type: Iter['type'], most: number): boolean =>
    stage.block.iters.some((iter, i) => {
      const step = Math.abs(coefficients[i] as number);
      return iter.type === type && iter.extent > 1 && step > 0 && step <= most;
    });
  return stage.reads.some((read) =>
    read.dimensions.some(
      ({ coefficients, opaque }) =>
        !opaque &&
        moves(coefficients, 'spatial', furthestWindows) &&
        moves(coefficients, 'reduction', Number.POSITIVE_INFINITY),
    ),
  );
}

/** Whether neighbours along an iter sum terms of an operand that lie far from each other: parts of one long sum, no windows. */
export function liesApart({ block, reads }: StageInfo, i: number): boolean {
  return reads.some((read) =>
    read.dimensions.some(
      ({ coefficients }) =>
        Math.abs(coefficients[i] as number) > furthestWindows &&
        block.iters.some((iter, r) => iter.type === 'reduction' && coefficients[r] !== 0),
    ),
  );
}

/** An iter's name for people: operators call the iter of axis `i` `vi`. */
export function axisOf(iter: Iter): string {
  return /^v./.test(iter.name) ? iter.name.slice(1) : iter.name;
}

/** Whether an iter is alone in indexing its dimensions of a read, so that its tiles are alike wherever the other iters stand. */
function isAlone({ dimensions }: AccessInfo, iter: number): boolean {
  return dimensions.every(
    ({ coefficients, opaque }) =>
      !opaque && (coefficients[iter] === 0 || coefficients.every((other, i) => i === iter || other === 0)),
  );
}

/** Whether a reduction iter's steps may be cut into whole ones and a rest. */
export function standsAlone({ reads }: StageInfo, iter: number): boolean {
  return reads.every((read) => isAlone(read, iter));
}

/** Whether a read's tile can be kept twice while steps go along a reduction iter: it moves evenly, and forward. */
export function movesEvenly({ reads }: StageInfo, q: number, iter: number): boolean {
  const read = reads[q] as AccessInfo;
  // Two accesses to one buffer share its copy.
  if (reads.some((other) => other !== read && other.buffer.name === read.buffer.name)) return false;
  const steps = read.dimensions.map((dimension) => dimension.coefficients[iter] as number);
  return isAlone(read, iter) && steps.every((step) => step >= 0) && steps.some((step) => step > 0);
}
