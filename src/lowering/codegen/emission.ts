import type { Ranges } from '../../arithmetic/bounds.ts';
import type { KExpr, KStmt } from '../../ir/kernel.ts';
import type { Expr } from '../../ir/nodes.ts';
import { freshName } from '../../ir/visit.ts';
import type { IndexForm, Variables } from '../analysis/index-form.ts';
import type { Matrices } from '../matrix/find.ts';
import type { Layout } from '../passes/layout.ts';
import type { KernelTree } from '../tree.ts';
import { openScope, type StatementScope } from './scope.ts';

/** The state of the emission of one kernel. */
export interface Emission {
  readonly tree: KernelTree;
  readonly variables: Variables;
  readonly layouts: ReadonlyMap<string, Layout>;
  readonly matrices: Matrices;
  /** Bodies of the open loops, outermost first; the kernel's own at 0. */
  readonly loops: StatementScope[];
  scope: StatementScope;
  /** Values of the unrolled loops that are open. */
  readonly iteration: Map<string, number>;
  readonly taken: Set<string>;
  /** By buffer: grows with every store and barrier, so that earlier loads are not reused after it. */
  readonly versions: Map<string, number>;
  /** Names of private variables, by element. */
  readonly elementNames: Map<Layout, (string | undefined)[]>;
  /** By comparison: the form of its sides' difference. */
  readonly differences: Map<Expr, IndexForm>;
  /** The code of a position, for index code, which knows nothing of values. */
  readonly position: (expr: Expr, ranges: Ranges) => KExpr;
  /** Names of the matrices of held buffers, by buffer and the constant part of their place in it. */
  readonly held: Map<string, Map<number, string>>;
}

/** Runs `emit` with a new innermost scope and returns its statements. */
export function within(emission: Emission, isLoop: boolean, emit: () => void): KStmt[] {
  const outer = emission.scope;
  const scope = openScope(outer, isLoop);
  emission.scope = scope;
  if (isLoop) emission.loops.push(scope);
  emit();
  if (isLoop) emission.loops.pop();
  emission.scope = outer;
  return scope.statements;
}

/** Names a value in the outermost loop body that knows it, in front of the statement being written there; a value met again keeps its name. */
export function placeLet(emission: Emission, level: number, key: string, value: KExpr, hint: string): KExpr {
  const scope = emission.loops[level] as StatementScope;
  const known = scope.lets.get(key);
  if (known !== undefined) return known;
  const name = newName(emission, hint);
  scope.statements.push({ kind: 'let', name, value });
  const named: KExpr = { kind: 'name', type: value.type, name };
  scope.lets.set(key, named);
  return named;
}

export function newName(emission: Emission, hint: string): string {
  const name = freshName(emission.taken, hint);
  emission.taken.add(name);
  return name;
}

export function versionOf(emission: Emission, buffer: string): number {
  return emission.versions.get(buffer) ?? 0;
}

export function touch(emission: Emission, buffer: string): void {
  emission.versions.set(buffer, versionOf(emission, buffer) + 1);
}
