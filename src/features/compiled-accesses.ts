import { childrenOf, eachExpr, type KExpr, type Kernel, type KStmt } from '../ir/kernel.ts';

/** Drivers unroll loops of so many iterations at most, ... */
const mostIterations = 33;
/** ... where that makes no more than so many scalar operations of them (Mesa: 832 of its own, which are fewer, because it folds addresses). */
const mostOperations = 1200;
/** How sharply: our count of operations is not the driver's, so that near the limit nobody knows. */
const sharpness = 6;
/** The counter, its comparison and its step. */
const ofLoop = 2;

interface Size {
  readonly accesses: number;
  readonly operations: number;
  /** How far the loops inside are unrolled, from 0 to 1: a loop around one that stays is not. */
  readonly unrolled: number;
}

/**
 * Components of storage and workgroup memory that a kernel's code reads and writes one by one, once the driver has unrolled its short loops. On
 * devices that check each address or each lane this is most of what a compiler works on (docs/decisions/032-seconds.md); arithmetic is not.
 */
export function compiledAccessesOf(kernel: Kernel): number {
  const arrays = new Set([...kernel.bindings.map(({ buffer }) => buffer), ...kernel.shared.map(({ name }) => name)]);
  const sizeOf = (body: readonly KStmt[]): Size => {
    let [accesses, operations, unrolled] = [0, 0, 1];
    const visit = (expr: KExpr): void => {
      const isAccess = expr.kind === 'element' && arrays.has(expr.array);
      if (isAccess) accesses += expr.type.width;
      if (isAccess || countsAsOperation(expr)) operations += expr.type.width;
      for (const child of childrenOf(expr)) visit(child);
    };
    for (const stmt of body) {
      eachExpr(stmt, visit);
      if (stmt.kind === 'store' && arrays.has(stmt.array)) {
        const width = stmt.at === null ? stmt.type.width : 1;
        accesses += width;
        operations += width;
      }
      if (stmt.kind !== 'if' && stmt.kind !== 'for') continue;
      const inside = sizeOf(stmt.body);
      const loop = stmt.kind === 'for' ? unrollingOf(inside, stmt.extent) : { times: 1, share: inside.unrolled };
      accesses += loop.times * inside.accesses;
      operations += loop.times * inside.operations;
      unrolled = Math.min(unrolled, loop.share);
    }
    return { accesses, operations, unrolled };
  };
  return sizeOf(kernel.body).accesses;
}

function countsAsOperation({ kind }: KExpr): boolean {
  return kind === 'unary' || kind === 'binary' || kind === 'select';
}

/** How often a loop's body stands in the driver's code, and which share of unrolling it that is. */
function unrollingOf(
  { operations, unrolled }: Size,
  extent: number,
): { readonly times: number; readonly share: number } {
  if (extent <= 1) return { times: 1, share: unrolled };
  if (extent > mostIterations) return { times: 1, share: 0 };
  const share = unrolled / (1 + (((operations + ofLoop) * extent) / mostOperations) ** sharpness);
  return { times: extent ** share, share };
}
