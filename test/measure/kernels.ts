import type { Artifact, BufferSpec } from '../../src/ir/artifact.ts';
import type { WorkloadData } from '../../src/measure/runner.ts';
import { createRandom } from '../../src/support/random.ts';

/** Hand-written candidates of two workloads, right ones and planted wrong ones. */

export const length = 1024;

function vector(name: string, role: BufferSpec['role'], count = length): BufferSpec {
  return { name, role, dtype: 'f32', shape: [count] };
}

/** `C = A + B`, or whatever `body` does with `i` and the buffers A, B, C. */
export function vectorAdd(body = 'C[i] = A[i] + B[i];', workgroup: number = 64): Artifact {
  return {
    buffers: [vector('A', 'input'), vector('B', 'input'), vector('C', 'output')],
    kernels: [
      {
        name: 'add',
        entryPoint: 'main',
        wgsl: `@group(0) @binding(0) var<storage, read> A: array<f32, ${length}>;
@group(0) @binding(1) var<storage, read> B: array<f32, ${length}>;
@group(0) @binding(2) var<storage, read_write> C: array<f32, ${length}>;
@compute @workgroup_size(${workgroup})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  ${body}
}
`,
        workgroupSize: [workgroup, 1, 1],
        dispatch: [Math.max(1, Math.floor(length / workgroup)), 1, 1],
        bindings: [
          { group: 0, binding: 0, buffer: 'A', access: 'read' },
          { group: 0, binding: 1, buffer: 'B', access: 'read' },
          { group: 0, binding: 2, buffer: 'C', access: 'read_write' },
        ],
        workgroupBytes: 0,
        features: [],
        subgroups: null,
        subgroupMatrix: null,
      },
    ],
  };
}

/** Never ends, whatever the inputs: they are all below 100. */
export function endless(): Artifact {
  return vectorAdd('while (A[i] < 100f) { C[i] = C[i] + 1f; }');
}

/** The same in two kernels that share a scratch buffer; the second reads what the first wrote. */
export function vectorAddInTwo(): Artifact {
  return inTwo('scratch', 'A', 'A[i]');
}

/**
 * The same where B is laid out first, once. The poison is NaN: it tells the first kernel whether it runs for the first time; otherwise it makes
 * nonsense. `wrong` makes it nonsense anyway.
 */
export function vectorAddPacked(wrong = false): Artifact {
  const value = wrong ? 'B[i] + 1f' : 'select(B[i], 99f, bitcast<u32>(T[i]) != 0x7fc17fc1u)';
  const { buffers, kernels } = inTwo('packed', 'B', value);
  return { buffers, kernels: kernels.map((kernel, at) => (at === 0 ? { ...kernel, runsOnce: true } : kernel)) };
}

/** The value of one operand goes through a buffer T. */
function inTwo(role: BufferSpec['role'], through: 'A' | 'B', value: string): Artifact {
  const other = through === 'A' ? 'B' : 'A';
  const [add] = vectorAdd().kernels;
  if (add === undefined) throw new Error('vectorAdd has one kernel');
  const kernel = (
    name: string,
    from: readonly string[],
    to: string,
    expression: string,
  ): Artifact['kernels'][number] => ({
    ...add,
    name,
    wgsl: `${from.map((buffer, i) => `@group(0) @binding(${i}) var<storage, read> ${buffer}: array<f32, ${length}>;`).join('\n')}
@group(1) @binding(0) var<storage, read_write> ${to}: array<f32, ${length}>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) { let i = id.x; ${to}[i] = ${expression}; }
`,
    bindings: [
      ...from.map((buffer, binding) => ({ group: 0, binding, buffer, access: 'read' as const })),
      { group: 1, binding: 0, buffer: to, access: 'read_write' },
    ],
  });
  return {
    buffers: [...vectorAdd().buffers, vector('T', role)],
    kernels: [kernel('copy', [through], 'T', value), kernel('finish', ['T', other], 'C', `T[i] + ${other}[i]`)],
  };
}

export function vectorAddData(): WorkloadData {
  const random = createRandom(1);
  const [a, b] = [integers(length, random.below), integers(length, random.below)];
  return {
    inputs: [input('A', a), input('B', b)],
    checks: [
      {
        buffer: 'C',
        positions: null,
        expected: Float64Array.from(a, (value, i) => value + (b[i] as number)),
        absoluteTolerance: 0,
        relativeTolerance: 0,
      },
    ],
  };
}

/** The same with further inputs, A of halves and B of ones, of which elements 5 and 9 are compared. */
export function vectorAddDataWithHalves(allowed: readonly [number, number] = [0, 0]): WorkloadData {
  const halves = {
    name: 'halves',
    inputs: [input('A', new Float32Array(length).fill(0.5)), input('B', new Float32Array(length).fill(1))],
    checks: [
      {
        buffer: 'C',
        positions: Uint32Array.of(5, 9),
        expected: Float64Array.of(1.5, 1.5),
        allowed: Float64Array.from(allowed),
        absoluteTolerance: 0,
        relativeTolerance: 0,
      },
    ],
  };
  return { ...vectorAddData(), further: [halves] };
}

/** One invocation per output, nothing tiled. */
export function naiveMatmul(n: number): Artifact {
  const square = (name: string, role: BufferSpec['role']): BufferSpec => ({ name, role, dtype: 'f32', shape: [n, n] });
  return {
    buffers: [square('A', 'input'), square('B', 'input'), square('C', 'output')],
    kernels: [
      {
        name: 'matmul',
        entryPoint: 'main',
        wgsl: `@group(0) @binding(0) var<storage, read> A: array<f32, ${n * n}>;
@group(0) @binding(1) var<storage, read> B: array<f32, ${n * n}>;
@group(0) @binding(2) var<storage, read_write> C: array<f32, ${n * n}>;
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var sum = 0.0f;
  for (var k = 0u; k < ${n}u; k++) {
    sum += A[id.y * ${n}u + k] * B[k * ${n}u + id.x];
  }
  C[id.y * ${n}u + id.x] = sum;
}
`,
        workgroupSize: [8, 8, 1],
        dispatch: [n / 8, n / 8, 1],
        bindings: [
          { group: 0, binding: 0, buffer: 'A', access: 'read' },
          { group: 0, binding: 1, buffer: 'B', access: 'read' },
          { group: 0, binding: 2, buffer: 'C', access: 'read_write' },
        ],
        workgroupBytes: 0,
        features: [],
        subgroups: null,
        subgroupMatrix: null,
      },
    ],
  };
}

export function matmulData(n: number): WorkloadData {
  const random = createRandom(2);
  const [a, b] = [integers(n * n, random.below), integers(n * n, random.below)];
  const expected = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++)
        expected[i * n + j] = (expected[i * n + j] as number) + (a[i * n + k] as number) * (b[k * n + j] as number);
  return {
    inputs: [input('A', a), input('B', b)],
    checks: [{ buffer: 'C', positions: null, expected, absoluteTolerance: 0, relativeTolerance: 0 }],
  };
}

function integers(count: number, below: (bound: number) => number): Float32Array {
  return Float32Array.from({ length: count }, () => below(9) - 4);
}

function input(buffer: string, values: Float32Array): WorkloadData['inputs'][number] {
  return { buffer, bytes: new Uint8Array(values.buffer) };
}
