import { copyOperations, guardOperations, pointOperations, uneven } from '../emitted.ts';
import { footprint } from '../stage.ts';
import { decided } from './decided.ts';
import { mostWrittenRounds } from './emit-parts.ts';
import { wholeSteps, wholeTiles } from './tiled-edges.ts';
import type { TiledLayout } from './tiled-layout.ts';

/** Scalar operations in the text of a tiled plan's kernel. Allocates nothing when called; boxes as in TiledSizes. */
export function tiledLength(
  layout: TiledLayout,
): (
  values: Float64Array,
  first: number,
  registerBox: Float64Array,
  tileBox: Float64Array,
  turns: Float64Array,
  parts: number,
  stepCopies: number,
) => number {
  const { stage, spatial, reduction } = layout;
  const extents = stage.block.iters.map((iter) => iter.extent);
  const point = pointOperations(stage);
  const finish = stage.epilogue?.operations ?? 0;
  const [lastSpatial, lastReduction] = [spatial.at(-1) as number, reduction.at(-1) as number];
  /** How a read's elements lie: 1 beside each other along the outputs, 2 along the reduction, 0 neither. */
  const along = stage.reads.map(({ strides }) =>
    strides[lastSpatial] === 1 ? 1 : strides[lastReduction] === 1 ? 2 : 0,
  );
  const rows = stage.reads.map((read) => read.dimensions.at(-1)?.extent ?? 1);
  const moves = stage.reads.map((read) =>
    extents.map((_, i) => read.dimensions.some(({ coefficients, opaque }) => opaque || coefficients[i] !== 0)),
  );
  const rough = new Float64Array(extents.length);
  /** What an invocation reads in a whole step, which is what is written out when the step is. */
  const stepBox = new Float64Array(extents.length);

  return (values, first, registerBox, tileBox, turns, parts, stepCopies) => {
    const unrolled = layout.unroll < 0 ? 0 : decided(values, first, layout.unroll);
    let outputs = 1;
    // Of all parts of the grid together: a part for the rest of an axis has no more outputs along it than the rest.
    let written = 1;
    let invocations = 1;
    let bases = 0;
    const gridCut = decided(values, first, layout.gridParts, 0);
    // Comparisons of the guards on what an invocation stores: one for each place along an axis that may be outside.
    let edges = 0;
    let guards = 0;
    for (let s = 0; s < spatial.length; s++) {
      const i = spatial[s] as number;
      const registers = registerBox[i] as number;
      const isRough = uneven(extents[i] as number, tileBox[i] as number);
      rough[i] = isRough;
      stepBox[i] = registers;
      outputs *= registers;
      const isCut = gridCut === 0 ? 0 : gridCut * wholeTiles(layout, values, first, s);
      const rest = (extents[i] as number) % (tileBox[i] as number);
      written *= registers + (isCut > 0 ? (rest < registers ? rest : registers) : 0 * isCut);
      invocations *= (tileBox[i] as number) / registers;
      edges += isRough * (registers + 2);
      guards += isRough;
      bases += (extents[i] as number) > 1 ? 2 : 0;
    }
    let depth = 1;
    // Of whole steps and a rest together.
    let copies = 1;
    const stepCut = decided(values, first, layout.stepParts, 0);
    for (let r = 0; r < reduction.length; r++) {
      const i = reduction[r] as number;
      rough[i] = uneven(extents[i] as number, tileBox[i] as number);
      depth *= tileBox[i] as number;
      stepBox[i] = tileBox[i] as number;
      const isCut = stepCut === 0 ? 0 : stepCut * wholeSteps(layout, values, first, r);
      const rest = (extents[i] as number) % (tileBox[i] as number);
      copies *= 1 + (isCut > 0 ? (unrolled > 0 ? rest / (tileBox[i] as number) : 1 + 0 * unrolled) : 0 * isCut);
      bases += (extents[i] as number) > (tileBox[i] as number) ? 4 : 0 * (tileBox[i] as number);
    }
    const together = decided(values, first, layout.together);
    const vector = decided(values, first, layout.vector);
    const steps = unrolled * (depth / together) + (1 - unrolled);
    let loading = 0;
    let copying = 0;
    let guarding = 0;
    for (let q = 0; q < stage.reads.length; q++) {
      const read = stage.reads[q] as (typeof stage.reads)[number];
      const staged = decided(values, first, layout.staged[q] as number, 0);
      let guarded = 0;
      for (let i = 0; i < extents.length; i++) if (moves[q]?.[i]) guarded += rough[i] as number;
      guarded = guarded > 0 ? 1 : 0 * guarded;
      // Windows that overlap in what is written out share what they load.
      const fragment = footprint(read, unrolled === 0 ? registerBox : stepBox);
      const width =
        along[q] === 1 ? vector : along[q] === 2 ? vectorOf(vector, rows[q] as number, together) : 1 + 0 * vector;
      // An element and its share of an address; straight from storage also what computes it and keeps it inside.
      const direct = (1 - staged) * read.computed;
      loading += fragment * (1 + 1 / width + direct);
      guarding += (1 - staged) * guarded * fragment * (1 + guardOperations / width);
      if (staged === 0) continue;
      const wide = vectorOf(vector, rows[q] as number, rows[q] as number);
      const rounds = Math.ceil(footprint(read, tileBox) / (invocations * wide));
      const text = copyOperations(read, tileBox, invocations, wide, rounds > mostWrittenRounds ? 1 : rounds, guarded);
      copying += (staged + (turns[q] as number)) * text;
    }
    const growth = written / outputs;
    const computing = steps * together * written * point + ((growth + parts) / 2) * loading;
    const storing = written * (1 + finish + 1 / vector);
    // Only the parts for the rests have guards.
    const guardsOf = guarding + edges + (guards > 0 ? outputs / vector : 0 * guards);
    return copies * computing + stepCopies * parts * copying + storing + guardsOf + parts * bases;
  };
}

/** The width of a vector of elements that lie in rows of `row`, `count` of them in one place. NaN-transparent. */
function vectorOf(vector: number, row: number, count: number): number {
  if (!(vector > 1)) return vector;
  for (let width = 4; width > 1; width /= 2) if (row % width === 0 && count % width === 0) return width;
  return 1;
}
