import type { KExpr, KStmt } from '../../ir/kernel.ts';

/** A list of statements being written, and the values that are already known there. */
export interface StatementScope {
  readonly statements: KStmt[];
  readonly parent: StatementScope | null;
  /** Number of serial loops around it. */
  readonly level: number;
  /** Whether it is a loop's body (or the kernel's), and not an `if`'s. */
  readonly isLoop: boolean;
  /** Values with a name, by a text that is equal for equal values. */
  readonly lets: Map<string, KExpr>;
  /** Elements already loaded, by buffer and index. */
  readonly loads: Map<string, { readonly value: KExpr; readonly version: number }>;
  /** Private variables declared here. */
  readonly declared: Set<string>;
  /** Private buffers whose variables are declared here when first met. */
  readonly allocated: Set<string>;
}

export function openScope(parent: StatementScope | null, isLoop: boolean): StatementScope {
  return {
    statements: [],
    parent,
    level: parent === null ? 0 : parent.level + (isLoop ? 1 : 0),
    isLoop,
    lets: new Map(),
    loads: new Map(),
    declared: new Set(),
    allocated: new Set(),
  };
}
