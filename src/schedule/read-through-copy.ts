import { forLoop, load, variable } from '../ir/builders.ts';
import type { Block, Buffer, Expr, Program, Scope, Stmt } from '../ir/nodes.ts';
import { freshName, mapExpr, namesOf } from '../ir/visit.ts';
import { insertBeforeNest, mapBlocks } from './rewrite.ts';

/** A buffer, and what a copy of it holds. */
interface Copied {
  readonly buffer: Buffer;
  readonly scope: Scope;
  /** Its dimensions: a name, which becomes an iter, and an extent. */
  readonly dimensions: readonly { readonly name: string; readonly extent: number }[];
  /** The indices of the buffer's element that stands at a place of the copy, in terms of the iters of the dimensions. */
  readonly element: readonly Expr[];
  /** The place in the copy of the element that the block reads at some indices of the buffer. */
  readonly place: (indices: readonly Expr[]) => readonly Expr[];
}

/** Makes a block read a copy of a buffer; the copy is a block `load_<copy>` in a nest of its own right before the block's. */
export function readThroughCopy(program: Program, block: Block, copied: Copied): Program {
  const { buffer, scope, dimensions } = copied;
  const taken = namesOf(program);
  const fresh = (wish: string): string => {
    const name = freshName(taken, wish);
    taken.add(name);
    return name;
  };
  const cacheName = fresh(`${buffer.name}_${scope}`);
  const blockName = fresh(`load_${cacheName}`);
  const shape = dimensions.map(({ extent }) => extent);
  const loops = dimensions.map(({ name, extent }) => ({ name: fresh(`${blockName}_${name}`), extent }));
  const copy: Block = {
    kind: 'block',
    name: blockName,
    iters: dimensions.map(({ name, extent }, d) => ({
      name,
      extent,
      type: 'spatial',
      binding: variable(loops[d]?.name as string),
    })),
    predicate: [],
    writes: [
      {
        buffer: cacheName,
        indices: dimensions.map(({ name }) => variable(name)),
        value: load(buffer.name, copied.element),
      },
    ],
    reducer: null,
  };
  const nest = loops.reduceRight<Stmt>((body, { name, extent }) => forLoop(name, extent, body), copy);
  const redirect = (expr: Expr): Expr =>
    expr.kind === 'load' && expr.buffer === buffer.name ? load(cacheName, copied.place(expr.indices)) : expr;
  const redirected = {
    ...program,
    buffers: [...program.buffers, { name: cacheName, dtype: buffer.dtype, shape, scope }],
    body: program.body.map((stmt) =>
      mapBlocks(stmt, (other) =>
        other !== block
          ? other
          : {
              ...block,
              writes: block.writes.map((write) => ({ ...write, value: mapExpr(write.value, redirect) })),
            },
      ),
    ),
  };
  return insertBeforeNest(redirected, block.name, nest);
}
