import type { Artifact } from '../../src/ir/artifact.ts';
import type { Outcome } from '../../src/records/outcome.ts';
import { naiveMatmul } from '../measure/kernels.ts';

/** Kernels of `matmul m=32,n=32,k=32` that do what no schedule of ours does, and how their trials must end. */

export const extent = 32;

export interface Planted {
  readonly title: string;
  readonly artifact: Artifact;
  readonly outcome: Outcome;
  readonly error: RegExp;
}

const at = `id.y * ${extent}u + id.x`;
const store = `C[${at}] = sum;`;

/** The right kernel with other text in place of its store of the sum, or of another part. */
function bent(replacement: string, replaced = store): Artifact {
  const right = naiveMatmul(extent);
  return {
    ...right,
    kernels: right.kernels.map((kernel) => {
      if (!kernel.wgsl.includes(replaced)) throw new Error(`the kernel has no ${replaced}`);
      return { ...kernel, wgsl: kernel.wgsl.replace(replaced, replacement) };
    }),
  };
}

function changed(changes: Partial<Artifact['kernels'][number]>, artifact = naiveMatmul(extent)): Artifact {
  return { ...artifact, kernels: artifact.kernels.map((kernel) => ({ ...kernel, ...changes })) };
}

/** So much to compile that no budget here is enough; every statement reads a value that is only known when it runs. */
const endlessText = Array.from(
  { length: 16_000 },
  (_, i) => `sum = sum * A[(id.x + ${i}u) % ${extent * extent}u] + f32(${i});`,
).join('\n');

const right = naiveMatmul(extent);
const last = extent * extent - 1;

export const planted: readonly Planted[] = [
  {
    title: 'a kernel that never ends',
    artifact: bent(`while (A[0] < 100f) { C[${at}] = C[${at}] + 1f; }`),
    outcome: 'run-timeout',
    error: /^the kernels did not end within \d+ ms \(stage run\); the process was killed$/,
  },
  {
    title: 'a kernel that never ends once it was right',
    // The poison is NaN: it tells the kernel that this is its first run.
    artifact: bent(`
      let before = bitcast<u32>(C[${at}]);
      ${store}
      while (before != 0x7fc17fc1u && A[0] < 100f) { C[${at}] = C[${at}] + 1f; }`),
    outcome: 'run-timeout',
    error: /^the kernels did not end within \d+ ms \(stage sample\); the process was killed$/,
  },
  {
    title: 'a kernel that does not compile',
    artifact: bent(`C[${at}] = sum + nowhere;`),
    outcome: 'build-error',
    error: /:10:\d+ error: unresolved value 'nowhere'\n.*C\[id\.y \* 32u \+ id\.x\] = sum \+ nowhere;/s,
  },
  {
    title: 'a kernel that takes too long to compile',
    artifact: bent(`${endlessText}\n${store}`),
    outcome: 'build-timeout',
    error: /^compiling took longer than \d+ ms$/,
  },
  {
    title: 'a workgroup over the limit',
    artifact: bent('@workgroup_size(64, 64)', '@workgroup_size(8, 8)'),
    outcome: 'build-error',
    error: /invocations \(4096\) exceeds the maximum/,
  },
  {
    title: 'workgroup memory over the limit',
    // It is used, or the compiler would remove it before it is counted.
    artifact: bent(
      `tile[id.x % 8u] = vec4f(sum);\n  C[${at}] = tile[id.x % 8u].x;\n}\nvar<workgroup> tile: array<vec4f, 60000>;\nfn unused() {`,
    ),
    outcome: 'build-error',
    error: /workgroup storage \(960000 bytes\) is larger than the maximum/,
  },
  {
    title: 'more workgroups than there may be',
    artifact: changed({ dispatch: [70_000, 1, 1] }),
    outcome: 'build-error',
    error: /70000/,
  },
  {
    title: 'an input bound for writing',
    artifact: changed({
      bindings: (right.kernels[0]?.bindings ?? []).map((binding) => ({ ...binding, access: 'read_write' })),
    }),
    outcome: 'build-error',
    error: /^kernel matmul binds input A for writing$/,
  },
  {
    title: 'more memory than the device has',
    artifact: {
      ...right,
      buffers: [
        ...right.buffers,
        // A driver that has enough memory for one of these has not enough for all.
        ...Array.from({ length: 256 }, (_, i) => ({
          name: `T${i}`,
          role: 'scratch' as const,
          dtype: 'f32' as const,
          shape: [2 ** 28],
        })),
      ],
    },
    outcome: 'out-of-memory',
    error: /VK_ERROR_OUT_OF_DEVICE_MEMORY.*CreateBuffer/s,
  },
  {
    title: 'a kernel that writes NaN',
    artifact: bent(`C[${at}] = bitcast<f32>(0x7fc00000u | u32(sum * 0f));`),
    outcome: 'wrong-answer',
    error: /^C\[0\] is NaN, expected -?\d+; 1024 of 1024 compared elements are wrong/,
  },
  {
    title: 'a kernel that writes infinity into one element',
    artifact: bent(`C[${at}] = select(sum, bitcast<f32>(0x7f800000u | u32(sum * 0f)), ${at} == 33u);`),
    outcome: 'wrong-answer',
    error: /^C\[33\] is Infinity, expected -?\d+; 1 of 1024/,
  },
  {
    title: 'a kernel that is wrong in one corner only',
    artifact: bent(`C[${at}] = sum + select(0f, 1f, ${at} == ${last}u);`),
    outcome: 'wrong-answer',
    error: new RegExp(`^C\\[${last}\\] is -?\\d+, expected -?\\d+; 1 of 1024`),
  },
  {
    title: 'a kernel that writes nothing',
    artifact: bent(`if (id.x > 4096u) { ${store} }`),
    outcome: 'wrong-answer',
    error: /^C\[0\] is NaN, expected -?\d+; 1024 of 1024/,
  },
  {
    title: 'a kernel that is right only the first time',
    artifact: bent(`C[${at}] = select(sum, 99f, bitcast<u32>(C[${at}]) != 0x7fc17fc1u);`),
    outcome: 'wrong-answer',
    error: /^right at first, but after repeated runs C\[0\] is 99, expected /,
  },
];
