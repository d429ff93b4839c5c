import { forLoop, variable } from '../ir/builders.ts';
import type { Block, Buffer, Expr, Stmt } from '../ir/nodes.ts';

/** A nest with one loop per dimension that writes every element of a buffer. `fresh` gives names that nothing has, near to a wish. */
export function elementNest(
  fresh: (wish: string) => string,
  wish: string,
  to: Buffer,
  value: (indices: readonly Expr[]) => Expr,
): Stmt {
  const name = fresh(wish);
  const { shape } = to;
  const loops = shape.map((_, d) => fresh(`${name}_d${d}`));
  const indices = shape.map((_, d) => variable(`d${d}`));
  const block: Block = {
    kind: 'block',
    name,
    iters: shape.map((extent, d) => ({
      name: `d${d}`,
      extent,
      type: 'spatial',
      binding: variable(loops[d] as string),
    })),
    predicate: [],
    writes: [{ buffer: to.name, indices, value: value(indices) }],
    reducer: null,
  };
  return loops.reduceRight<Stmt>((body, loop, d) => forLoop(loop, shape[d] as number, body), block);
}
