import { z } from 'zod';
import type { Manifest } from '../../bundle/load.mjs';
import type { Artifact } from '../ir/artifact.ts';
import { byteSizeOf, requirementsOf } from '../ir/requirements.ts';
import { describeWorkload } from '../operators/workload.ts';
import { deviceSchema, workloadSchema } from '../records/record.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import type { BestKernel } from './events.ts';
import { toolVersion } from './tool.ts';

/** Version of the manifest's shape. A loader runs only bundles of its own version, and every bundle has its loader beside it. */
const manifestVersion = 2;

const name = z.string().min(1);
const count = z.int().nonnegative();
const triple = z.tuple([count, count, count]);
const limits = z.strictObject({
  maxComputeInvocationsPerWorkgroup: count,
  maxComputeWorkgroupSizeX: count,
  maxComputeWorkgroupSizeY: count,
  maxComputeWorkgroupSizeZ: count,
  maxComputeWorkgroupStorageSize: count.describe('bytes'),
  maxComputeWorkgroupsPerDimension: count,
  maxStorageBufferBindingSize: count.describe('bytes'),
  maxBufferSize: count.describe('bytes'),
  maxStorageBuffersPerShaderStage: count,
});
const matrixType = z.enum(['f32', 'f16', 'i32', 'u32']);

const requirementsSchema = z.strictObject({
  requiredFeatures: z.array(name).describe('for requestDevice: features that the kernels use'),
  requiredLimits: z
    .partialRecord(limits.keyof(), count)
    .describe('for requestDevice: what they need beyond the default limits of WebGPU'),
  limits: limits.describe('what they use of every limit, whether or not the default has as much'),
  subgroups: z
    .strictObject({
      minSize: z.int().positive().describe('lanes that every subgroup must have at least'),
      maxSize: z.int().positive().nullable().describe('lanes that it may have at most; null: any number'),
      laneOrder: z
        .literal('local-index')
        .describe('invocation i of a workgroup, x fastest, is lane i % size of subgroup i / size'),
    })
    .nullable()
    .describe(
      'the sizes of subgroups that they are right for, which requestDevice cannot ask for: all sizes from subgroupMinSize to subgroupMaxSize of the adapter must be among them',
    ),
  subgroupMatrix: z
    .strictObject({
      orderAs: z.enum(['argument', 'template']).describe('how the WGSL spells the order of a matrix in memory'),
      configs: z.array(z.strictObject({ component: matrixType, result: matrixType, m: count, n: count, k: count })),
    })
    .nullable()
    .describe('products of matrices that subgroups compute, to be among subgroupMatrixConfigs of the adapter'),
});

const bufferSchema = z.strictObject({
  name,
  role: z
    .enum(['input', 'output', 'scratch', 'packed'])
    .describe(
      'inputs and outputs are given, scratch is made by who runs it; what is packed too, and it is kept from run to run',
    ),
  dtype: z.enum(['f32', 'f16', 'i32', 'u32', 'bool']).describe('of one element; bool is stored as u32'),
  shape: z.array(count).describe('row-major'),
  bytes: count.describe('least size of the GPU buffer, a multiple of four'),
});

const kernelSchema = z.strictObject({
  file: name.describe('its WGSL, beside the manifest'),
  entryPoint: name,
  runsOnce: z
    .boolean()
    .describe('it reads constant inputs alone, and need not run again while these hold the same values'),
  workgroupSize: triple.describe('invocations in x, y, z; as in the text'),
  dispatch: triple.describe('workgroups in x, y, z'),
  bindings: z.array(
    z.strictObject({
      group: count,
      binding: count,
      buffer: name,
      access: z.enum(['read', 'read_write']).describe('a layout of type read-only-storage, or storage'),
    }),
  ),
  usesSubgroups: z.boolean(),
});

/** What it takes to run the kernels of one artifact. */
export const kernelSetSchema = z.strictObject({
  requirements: requirementsSchema.describe('everything that the kernels take for granted of a device'),
  buffers: z.array(bufferSchema),
  kernels: z.array(kernelSchema).describe('to be dispatched in this order, in one compute pass'),
});

const manifestSchema = z.strictObject({
  $schema: z.literal('./manifest.schema.json'),
  version: z.literal(manifestVersion),
  tool: name.describe('what wrote the bundle'),
  title: name.describe('the workload in one line'),
  ...kernelSetSchema.shape,
  workload: workloadSchema,
  device: deviceSchema.describe('where it was tuned'),
  timeNs: z.number().positive().describe('nanoseconds of one run there, without the kernels that run once'),
  packNs: z.number().positive().nullable().describe('nanoseconds of those; null where there are none'),
  record: name.describe('the tuning record that it was made from'),
});

/** Fails to compile where the manifest is not what the loader's types say. */
type Stored = z.infer<typeof manifestSchema>;
const agrees: Stored extends Manifest ? true : never = true;
void agrees;

/** An artifact as a manifest holds it; `fileOf` gives a kernel's file by its name. */
export function kernelSetOf(artifact: Artifact, fileOf: (kernel: string) => string): z.infer<typeof kernelSetSchema> {
  return {
    // Schemas take only lists that may be changed, and what is read here may not.
    requirements: requirementsSchema.parse(requirementsOf(artifact)),
    buffers: artifact.buffers.map(({ shape, ...spec }) => ({
      ...spec,
      shape: [...shape],
      bytes: byteSizeOf({ ...spec, shape }),
    })),
    kernels: artifact.kernels.map(
      ({ name: kernel, entryPoint, runsOnce = false, workgroupSize, dispatch, bindings, subgroups }) => ({
        file: fileOf(kernel),
        entryPoint,
        runsOnce,
        workgroupSize: [...workgroupSize],
        dispatch: [...dispatch],
        bindings: [...bindings],
        usesSubgroups: subgroups !== null,
      }),
    ),
  };
}

/** The manifest of a bundle. */
export function manifestOf({ artifact, workload, device, timeNs, packNs, record }: BestKernel): Stored {
  return manifestSchema.parse({
    $schema: './manifest.schema.json',
    version: manifestVersion,
    tool: `wgtune ${toolVersion}`,
    title: describeWorkload(workload),
    ...kernelSetOf(artifact, (kernel) => `${kernel}.wgsl`),
    workload,
    device,
    timeNs,
    packNs,
    record,
  });
}

/** A manifest as it was read; a refusal where it is none of this version. */
export function readManifest(value: unknown): Stored | Refusal {
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return refuse('wrong-shape', () => `${(issue?.path ?? []).join('.') || 'it'}: ${issue?.message ?? 'wrong shape'}`);
}

/** JSON Schema (draft 2020-12) of `manifest.json`; `bundle/manifest.schema.json` is its text, and goes into every bundle. */
export function manifestJsonSchema(): Record<string, unknown> {
  return {
    $id: `urn:wgtune:manifest:${manifestVersion}`,
    title: `wgtune bundle, version ${manifestVersion}`,
    description:
      'What it takes to run the kernels of a bundle, and where they come from. Sizes in bytes, times in nanoseconds.',
    ...z.toJSONSchema(manifestSchema, { unrepresentable: 'any' }),
  };
}
