import type { Expr } from '../../ir/nodes.ts';
import { varsOf } from '../../ir/visit.ts';
import { indexColumn, instancesOf } from './index-columns.ts';

interface Side {
  readonly low: number;
  readonly extent: number;
}

/** Instances that are tried at most: more than any workgroup memory holds elements. */
const maxInstances = 1 << 16;

/**
 * The box that a loop nest's instances fill without gaps: `positions` for all values of the variables (each from 0 to below its extent) for
 * which every condition holds, found by trying them. Null where they leave gaps, where no instance passes, or where it cannot be found out.
 * Expressions without a common variable are independent, so that their instances are tried separately: the sum of their numbers and not the
 * product, as with the lanes of a copy and the steps of the loop around it.
 */
export function filledBox(
  conditions: readonly Expr[],
  positions: readonly Expr[],
  extentOf: (name: string) => number,
): readonly Side[] | null {
  const box: Side[] = positions.map((position) => ({ low: position.kind === 'int' ? position.value : 0, extent: 1 }));
  for (const names of independent([...conditions, ...positions])) {
    const extents = new Map([...names].map((name) => [name, extentOf(name)]));
    if ([...extents.values()].reduce((product, extent) => product * extent, 1) > maxInstances) return null;
    const instances = instancesOf(extents);
    const concerns = (expr: Expr): boolean => [...varsOf(expr)].some((name) => names.has(name));
    const dims = positions.flatMap((position, d) => (concerns(position) ? [d] : []));
    const passes = conditions.filter(concerns).map((condition) => indexColumn(condition, instances));
    const places = dims.map((d) => indexColumn(positions[d] as Expr, instances));
    if (passes.includes(null) || places.includes(null)) return null;
    const sides = sidesOf(instances.count, passes as Int32Array[], places as Int32Array[]);
    if (sides === null) return null;
    for (const [at, d] of dims.entries()) box[d] = sides[at] as Side;
  }
  return box;
}

/** The variables of the expressions in groups: those that meet in one expression are in one group. */
function independent(exprs: readonly Expr[]): Set<string>[] {
  let groups: Set<string>[] = [];
  for (const expr of exprs) {
    const own = varsOf(expr);
    if (own.size === 0) continue;
    const met = groups.filter((group) => [...own].some((name) => group.has(name)));
    groups = [
      ...groups.filter((group) => !met.includes(group)),
      new Set([...met.flatMap((group) => [...group]), ...own]),
    ];
  }
  return groups;
}

/** The box for expressions given as columns. Thousands of instances are tried, so no text and no objects are made for them. */
function sidesOf(instances: number, passes: readonly Int32Array[], positions: readonly Int32Array[]): Side[] | null {
  const passing = new Uint8Array(instances).fill(1);
  for (const pass of passes) for (let i = 0; i < instances; i++) if (pass[i] === 0) passing[i] = 0;
  let count = 0;
  for (let i = 0; i < instances; i++) count += passing[i] as number;
  if (count === 0) return null;
  const box = positions.map((column) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < instances; i++) {
      if (passing[i] === 0) continue;
      const position = column[i] as number;
      if (position < low) low = position;
      if (position > high) high = position;
    }
    return { low, extent: high - low + 1 };
  });
  const volume = box.reduce((product, { extent }) => product * extent, 1);
  // Fewer instances than places leave gaps in any case.
  if (volume > count) return null;
  const place = new Int32Array(instances);
  for (const [d, column] of positions.entries()) {
    const { low, extent } = box[d] as Side;
    for (let i = 0; i < instances; i++) place[i] = (place[i] as number) * extent + (column[i] as number) - low;
  }
  const filled = new Uint8Array(volume);
  let places = 0;
  for (let i = 0; i < instances; i++) {
    if (passing[i] === 0) continue;
    if (filled[place[i] as number] === 0) places++;
    filled[place[i] as number] = 1;
  }
  return places === volume ? box : null;
}
