import { type Interval, proves } from '../arithmetic/bounds.ts';
import { simplify } from '../arithmetic/simplify.ts';
import { load, variable } from '../ir/builders.ts';
import type { Block, Expr, Stmt } from '../ir/nodes.ts';
import { mapExpr, substitute } from '../ir/visit.ts';

/** The differences between a nest and its copy. */
interface CopyChanges {
  /** Values of variables of loops around the nest. */
  readonly values: ReadonlyMap<string, Expr>;
  /** The new name of a loop or a block. */
  readonly rename: (name: string) => string;
  /** New names of buffers; buffers that are not in the map keep theirs. */
  readonly buffers: ReadonlyMap<string, string>;
  /** Bounds of all variables in the copy, new names included; copyNest adds to it. */
  readonly ranges: Map<string, Interval>;
}

/** A copy of a nest with other names, loop values and buffers; guards that hold everywhere in it are left out. */
export function copyNest(stmt: Stmt, changes: CopyChanges): Stmt {
  if (stmt.kind === 'seq') return { ...stmt, body: stmt.body.map((child) => copyNest(child, changes)) };
  if (stmt.kind === 'block') return copyBlock(stmt, changes);
  const name = changes.rename(stmt.name);
  changes.ranges.set(name, { min: 0, max: stmt.extent - 1 });
  const values = new Map([...changes.values, [stmt.name, variable(name)]]);
  return { ...stmt, name, body: copyNest(stmt.body, { ...changes, values }) };
}

function copyBlock(block: Block, { values, rename, buffers, ranges }: CopyChanges): Block {
  const bound = (expr: Expr): Expr => simplify(substitute(expr, values), ranges);
  const redirect = (expr: Expr): Expr =>
    mapExpr(expr, (node) =>
      node.kind === 'load' ? load(buffers.get(node.buffer) ?? node.buffer, node.indices) : node,
    );
  return {
    ...block,
    name: rename(block.name),
    iters: block.iters.map((iter) => ({ ...iter, binding: bound(iter.binding) })),
    predicate: block.predicate.map(bound).filter((condition) => !proves(condition, ranges)),
    writes: block.writes.map((write) => ({
      buffer: buffers.get(write.buffer) ?? write.buffer,
      indices: buffers.size === 0 ? write.indices : write.indices.map(redirect),
      value: buffers.size === 0 ? write.value : redirect(write.value),
    })),
  };
}
