import type { DType, Expr } from '../ir/nodes.ts';

/** The dtype of a block's expression, given the dtype of each buffer; `index` where the expression is made of iters alone. */
export function elementDtype(expr: Expr, dtypes: ReadonlyMap<string, DType>): DType | 'index' {
  switch (expr.kind) {
    case 'int':
    case 'var':
      return 'index';
    case 'float':
    case 'cast':
      return expr.dtype;
    case 'load':
      return dtypes.get(expr.buffer) ?? 'index';
    case 'unary':
      return elementDtype(expr.a, dtypes);
    case 'select':
      return elementDtype(expr.then, dtypes);
    case 'binary': {
      const a = elementDtype(expr.a, dtypes);
      return a === 'index' ? elementDtype(expr.b, dtypes) : a;
    }
  }
}

/** The dtype of every buffer by name. */
export function dtypesOf(buffers: readonly { readonly name: string; readonly dtype: DType }[]): Map<string, DType> {
  return new Map(buffers.map(({ name, dtype }) => [name, dtype]));
}
