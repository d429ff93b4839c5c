import { int, sub, variable } from '../../src/ir/builders.ts';
import type { Expr, For, Program, Stmt } from '../../src/ir/nodes.ts';
import { substitute } from '../../src/ir/visit.ts';
import { reducesOver } from '../../src/schedule/legality/loops.ts';

/**
 * The program with every bound, vectorized and matrix loop running backwards, except a matrix product's sum over the depth. Iterations of these
 * loops are meant to run at once, so their order may not matter: a program whose result changes has a race.
 */
export function reversed(program: Program): Program {
  return { ...program, body: program.body.map((stmt) => reverse(stmt, new Map())) };
}

function reverse(stmt: Stmt, values: ReadonlyMap<string, Expr>): Stmt {
  switch (stmt.kind) {
    case 'seq':
      return { ...stmt, body: stmt.body.map((child) => reverse(child, values)) };
    case 'for': {
      // Lanes of a subgroup may share a reduction, which the interpreter begins where the lanes' loop does.
      const inOrder = ['serial', 'unrolled', 'subgroup.x'].includes(stmt.mode) || isDepth(stmt);
      if (inOrder) return { ...stmt, body: reverse(stmt.body, values) };
      const backwards = sub(int(stmt.extent - 1), variable(stmt.name));
      return { ...stmt, body: reverse(stmt.body, new Map([...values, [stmt.name, backwards]])) };
    }
    case 'block':
      return {
        ...stmt,
        iters: stmt.iters.map((iter) => ({ ...iter, binding: substitute(iter.binding, values) })),
        predicate: stmt.predicate.map((condition) => substitute(condition, values)),
      };
  }
}

function isDepth({ mode, name, body }: For): boolean {
  return mode === 'matrix' && body.kind === 'block' && reducesOver(body, name);
}
