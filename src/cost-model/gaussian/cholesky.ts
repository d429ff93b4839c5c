/** Turns the lower triangle of a symmetric n x n matrix, row after row, into its Cholesky factor; false where it is not positive definite. */
export function factorise(matrix: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (matrix[i * n + k] as number) * (matrix[j * n + k] as number);
      if (i === j) {
        if (!(sum > 1e-12)) return false;
        matrix[i * n + i] = Math.sqrt(sum);
      } else matrix[i * n + j] = sum / (matrix[j * n + j] as number);
    }
  }
  return true;
}

/** The transposed inverse of a Cholesky factor: row j holds column j of the inverse, zero before j. */
export function transposedInverse(factor: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    inverse[j * n + j] = 1 / (factor[j * n + j] as number);
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum += (factor[i * n + k] as number) * (inverse[j * n + k] as number);
      inverse[j * n + i] = -sum / (factor[i * n + i] as number);
    }
  }
  return inverse;
}
