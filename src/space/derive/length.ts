import {
  above,
  both,
  ceilQuotient,
  choose,
  either,
  type Formula,
  log2,
  min,
  not,
  product,
  quotient,
  remainder,
  sum,
} from '../../arithmetic/formula.ts';
import { copiedElements, copyOf, groupOf, loadWidth, sharedCopy } from '../copies.ts';
import { meanOperations, pointOperations, runningIndex } from '../emitted.ts';
import type { AccessInfo, StageInfo } from '../stage.ts';
import {
  type Axis,
  axesOf,
  countOf,
  heldOf,
  lastNest,
  type Meeting,
  mainNest,
  type StageNest,
  type Tiling,
  tileOf,
  tilesOf,
} from '../tiling.ts';
import { copyLength, guardOperations } from './copy-length.ts';
import { wholeTilesOf } from './edges.ts';
import { onlineLength } from './online.ts';
import type { MemoryTiles } from './traffic.ts';

/**
 * How long a kernel's text becomes: scalar operations with the index arithmetic, guards, selects and clamps that come with them, as
 * `ir/operations.ts` counts them in the finished kernel. Counts per element are exact where they can be; what lowering computes once for
 * several elements is counted by lowering's rule. Every term only grows with a tile, so that a prefix is no longer than its completions.
 */
export function lengthOf(tiling: Tiling, shape: LengthShape, tiles: MemoryTiles): Formula {
  const { meeting } = tiling;
  if (meeting.kind === 'lanes') return rowsLength(tiling, meeting);
  if (meeting.kind === 'matrix') return matricesLength(tiling, shape);
  if (meeting.kind === 'online') return onlineLength(tiling, meeting);
  const nest = lastNest(tiling);
  if (axesOf(nest, 'reduction').length > 0) return tilesLength(tiling, nest, shape, tiles);
  if (tiling.nests.length > 1) return casesLength(tiling);
  return nest.axes.length === 1 ? flatLength(tiling, nest) : turnedLength(tiling, nest, shape);
}

interface LengthShape {
  readonly invocations: Formula;
  readonly outputs: Formula;
  readonly parts: Formula;
}

/** 1 where tiles leave a rest of an axis, so that the last tile is guarded. */
const isRough = (axis: Axis, tile: Formula = tileOf(axis)): Formula => above(remainder(axis.extent, tile), 0);

/** Whether a read moves along some axis that has an edge. */
function isGuarded({ dimensions }: AccessInfo, axes: readonly Axis[]): Formula {
  const moves = (i: number): boolean => dimensions.some(({ coefficients, opaque }) => opaque || coefficients[i] !== 0);
  return either(...axes.filter(({ iters }) => iters.some(moves)).map((axis) => isRough(axis)));
}

