import type { Interval } from '../../arithmetic/bounds.ts';
import { int, sub, variable } from '../../ir/builders.ts';
import type { DeviceLimits } from '../../ir/limits.ts';
import { laneAxisOf } from '../../ir/loop-modes.ts';
import { axes, type Expr, type For, type GridAxis, type Stmt } from '../../ir/nodes.ts';
import { walkStmt } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { holdsMatrices } from '../matrix/emulate.ts';

type Triple = readonly [number, number, number];

/** A box of a kernel's workgroups, and the nest that each of them runs. */
export interface Part {
  /** What stands inside the workgroup loops. */
  readonly stmt: Stmt;
  /** The variables of workgroup loops, and of loops of one iteration around the nest, in terms of `wg.*`. */
  readonly values: ReadonlyMap<string, Expr>;
  /** Workgroups that run it, along x, y and z. */
  readonly workgroups: readonly [Interval, Interval, Interval];
}

/** A kernel's grid: its size, and the parts it consists of. Most have one. */
export interface Grid {
  readonly parts: readonly Part[];
  /** Workgroups in x, y, z. */
  readonly dispatch: Triple;
  /** The largest extent of a lane loop on each axis, in whatever part. */
  readonly workgroupSize: Triple;
}

/** Whether a loop's iterations run on lanes; a subgroup loop of one iteration names no lane, because any lane may run it. */
export const isLane = (loop: For): boolean =>
  laneAxisOf(loop.mode) !== null && (loop.mode !== 'subgroup.x' || loop.extent > 1);
export const axisOf = (loop: For): GridAxis => loop.mode.slice(-1) as GridAxis;
const isWorkgroup = (loop: For): boolean => loop.mode.startsWith('workgroup.');
/** Whether a loop vanishes: it has one iteration and leaves no lanes out. */
const vanishes = (loop: For): boolean => loop.extent === 1 && !isLane(loop);

interface ElementPlace {
  readonly values: ReadonlyMap<string, Expr>;
  /** Workgroups along the axes bound so far. */
  readonly bound: ReadonlyMap<GridAxis, Interval>;
  /** Where the next loop on an axis begins: after its siblings. */
  readonly start: ReadonlyMap<GridAxis, number>;
}

/**
 * The grid of a top-level statement. Workgroup loops stand outermost, directly in each other; where several on one axis stand side by side
 * they take consecutive ranges of it (loopPartition makes such loops), and each is a part of the kernel: a workgroup runs one of them.
 */
export function gridOf(stmt: Stmt): Grid | Refusal {
  const parts: Part[] = [];
  const dispatch: [number, number, number] = [1, 1, 1];
  let refused: Refusal | null = null;

  const descend = (rest: Stmt, place: ElementPlace): void => {
    if (rest.kind === 'for' && isWorkgroup(rest)) {
      const axis = axisOf(rest);
      if (place.bound.has(axis)) {
        refused ??= refuse(
          'axis-bound-twice',
          () => `loop ${rest.name} binds workgroup.${axis}, which an outer loop binds too`,
        );
        return;
      }
      const from = place.start.get(axis) ?? 0;
      const range = { min: from, max: from + rest.extent - 1 };
      const i = axes.indexOf(axis);
      dispatch[i] = Math.max(dispatch[i] as number, range.max + 1);
      const id = variable(`wg.${axis}`);
      const value = rest.extent === 1 ? int(0) : from === 0 ? id : sub(id, int(from));
      descend(rest.body, {
        ...place,
        values: new Map([...place.values, [rest.name, value]]),
        bound: new Map([...place.bound, [axis, range]]),
      });
    } else if (rest.kind === 'for' && vanishes(rest)) {
      descend(rest.body, { ...place, values: new Map([...place.values, [rest.name, int(0)]]) });
    } else if (rest.kind === 'seq' && alongAxis(rest) !== null) {
      let { start } = place;
      for (const child of rest.body) {
        const { axis, extent } = alongAxis(child) as Along;
        descend(child, { ...place, start });
        start = new Map([...start, [axis, (start.get(axis) ?? 0) + extent]]);
      }
    } else {
      const ranges = axes.map((axis) => place.bound.get(axis) ?? { min: 0, max: 0 });
      parts.push({ stmt: rest, values: place.values, workgroups: ranges as [Interval, Interval, Interval] });
    }
  };
  descend(stmt, { values: new Map(), bound: new Map(), start: new Map() });
  if (refused !== null) return refused;

  const workgroupSize: [number, number, number] = [1, 1, 1];
  walkStmt(stmt, (node) => {
    if (node.kind !== 'for' || !isLane(node)) return;
    const i = axes.indexOf(axisOf(node));
    workgroupSize[i] = Math.max(workgroupSize[i] as number, node.extent);
  });
  return { parts, dispatch, workgroupSize };
}

interface Along {
  readonly axis: GridAxis;
  readonly extent: number;
}

/** How many workgroups a statement takes along the axis that its outermost workgroup loops share; null where they share none. */
function alongAxis(stmt: Stmt): Along | null {
  if (stmt.kind === 'block') return null;
  if (stmt.kind === 'for') {
    if (isWorkgroup(stmt)) return { axis: axisOf(stmt), extent: stmt.extent };
    return vanishes(stmt) ? alongAxis(stmt.body) : null;
  }
  const along = stmt.body.map(alongAxis);
  const axis = along[0]?.axis;
  if (axis === undefined || along.some((own) => own?.axis !== axis)) return null;
  return { axis, extent: along.reduce((sum, own) => sum + (own?.extent ?? 0), 0) };
}

/**
 * The grid with as many invocations along x as whole subgroups have, where matrices are computed: all lanes of a subgroup take part, and
 * Dawn asks for a multiple of the largest size. Loops over fewer lanes leave the others idle.
 */
export function wholeSubgroups(grid: Grid | Refusal, stmt: Stmt, { subgroupMaxSize }: DeviceLimits): Grid | Refusal {
  if (isRefusal(grid) || subgroupMaxSize === 0 || !holdsMatrices(stmt)) return grid;
  const [x, y, z] = grid.workgroupSize;
  return { ...grid, workgroupSize: [Math.ceil(x / subgroupMaxSize) * subgroupMaxSize, y, z] };
}
