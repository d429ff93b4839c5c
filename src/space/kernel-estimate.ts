/**
 * What is known about one kernel of a prefix, as numbers with units: it follows from the decisions alone, without building the program.
 * Exact pruning, the roofline and the analytic model read it as it is; features take logarithms of it.
 */
export const estimateTable = {
  workgroups: { unit: 'count', doc: 'workgroups in the grid' },
  invocations: { unit: 'count', doc: 'invocations of a workgroup' },
  lanesX: { unit: 'count', doc: 'invocations along x' },
  lanesY: { unit: 'count', doc: 'invocations along y' },
  outputs: { unit: 'elements', doc: 'output elements one invocation computes' },
  vector: { unit: 'elements', doc: 'width of the vector operations' },
  steps: { unit: 'count', doc: 'iterations of the outer reduction loop' },
  depth: { unit: 'elements', doc: 'reduction elements of one step' },
  statements: {
    unit: 'count',
    doc: 'scalar operations in the text after unrolling, addresses, guards and clamps with them; a vector counts its width, as compilers for CPUs take it apart',
  },
  workgroupBytes: { unit: 'bytes', doc: 'workgroup memory of one workgroup' },
  registers: { unit: 'scalars', doc: 'private scalars an invocation keeps alive' },
  barriers: { unit: 'count', doc: 'barriers executed by one invocation' },
  useful: { unit: 'fraction', doc: 'fraction of the computed points that lie inside the domain' },
  flops: { unit: 'flop', doc: 'floating-point operations of the kernel, useful ones' },
  iterations: {
    unit: 'count',
    doc: 'serial loop iterations executed by one invocation; a loop that runs once is none',
  },
  storageReadBytes: { unit: 'bytes', doc: 'bytes loaded from storage by all invocations' },
  storageUniformBytes: {
    unit: 'bytes',
    doc: 'bytes loaded from storage where all neighbours along x have the same address',
  },
  storageContiguousBytes: {
    unit: 'bytes',
    doc: 'bytes loaded from storage where neighbours along x have neighbouring addresses',
  },
  storageUniqueBytes: {
    unit: 'bytes',
    doc: 'bytes of the distinct elements read: what must come from memory at least once',
  },
  storageWriteBytes: { unit: 'bytes', doc: 'bytes stored by all invocations' },
  workgroupReadBytes: { unit: 'bytes', doc: 'bytes loaded from workgroup memory by all invocations' },
  workgroupWriteBytes: { unit: 'bytes', doc: 'bytes stored to workgroup memory by all invocations' },
  staged: { unit: 'count', doc: 'operands that go through workgroup memory' },
  idle: { unit: 'fraction', doc: 'fraction of invocations without work in the phase that uses the fewest' },
  guarded: { unit: 'fraction', doc: 'fraction of the innermost statements executed that carry a guard' },
  reusedBytes: { unit: 'bytes', doc: 'bytes one workgroup touches in one step: the working set of its reuse' },
  unrolled: { unit: '0 or 1', doc: '1 when the reduction step is unrolled' },
  together: { unit: 'elements', doc: 'reduction elements whose operands an invocation holds at once' },
  dispatchX: { unit: 'count', doc: 'workgroups along x' },
  dispatchY: { unit: 'count', doc: 'workgroups along y' },
  dispatchZ: { unit: 'count', doc: 'workgroups along z' },
  registersX: { unit: 'elements', doc: 'outputs of one invocation along the innermost axis' },
  registersY: { unit: 'elements', doc: 'outputs of one invocation along the axis next to it' },
  stagedFirst: { unit: '0 or 1', doc: '1 when the first operand goes through workgroup memory' },
  stagedSecond: { unit: '0 or 1', doc: '1 when the second operand goes through workgroup memory' },
  rowPadding: { unit: 'elements', doc: 'unused elements after each row of a workgroup tile' },
  doubled: { unit: 'count', doc: 'operands with two tiles that take turns' },
  parts: { unit: 'count', doc: "times the kernel's body stands in the text, for the parts of its grid" },
  exchangedBytes: {
    unit: 'bytes',
    doc: 'bytes that invocations take from other lanes of their subgroup, which loaded them',
  },
} as const satisfies Readonly<Record<string, { readonly unit: string; readonly doc: string }>>;
export type EstimateName = keyof typeof estimateTable;
export const estimateNames = Object.keys(estimateTable) as readonly EstimateName[];
export const estimateLength = estimateNames.length;

/** A number for each name, in the order of the table, so that a row of them is one typed array; NaN while it is unknown. */
export type KernelEstimate = Float64Array;

/** Position of each number in an estimate. */
export const estimateAt: { readonly [name in EstimateName]: number } = Object.fromEntries(
  estimateNames.map((name, index) => [name, index]),
) as { [name in EstimateName]: number };
