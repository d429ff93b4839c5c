import type { Program } from '../ir/nodes.ts';
import { isRefusal } from '../support/refusal.ts';
import { buildSchedule } from './builder.ts';
import { type AccessInfo, hasReuse, type StageInfo } from './stage.ts';

/** An axis of a stage that is made longer before anything else, with zeros in copies of its operands. */
export interface Padding {
  readonly block: string;
  readonly iter: string;
  readonly multiple: number;
}

/** What WGSL's vectors hold. */
const vectorWidth = 4;
/** A padded copy is a kernel of its own; it pays where each element of it serves this many products. */
const leastReuse = 32;

/**
 * The rule of padding: where an operand of a reduction with reuse lies contiguous along an axis that vectors do not divide, a copy with
 * longer rows lets every access be one of whole vectors. Whether an axis can be padded is asked of the primitive. Empty where nothing
 * would be gained.
 */
export function paddingsOf(program: Program, stages: readonly StageInfo[]): Padding[] {
  const found: Padding[] = [];
  for (const stage of stages.filter((one) => hasReuse(one))) {
    const { iters, name } = stage.block;
    const points = iters.reduce((all, iter) => all * iter.extent, 1);
    for (const [i, { name: iter, extent }] of iters.entries()) {
      if (extent <= vectorWidth || extent % vectorWidth === 0) continue;
      const operands = stage.reads.filter((read) => read.dimensions.some(({ coefficients }) => coefficients[i] !== 0));
      const isContiguous = [...operands, stage.write].some((access) => access.strides[i] === 1);
      if (!isContiguous || operands.some((read) => points < leastReuse * elementsOf(read))) continue;
      const padding = { block: name, iter, multiple: vectorWidth };
      const tried = buildSchedule(program, (builder) => {
        for (const { block, iter: axis, multiple } of [...found, padding])
          builder.apply('pad', { block, iter: axis, multiple });
      });
      if (!isRefusal(tried)) found.push(padding);
    }
  }
  return found;
}

function elementsOf({ buffer }: AccessInfo): number {
  return buffer.shape.reduce((all, extent) => all * extent, 1);
}
