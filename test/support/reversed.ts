import { int, sub, variable } from '../../src/ir/builders.ts';
import type { Expr, Program, Stmt } from '../../src/ir/nodes.ts';
import { substitute } from '../../src/ir/visit.ts';

/**
 * The program with every bound and vectorized loop running backwards. Their iterations are meant to run at once, so no order may
 * matter: a program whose result changes has a race.
 */
export function reversed(program: Program): Program {
  return { ...program, body: program.body.map((stmt) => reverse(stmt, new Map())) };
}

function reverse(stmt: Stmt, values: ReadonlyMap<string, Expr>): Stmt {
  switch (stmt.kind) {
    case 'seq':
      return { ...stmt, body: stmt.body.map((child) => reverse(child, values)) };
    case 'for': {
      // Lanes of a subgroup may share a reduction, which the interpreter begins where their loop does.
      if (['serial', 'unrolled', 'subgroup.x'].includes(stmt.mode))
        return { ...stmt, body: reverse(stmt.body, values) };
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
