import { guardOperations, pointOperations, uneven } from '../emitted.ts';
import type { StageInfo } from '../stage.ts';
import { decided } from './decided.ts';
import type { RowsLayout } from './rows-layout.ts';

/** What a stage writes out for each element, and around it. */
interface Part {
  /** Operations of an element and of the loads that move along the row. */
  readonly element: number;
  /** Addresses of a vector: one for each of those loads, and the running index taken apart where several axes are reduced. */
  readonly addresses: number;
  readonly loads: number;
  readonly combine: number;
  readonly length: number;
}

/** Scalar operations in the text of a rows plan's kernel. Allocates nothing when called. */
export function rowsLength(layout: RowsLayout): (values: Float64Array, first: number) => number {
  const { reductions, final, rowAxes, lastRowExtent } = layout;
  const finalReduces = final.reduction.length > 0;
  const made = new Set([...reductions, final].flatMap((stage) => stage.writes.map((write) => write.buffer.name)));
  const partOf = (stage: StageInfo): Part => {
    const moving = stage.reads.filter(
      ({ buffer, strides }) => !made.has(buffer.name) && strides.slice(rowAxes).some((stride) => stride !== 0),
    );
    const columns = stage.block.iters.slice(rowAxes).filter((iter) => iter.extent > 1);
    const computed = moving.reduce((sum, read) => sum + read.computed, 0);
    return {
      element: pointOperations(stage) + computed + moving.length,
      addresses: moving.length + (columns.length > 1 ? 4 * (columns.length - 1) : 0),
      loads: moving.length,
      combine: stage.writes.length,
      length: columns.reduce((all, iter) => all * iter.extent, 1),
    };
  };
  const parts = reductions.map(partOf);
  const end = finalReduces ? null : partOf(final);
  const finish = final.epilogue?.operations ?? 0;

  return (values, first) => {
    const subgroup = decided(values, first, layout.subgroup);
    const lanes = decided(values, first, layout.lanes);
    const rows = decided(values, first, layout.rows);
    const tree = decided(values, first, layout.tree);
    const vector = decided(values, first, layout.vector);
    const unroll = decided(values, first, layout.unroll);
    const across = subgroup > 1 ? (lanes < subgroup ? lanes : subgroup + 0 * lanes) : 1 + 0 * subgroup;
    const groups = lanes / across;
    const roughRows = uneven(lastRowExtent, rows);
    const wide = lanes > 1 ? 1 : 0 * lanes;
    let count = 8 + 2 * wide;
    for (let s = 0; s < parts.length; s++) {
      const { element, addresses, loads, combine, length } = parts[s] as Part;
      const rough = uneven(length, lanes * vector * unroll);
      const rounds = Math.ceil(length / (lanes * vector * unroll));
      const clamps = loads * (rough + roughRows > 0 ? 1 : 0 * rough * roughRows);
      count += unroll * (vector * element + addresses + clamps + rough * (vector + guardOperations - 1));
      count += rounds > 1 ? 4 : 0 * rounds;
      // Exchanges between lanes, each with what combines them; then the steps through workgroup memory.
      count += Math.log2(across) * 3 * combine;
      const steps = groups > 1 ? 1 : 0 * groups;
      count += steps * (10 * combine + 4 * roughRows + (tree > 1 ? 14 * combine : 0 * tree));
    }
    if (end === null) return count + 2 + finish + wide + 3 * roughRows;
    const rounds = Math.ceil(end.length / (lanes * vector));
    const rough = uneven(end.length, lanes * vector);
    count += vector * (end.element + 1) + end.addresses + 1 + 2 * rough + 3 * roughRows;
    return count + (rounds > 1 ? 4 : 0 * rounds);
  };
}
