import type { BufferSpec } from './artifact.ts';
import type { ArithmeticOp, CompareOp, GridAxis, LogicOp, UnaryOp } from './nodes.ts';

/**
 * The whole grammar of the lowered IR: what one invocation executes, in the terms of a shading language but free of its spelling.
 * Lowering makes it, `wgsl` prints it, and the tests execute it lane by lane.
 *
 *   program  = buffers  kernel*
 *   kernel   = dispatch  workgroup-size  binding*  shared*  stmt*
 *   stmt     = let | var | array | assign | store | if | for | barrier
 *            | matrix | matrix-load | matrix-fill | matrix-multiply | matrix-store      -- by all lanes of a subgroup together
 *   expr     = literal | name | builtin | element | component | unary | binary | select | construct | subgroup-lane | exchange
 *
 * Index arithmetic is on u32 and wraps; lowering places every comparison, division, min and max on values that are not negative.
 * Of floats, `min` and `max` are NaN where either operand is, and a literal may be infinite or NaN.
 * `for` counts from 0 in steps of 1 to a constant, a `barrier` stands under no `if` but one that asks for the workgroup alone, and arrays
 * are indexed in elements of their declared type: a vec4 array of 64 floats has 16 elements. All lanes of a subgroup evaluate an `exchange`
 * together, so it stands where a barrier may stand. Lanes follow the local index, x fastest.
 */

export type Scalar = 'f32' | 'f16' | 'i32' | 'u32' | 'bool';
export type Width = 1 | 2 | 3 | 4;
export interface KType {
  readonly scalar: Scalar;
  readonly width: Width;
}

// ---- expressions ----

export type KBinaryOp = ArithmeticOp | CompareOp | LogicOp;

export type KExpr =
  | { readonly kind: 'literal'; readonly type: KType; readonly value: number }
  /** A let, a var or a loop's variable. */
  | { readonly kind: 'name'; readonly type: KType; readonly name: string }
  /** A component of workgroup_id (`wg`) or local_invocation_id (`lid`). */
  | { readonly kind: 'builtin'; readonly type: KType; readonly of: 'wg' | 'lid'; readonly axis: GridAxis }
  /** An element of a storage, workgroup or private array. */
  | { readonly kind: 'element'; readonly type: KType; readonly array: string; readonly index: KExpr }
  | { readonly kind: 'component'; readonly type: KType; readonly of: KExpr; readonly at: number }
  | { readonly kind: 'unary'; readonly type: KType; readonly op: UnaryOp; readonly a: KExpr }
  | { readonly kind: 'binary'; readonly type: KType; readonly op: KBinaryOp; readonly a: KExpr; readonly b: KExpr }
  /** Both branches are evaluated; the condition is one bool also where the branches are vectors. */
  | {
      readonly kind: 'select';
      readonly type: KType;
      readonly condition: KExpr;
      readonly yes: KExpr;
      readonly no: KExpr;
    }
  /** A vector from its components, from one scalar (splat), or a conversion to another scalar type of the same width. */
  | { readonly kind: 'construct'; readonly type: KType; readonly args: readonly KExpr[] }
  /** The invocation's place in its subgroup. */
  | { readonly kind: 'subgroup-lane'; readonly type: KType }
  /**
   * The `value` of another lane of the subgroup: `from` the lane of number `lane`, or (`xor`) from the lane whose number differs from
   * this one's in the bits of `lane`, which is then the same number for all.
   */
  | {
      readonly kind: 'exchange';
      readonly type: KType;
      readonly how: 'from' | 'xor';
      readonly value: KExpr;
      readonly lane: KExpr;
      /** Lanes of the aligned group inside which values are exchanged: no subgroup may be smaller. */
      readonly lanes: number;
      /** Whether the group is taken for a whole subgroup, so that no subgroup may be larger either. */
      readonly whole: boolean;
    };

// ---- matrices ----

/** A matrix that the lanes of a subgroup hold together: a left or right factor, or the result to which products are added. */
export interface KMatrix {
  readonly use: 'left' | 'right' | 'result';
  readonly scalar: Scalar;
  readonly rows: number;
  readonly columns: number;
}

/** Where a matrix lies in a storage or workgroup array of scalars: its first element, and the distance between its rows (or columns). */
export interface MatrixPlace {
  readonly array: string;
  readonly index: KExpr;
  readonly stride: number;
  readonly order: 'rows' | 'columns';
}

/** A statement that all lanes of a subgroup execute together: it is the same for all, and under no `if` that they answer differently. */
export type KMatrixStmt =
  /** A matrix of zeros. */
  | { readonly kind: 'matrix'; readonly name: string; readonly matrix: KMatrix }
  | { readonly kind: 'matrix-load'; readonly name: string; readonly matrix: KMatrix; readonly from: MatrixPlace }
  | { readonly kind: 'matrix-fill'; readonly name: string; readonly matrix: KMatrix; readonly value: KExpr }
  /** result += left * right */
  | { readonly kind: 'matrix-multiply'; readonly result: string; readonly left: string; readonly right: string }
  | { readonly kind: 'matrix-store'; readonly name: string; readonly to: MatrixPlace };

