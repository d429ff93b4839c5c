// What kernels need of the matrix products that a device's subgroups compute. Plain JavaScript without dependencies; `matrices.d.mts` has the
// types. Modules whose kernels compute none do not hold it.

/** @type {typeof import('./matrices.d.mts').matrixReason} */
export function matrixReason({ subgroupMatrix }, info, here) {
  if (subgroupMatrix === null) return null;
  const has = new Set();
  for (const { componentType, resultComponentType, M, N, K } of info.subgroupMatrixConfigs ?? [])
    has.add(`${M}x${N}x${K}, ${componentType} into ${resultComponentType}`);
  const missing = subgroupMatrix.configs
    .map(({ component, result, m, n, k }) => `${m}x${n}x${k}, ${component} into ${result}`)
    .find((product) => !has.has(product));
  return missing === undefined ? null : `it needs subgroup matrices of ${missing}, which this ${here} does not have`;
}