/** Tiles whose sums are in registers. */
function tilesLength(tiling: Tiling, nest: StageNest, shape: LengthShape, tiles: MemoryTiles): Formula {
  const { stage, reads } = nest;
  const { isUnrolled, vector } = tiling;
  const { invocations, outputs, parts } = shape;
  const [spatial, reduction] = [axesOf(nest, 'spatial'), axesOf(nest, 'reduction')];
  const isCut = (axis: Axis): Formula => above(wholeTilesOf(axis), 0);
  const restOf = (axis: Axis): Formula => remainder(axis.extent, tileOf(axis));
  // Outputs of all parts of the grid together: the part for the rest of an axis has no more outputs along it than the rest.
  const written = product(
    ...spatial.map((axis) => sum(heldOf(axis), choose(isCut(axis), min(restOf(axis), heldOf(axis)), 0))),
  );
  // Whole steps and a rest together, counted in whole steps.
  const repeated = product(
    ...reduction.map((axis) =>
      sum(1, choose(isCut(axis), choose(isUnrolled, quotient(restOf(axis), tileOf(axis)), 1), 0)),
    ),
  );
  const stepParts = product(...reduction.map((axis) => choose(isCut(axis), 2, 1)));
  const together = product(...reduction.map(heldOf));
  const steps = choose(isUnrolled, product(...reduction.map((axis) => countOf(axis, 'step'))), 1);
  const bases = sum(
    ...spatial.map(({ extent }) => (extent > 1 ? 2 : 0)),
    ...reduction.map((axis) => product(4, above(tilesOf(axis), 1))),
  );
  // What an invocation reads in a whole step: all of it is written out where the step is unrolled.
  const inStep = (axis: Axis): Formula => (axis.type === 'spatial' ? heldOf(axis) : tileOf(axis));
  const [lastSpatial, lastReduction] = [spatial, reduction].map((axes) => axes.at(-1)?.iters[0] as number);
  const texts = reads.map((read, q) => {
    const guarded = isGuarded(read, nest.axes);
    const taken = tiles.taken[q] as Formula;
    // Windows that overlap in the written-out text share their loads.
    const held = choose(isUnrolled, copiedElements(nest, q, inStep), copiedElements(nest, q, heldOf));
    const lies = [lastSpatial, lastReduction].some((i) => read.strides[i as number] === 1);
    const own = copyOf(nest, q, 'private');
    const width = lies ? (own?.vector ?? 1) : 1;
    const shared = sharedCopy(nest, q);
    const isCopied = either(taken, shared.isTaken);
    return {
      // The load of an element and its share of an address; straight from storage also what computes it, and what keeps it inside.
      loading: product(held, sum(1, quotient(1, width), choose(isCopied, 0, read.computed))),
      guarding: choose(both(not(isCopied), guarded), product(held, sum(1, quotient(guardOperations, width))), 0),
      copying: sum(
        choose(
          taken,
          product(sum(1, tiles.turns[q] as Formula), copyLength(nest, q, invocations, loadWidth(nest, q), guarded)),
          0,
        ),
        // Registers have names, so that all rounds are written out.
        choose(
          shared.isTaken,
          copyLength(nest, q, shared.lanes, shared.width, guarded, groupOf, Number.POSITIVE_INFINITY),
          0,
        ),
      ),
    };
  });
  const total = (of: (text: (typeof texts)[number]) => Formula): Formula => sum(...texts.map(of));
  const growth = quotient(written, outputs);
  const computing = sum(
    product(steps, together, written, pointOperations(stage)),
    product(
      quotient(sum(growth, parts), 2),
      total(({ loading }) => loading),
    ),
  );
  const storing = product(written, sum(1 + (stage.epilogue?.operations ?? 0), quotient(1, vector)));
  // Comparisons of the guards on what an invocation stores: one for each place along an axis that may be outside.
  const edges = spatial.map((axis) => product(isRough(axis), sum(heldOf(axis), 2)));
  const isEdge = either(...spatial.map((axis) => isRough(axis)));
  return sum(
    product(repeated, computing),
    product(
      stepParts,
      parts,
      total(({ copying }) => copying),
    ),
    storing,
    // Only the parts for the rests have guards.
    total(({ guarding }) => guarding),
    ...edges,
    choose(isEdge, quotient(outputs, vector), 0),
    product(parts, bases),
  );
}

/** Consecutive elements under one running index. */
function flatLength({ vector }: Tiling, { stage, axes }: StageNest): Formula {
  const axis = axes[0] as Axis;
  const index = runningIndex(stage);
  const still = stage.reads.filter(({ strides }) => strides.at(-1) === 0).length;
  const perElement = pointOperations(stage) + stage.reads.length - still + 1;
  const each = countOf(axis, 'serial');
  const tile = product(each, tileOf(axis));
  // Where the axes change from one vector to the next, they are taken out of the index again.
  const taken = choose(above(remainder(index.run, tile), 0), each, 1);
  return sum(
    product(each, sum(product(vector, perElement), 1 + index.alike, product(2, isRough(axis, tile)))),
    product(taken, index.taking + index.apart + still),
    4,
  );
}

/** What keeps an element inside where others of its row and its column are kept inside by the same conditions. */
const sharedConditions = 3;

/** Patterns of formulas, all written out. */
function casesLength({ nests }: Tiling): Formula {
  return sum(
    ...nests.map((nest) => {
      const outputs = product(...nest.axes.map(heldOf));
      const roughs = nest.axes.map((axis) => isRough(axis));
      // A result that stays in registers is chosen where it lies outside; one that is stored has an address.
      const each = nest.writes.length > 0 ? 2 : either(...roughs);
      return sum(
        product(outputs, sum(meanOperations(nest.stage), each)),
        ...nest.reads.map((read, q) =>
          product(
            copiedElements(nest, q, heldOf),
            sum(2 + Math.min(read.computed, sharedConditions), isGuarded(read, nest.axes)),
          ),
        ),
      );
    }),
    10,
  );
}