// ---- statements ----

export type KStmt =
  | KMatrixStmt
  /** `pinned`: the value must be taken here, before the elements it reads are overwritten. */
  | { readonly kind: 'let'; readonly name: string; readonly value: KExpr; readonly pinned?: true }
  /** Zero when no value is given. */
  | { readonly kind: 'var'; readonly name: string; readonly type: KType; readonly value: KExpr | null }
  /** A private array, zero at first. */
  | { readonly kind: 'array'; readonly name: string; readonly element: KType; readonly length: number }
  /** To a var, or to one component of it. */
  | {
      readonly kind: 'assign';
      readonly name: string;
      readonly type: KType;
      readonly at: number | null;
      readonly value: KExpr;
    }
  /** To an element of an array, or to one component of it. `type` is the element's. */
  | {
      readonly kind: 'store';
      readonly array: string;
      readonly type: KType;
      readonly index: KExpr;
      readonly at: number | null;
      readonly value: KExpr;
    }
  | { readonly kind: 'if'; readonly condition: KExpr; readonly body: readonly KStmt[] }
  | { readonly kind: 'for'; readonly name: string; readonly extent: number; readonly body: readonly KStmt[] }
  | { readonly kind: 'barrier' };

// ---- kernels ----

export interface KernelBinding {
  readonly buffer: string;
  readonly access: 'read' | 'read_write';
  readonly element: KType;
  /** In elements. */
  readonly length: number;
}
export interface SharedArray {
  readonly name: string;
  readonly element: KType;
  /** In elements. */
  readonly length: number;
}

export interface Kernel {
  readonly name: string;
  /** It need not run again while the constant inputs stay the same. */
  readonly runsOnce?: true;
  /** Workgroups in x, y, z. */
  readonly dispatch: readonly [number, number, number];
  /** Invocations in x, y, z. */
  readonly workgroupSize: readonly [number, number, number];
  /** In the order of their binding numbers, all in group 0. */
  readonly bindings: readonly KernelBinding[];
  readonly shared: readonly SharedArray[];
  readonly body: readonly KStmt[];
}

export interface LoweredProgram {
  readonly buffers: readonly BufferSpec[];
  /** To be dispatched in order. */
  readonly kernels: readonly Kernel[];
}

/** Bytes of one element in storage or workgroup memory; booleans live there as u32. */
export const sizeOfScalar: Readonly<Record<Scalar, number>> = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4 };

/** Bytes between two elements of an array: a vec3 is padded to four components. */
export function strideOf(type: KType): number {
  return sizeOfScalar[type.scalar] * (type.width === 3 ? 4 : type.width);
}

/** Bytes of workgroup memory as WebGPU counts them: each variable rounded up to 16. */
export function sharedBytes(shared: readonly SharedArray[]): number {
  return shared.reduce((sum, array) => sum + Math.ceil((strideOf(array.element) * array.length) / 16) * 16, 0);
}

const none: readonly KExpr[] = [];

/** The expressions directly inside one. */
export function childrenOf(expr: KExpr): readonly KExpr[] {
  switch (expr.kind) {
    case 'literal':
    case 'name':
    case 'builtin':
    case 'subgroup-lane':
      return none;
    case 'element':
      return [expr.index];
    case 'component':
      return [expr.of];
    case 'unary':
      return [expr.a];
    case 'binary':
      return [expr.a, expr.b];
    case 'select':
      return [expr.condition, expr.yes, expr.no];
    case 'construct':
      return expr.args;
    case 'exchange':
      return [expr.value, expr.lane];
  }
}

/** Calls `visit` with every expression of a statement itself, but not with those of the statements inside it. */
export function eachExpr(stmt: KStmt, visit: (expr: KExpr) => void): void {
  switch (stmt.kind) {
    case 'let':
    case 'assign':
      visit(stmt.value);
      return;
    case 'var':
      if (stmt.value !== null) visit(stmt.value);
      return;
    case 'store':
      visit(stmt.index);
      visit(stmt.value);
      return;
    case 'matrix-load':
      visit(stmt.from.index);
      return;
    case 'matrix-store':
      visit(stmt.to.index);
      return;
    case 'matrix-fill':
      visit(stmt.value);
      return;
    case 'if':
      visit(stmt.condition);
      return;
    default:
      return;
  }
}

/** Calls `visit` with every statement, outer ones first. */
export function eachStmt(body: readonly KStmt[], visit: (stmt: KStmt) => void): void {
  for (const stmt of body) {
    visit(stmt);
    if (stmt.kind === 'if' || stmt.kind === 'for') eachStmt(stmt.body, visit);
  }
}

/** Whether lanes of a subgroup must evaluate an expression together. */
export function exchanges(expr: KExpr): boolean {
  return expr.kind === 'exchange' || childrenOf(expr).some(exchanges);
}
