import { f16round } from '@petamoriken/float16';
import type { KMatrix, KMatrixStmt, MatrixPlace } from '../../src/ir/kernel.ts';
import { compileExpression } from './simt-expressions.ts';
import type { Memory } from './simt-memory.ts';

/** A matrix as every lane of its subgroup sees it: all lanes hold all of it, by rows, and do the same to it. */
interface Held {
  readonly matrix: KMatrix;
  readonly values: Float64Array;
}

const roundOf = ({ scalar }: KMatrix): ((value: number) => number) =>
  scalar === 'f16' ? f16round : scalar === 'f32' ? Math.fround : Math.trunc;

const offset = ({ order, stride }: Omit<MatrixPlace, 'array' | 'index'>, row: number, column: number): number =>
  order === 'rows' ? row * stride + column : column * stride + row;

/** The functions that generated code calls for statements over matrices. */
export const matrixRuntime = {
  zero: (matrix: KMatrix, value = 0): Held => ({
    matrix,
    values: new Float64Array(matrix.rows * matrix.columns).fill(roundOf(matrix)(value)),
  }),
  load: (matrix: KMatrix, memory: Memory, index: number, place: Omit<MatrixPlace, 'array' | 'index'>): Held => ({
    matrix,
    values: Float64Array.from({ length: matrix.rows * matrix.columns }, (_, i) =>
      memory.get(index + offset(place, Math.floor(i / matrix.columns), i % matrix.columns)),
    ),
  }),
  multiply: (result: Held, left: Held, right: Held): Held => {
    const { rows, columns } = result.matrix;
    const depth = left.matrix.columns;
    if (left.matrix.use !== 'left' || right.matrix.use !== 'right' || result.matrix.use !== 'result')
      throw new Error('the factors of a matrix product are swapped');
    if (left.matrix.rows !== rows || right.matrix.columns !== columns || right.matrix.rows !== depth)
      throw new Error('the shapes of a matrix product do not fit');
    if (left.matrix.scalar !== right.matrix.scalar) throw new Error('the factors of a matrix product differ in type');
    const round = roundOf(result.matrix);
    const values = result.values.map((value, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      let sum = value;
      for (let k = 0; k < depth; k++)
        sum = round(sum + (left.values[row * depth + k] as number) * (right.values[k * columns + column] as number));
      return sum;
    });
    return { matrix: result.matrix, values };
  },
  store: (
    { matrix, values }: Held,
    memory: Memory,
    index: number,
    place: Omit<MatrixPlace, 'array' | 'index'>,
  ): void => {
    values.forEach((value, i) => {
      memory.set(index + offset(place, Math.floor(i / matrix.columns), i % matrix.columns), null, value);
    });
  },
};

/** The line of code that executes one statement over matrices. */
export function compileMatrix(stmt: KMatrixStmt): string {
  switch (stmt.kind) {
    case 'matrix':
      return `let $${stmt.name} = M.zero(${JSON.stringify(stmt.matrix)});`;
    case 'matrix-fill':
      return `$${stmt.name} = M.zero(${JSON.stringify(stmt.matrix)}, ${compileExpression(stmt.value)});`;
    case 'matrix-load':
      return `const $${stmt.name} = M.load(${JSON.stringify(stmt.matrix)}, ${placeText(stmt.from)});`;
    case 'matrix-multiply':
      return `$${stmt.result} = M.multiply($${stmt.result}, $${stmt.left}, $${stmt.right});`;
    case 'matrix-store':
      return `M.store($${stmt.name}, ${placeText(stmt.to)});`;
  }
}

function placeText({ array, index, order, stride }: MatrixPlace): string {
  return `$${array}, ${compileExpression(index)}, ${JSON.stringify({ order, stride })}`;
}