/** Tiles of an elementwise stage. */
function turnedLength({ vector }: Tiling, nest: StageNest, { invocations, outputs }: LengthShape): Formula {
  const { stage, reads, axes } = nest;
  const tiled = axes.filter(({ levels }) => levels.some(({ kind }) => kind === 'register'));
  const roughs = tiled.map((axis) => isRough(axis));
  const copying = reads.map((_, q) => {
    if (copyOf(nest, q, 'workgroup') === undefined) return 0;
    const elements = copiedElements(nest, q, tileOf);
    const width = choose(above(remainder(elements, vector), 0), 1, vector);
    return copyLength(nest, q, invocations, width, either(...roughs));
  });
  return sum(
    product(outputs, sum(pointOperations(stage) + reads.length + 1, quotient(2, vector))),
    ...tiled.map((axis, a) => product(roughs[a] as Formula, sum(heldOf(axis), 2))),
    quotient(product(sum(...roughs), outputs), vector),
    ...copying,
    4 * axes.filter(({ extent }) => extent > 1).length,
  );
}

/** Matrices: one operation per instruction, whatever it computes; loads and stores have an address as well. */
function matricesLength(tiling: Tiling, { invocations, outputs }: LengthShape): Formula {
  const nest = lastNest(tiling);
  const { epilogue } = nest.stage;
  const perSubgroup = axesOf(nest, 'spatial')
    .filter(({ levels }) => levels.some(({ kind }) => kind === 'matrix'))
    .map((axis) => countOf(axis, 'register'));
  const parts = product(...perSubgroup);
  const deep = product(...axesOf(nest, 'reduction').map((axis) => countOf(axis, 'step')));
  return sum(
    product(deep, sum(parts, product(3, sum(...perSubgroup)))),
    ...nest.reads.map((_, q) => {
      const copy = copyOf(nest, q, 'workgroup');
      return copy === undefined ? 0 : choose(copy.isTaken, copyLength(nest, q, invocations, copy.vector, 0), 0);
    }),
    product(4, parts),
    epilogue === null ? 0 : product(outputs, 3 + epilogue.operations),
  );
}

/** Rows that lanes share. */
function rowsLength(
  tiling: Tiling,
  { lanes, subgroup, subgroups, rows, tree }: Meeting & { readonly kind: 'lanes' },
): Formula {
  const { nests, vector } = tiling;
  const last = lastNest(tiling);
  const roughRows = above(remainder((mainNest(tiling).axes.at(-2) as Axis).extent, rows), 0);
  const isWide = above(lanes, 1);
  const partOf = ({ stage, reads, axes }: StageNest) => {
    const columns = axes.at(-1) as Axis;
    const moving = reads.filter(({ strides }) => columns.iters.some((i) => strides[i] !== 0));
    const several = columns.iters.filter((i) => (stage.block.iters[i]?.extent as number) > 1).length;
    const tile = product(countOf(columns, 'step'), vector, lanes);
    return {
      columns,
      // Operations of an element and of the loads that move along the row.
      element: pointOperations(stage) + moving.reduce((all, read) => all + read.computed, moving.length),
      // Per vector: one address for each of those loads, and what takes the running index apart where several axes are reduced.
      addresses: moving.length + (several > 1 ? 4 * (several - 1) : 0),
      loads: moving.length,
      rough: above(remainder(columns.extent, tile), 0),
      loops: product(4, above(ceilQuotient(columns.extent, tile), 1)),
    };
  };
  const reductions = nests.filter(({ stage }) => stage.reduction.length > 0);
  const reducing = reductions.map((nest) => {
    const { columns, element, addresses, loads, rough, loops } = partOf(nest);
    const combine = (nest.stage as StageInfo).writes.length;
    return sum(
      product(
        countOf(columns, 'step'),
        sum(
          product(vector, element),
          addresses,
          product(loads, either(rough, roughRows)),
          product(rough, sum(vector, guardOperations - 1)),
        ),
      ),
      loops,
      // Exchanges between lanes, each with the operations that combine the values; then the steps through workgroup memory.
      product(log2(subgroup), 3 * combine),
      choose(above(subgroups, 1), sum(10 * combine, product(4, roughRows), choose(above(tree, 1), 14 * combine, 0)), 0),
    );
  });
  const all = sum(8, product(2, isWide), ...reducing);
  if (last.stage.reduction.length > 0)
    return sum(all, 2 + (last.stage.epilogue?.operations ?? 0), isWide, product(3, roughRows));
  const { element, addresses, rough, loops } = partOf(last);
  return sum(all, product(vector, element + 1), addresses + 1, product(2, rough), product(3, roughRows), loops);
}
