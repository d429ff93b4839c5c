import type { KExpr, KMatrix, KMatrixStmt, MatrixPlace } from '../ir/kernel.ts';
import type { MatrixOrderSyntax } from '../ir/limits.ts';

/**
 * Directives at the top of a text that uses subgroup matrices. The analysis that is switched off knows only values that are the same for
 * a whole workgroup (and, in the newest version, `subgroup_id`). Lowering makes sure that matrix operations depend on the lane by y and z
 * alone, which are the same along a row of lanes.
 */
export const matrixDirectives: readonly string[] = [
  'diagnostic(off, chromium.subgroup_matrix_uniformity);',
  'enable chromium_experimental_subgroup_matrix;',
];

export function isMatrixStmt(stmt: { readonly kind: string }): stmt is KMatrixStmt {
  return stmt.kind.startsWith('matrix');
}

/** Columns come before rows in WGSL's type. */
function printMatrix({ use, scalar, rows, columns }: KMatrix): string {
  return `subgroup_matrix_${use}<${scalar}, ${columns}, ${rows}>`;
}

/** One statement over matrices, in the syntax that the device's Dawn takes. */
export function printMatrixStmt(
  stmt: KMatrixStmt,
  orderAs: MatrixOrderSyntax,
  spell: (name: string) => string,
  text: (expr: KExpr) => string,
): string {
  const order = ({ order: by }: MatrixPlace): { readonly template: string; readonly argument: string } =>
    orderAs === 'template'
      ? { template: by === 'rows' ? 'row_major' : 'col_major', argument: '' }
      : { template: '', argument: `, ${by === 'columns'}` };
  switch (stmt.kind) {
    case 'matrix':
      return `var ${spell(stmt.name)}: ${printMatrix(stmt.matrix)};`;
    case 'matrix-fill':
      return `${spell(stmt.name)} = ${printMatrix(stmt.matrix)}(${text(stmt.value)});`;
    case 'matrix-load': {
      const { array, index, stride } = stmt.from;
      const { template, argument } = order(stmt.from);
      const types = [printMatrix(stmt.matrix), ...(template === '' ? [] : [template])].join(', ');
      return `let ${spell(stmt.name)} = subgroupMatrixLoad<${types}>(&${spell(array)}, ${text(index)}${argument}, ${stride}u);`;
    }
    case 'matrix-multiply': {
      const [result, left, right] = [stmt.result, stmt.left, stmt.right].map(spell);
      return `${result} = subgroupMatrixMultiplyAccumulate(${left}, ${right}, ${result});`;
    }
    case 'matrix-store': {
      const { array, index, stride } = stmt.to;
      const { template, argument } = order(stmt.to);
      const types = template === '' ? '' : `<${template}>`;
      return `subgroupMatrixStore${types}(&${spell(array)}, ${text(index)}, ${spell(stmt.name)}${argument}, ${stride}u);`;
    }
  }
}
