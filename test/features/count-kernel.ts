import type { KExpr, Kernel, KStmt, KType } from '../../src/ir/kernel.ts';

/** What all invocations of a kernel do together, counted in its statements; statements under an `if` count as if they always ran. */
export interface KernelCounts {
  /** Bytes loaded and stored, by the kind of memory. */
  readonly storageRead: number;
  readonly storageWritten: number;
  readonly workgroupRead: number;
  readonly workgroupWritten: number;
  /** Iterations of the loops of one invocation; a loop that runs once counts as none. */
  readonly iterations: number;
  /** Barriers of one invocation. */
  readonly barriers: number;
  /** Scalars in private variables and arrays. */
  readonly privates: number;
  /** Conditions in the text, and minima in indices. */
  readonly guards: number;
  readonly clamps: number;
}

const bytesOf = ({ scalar, width }: KType): number => (scalar === 'f16' ? 2 : 4) * width;

export function countKernel(kernel: Kernel): KernelCounts {
  const storage = new Set(kernel.bindings.map(({ buffer }) => buffer));
  const shared = new Set(kernel.shared.map(({ name }) => name));
  const counts = {
    storageRead: 0,
    storageWritten: 0,
    workgroupRead: 0,
    workgroupWritten: 0,
    iterations: 0,
    barriers: 0,
    privates: 0,
    guards: 0,
    clamps: 0,
  };
  const invocations = [...kernel.dispatch, ...kernel.workgroupSize].reduce((all, next) => all * next, 1);
  const load = (expr: KExpr, times: number, inIndex: boolean): void => {
    if (expr.kind === 'element') {
      const bytes = bytesOf(expr.type) * times * invocations;
      if (storage.has(expr.array)) counts.storageRead += bytes;
      if (shared.has(expr.array)) counts.workgroupRead += bytes;
    }
    if (inIndex && expr.kind === 'binary' && expr.op === 'min') counts.clamps++;
    for (const [member, child] of Object.entries(expr)) {
      const below = inIndex || member === 'index';
      for (const part of Array.isArray(child) ? child : [child])
        if (part !== null && typeof part === 'object' && 'kind' in part) load(part as KExpr, times, below);
    }
  };
  const visit = (stmt: KStmt, times: number): void => {
    switch (stmt.kind) {
      case 'let':
        load(stmt.value, times, false);
        return;
      case 'var':
        counts.privates += stmt.type.width;
        if (stmt.value !== null) load(stmt.value, times, false);
        return;
      case 'array':
        counts.privates += stmt.length * stmt.element.width;
        return;
      case 'assign':
        load(stmt.value, times, false);
        return;
      case 'store': {
        const bytes = bytesOf(stmt.type) * times * invocations;
        if (storage.has(stmt.array)) counts.storageWritten += bytes;
        if (shared.has(stmt.array)) counts.workgroupWritten += bytes;
        load(stmt.index, times, true);
        load(stmt.value, times, false);
        return;
      }
      case 'if':
        counts.guards++;
        for (const inner of stmt.body) visit(inner, times);
        return;
      case 'for':
        if (stmt.extent > 1) counts.iterations += times * stmt.extent;
        for (const inner of stmt.body) visit(inner, times * stmt.extent);
        return;
      case 'barrier':
        counts.barriers += times;
        return;
      default:
        throw new Error(`a sketch makes no ${stmt.kind}`);
    }
  };
  for (const stmt of kernel.body) visit(stmt, 1);
  return counts;
}
