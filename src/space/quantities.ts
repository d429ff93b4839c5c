/**
 * What is known about one kernel of a prefix, as numbers with units: computed from the decisions alone, without building the program.
 * Exact pruning compares some of them with the device's limits; features are made of them. A quantity that depends on an undecided
 * decision is NaN, simply because arithmetic on NaN is NaN. They are in a fixed order, so that a row of them is one typed array.
 */
export const quantityNames = [
  'workgroups', // count in the grid
  'invocations', // per workgroup
  'lanesX', // invocations along x
  'lanesY', // invocations along y
  'outputs', // output elements one invocation computes
  'vector', // width of the vector operations
  'steps', // iterations of the outer reduction loop
  'depth', // reduction elements of one step
  'statements', // scalar operations written out after unrolling; a vector counts its width, as compilers for CPUs take it apart
  'workgroupBytes', // workgroup memory of one workgroup, bytes
  'registers', // private scalars an invocation keeps alive
  'barriers', // executed by one invocation
  'useful', // fraction of the computed points that lie inside the domain
  'flops', // floating-point operations of the kernel, useful ones
  'iterations', // serial loop iterations executed by one invocation
  'storageReadBytes', // bytes loaded from storage by all invocations
  'storageUniformBytes', // of these: the same address for all neighbours along x
  'storageContiguousBytes', // of these: neighbouring addresses for neighbours along x
  'storageUniqueBytes', // bytes of the distinct elements read: what must come from memory at least once
  'storageWriteBytes', // bytes stored by all invocations
  'workgroupReadBytes', // bytes loaded from workgroup memory by all invocations
  'workgroupWriteBytes', // bytes stored to workgroup memory by all invocations
  'staged', // operands that go through workgroup memory
  'idle', // fraction of invocations without work in the phase that uses the fewest
  'guarded', // fraction of the innermost statements executed that carry a guard
  'reusedBytes', // bytes one workgroup touches in one step: the working set of its reuse
  'unrolled', // 1 when the reduction step is unrolled
  'together', // reduction elements whose operands an invocation holds at once
  'dispatchX', // workgroups along x
  'dispatchY', // workgroups along y
  'dispatchZ', // workgroups along z
  'registersX', // outputs of one invocation along the innermost axis
  'registersY', // outputs of one invocation along the axis next to it
  'stagedFirst', // 1 when the first operand goes through workgroup memory
  'stagedSecond', // the same for the second operand
  'rowPadding', // unused elements after each row of a workgroup tile
  'doubled', // operands with two tiles that take turns
  'parts', // times the kernel's body stands in the text, for the parts of its grid
] as const;
export type QuantityName = (typeof quantityNames)[number];

/** Position of each quantity in a row. */
export const quantity: { readonly [name in QuantityName]: number } = Object.fromEntries(
  quantityNames.map((name, index) => [name, index]),
) as { [name in QuantityName]: number };

export const quantityCount = quantityNames.length;

/** Bytes of one variable in workgroup memory as WebGPU counts them against the limit: in units of 16. NaN stays NaN. */
export function wholeUnits(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
