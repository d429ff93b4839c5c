import { z } from 'zod';
import type { KernelVariant } from '../../bundle/variants.mjs';
import { describeWorkload, type Workload } from '../operators/workload.ts';
import { workloadSchema } from '../records/record.ts';
import { kernelSetOf, kernelSetSchema } from './manifest.ts';
import type { ModuleVariant } from './module-variants.ts';
import { toolVersion } from './tool.ts';

const moduleManifestVersion = 1;
const name = z.string().min(1);
const nanoseconds = z.number().positive();

const tunedOnSchema = z.strictObject({
  name: name.describe('what wgtune calls the device'),
  vendor: z.string(),
  architecture: z.string(),
  timeNs: nanoseconds.describe('nanoseconds of one run there, without the kernels that run once'),
  packNs: nanoseconds.nullable().describe('nanoseconds of those; null where there are none'),
  record: name.describe('the tuning record that says so'),
  shipped: z.boolean().describe('whether that record came with wgtune'),
});

const variantSchema = z.strictObject({
  name,
  title: name,
  isFallback: z.boolean().describe('runs on every WebGPU device that has the dtype'),
  tunedOn: z.array(tunedOnSchema).describe('where it is the best known'),
  ...kernelSetSchema.shape,
});

const moduleManifestSchema = z.strictObject({
  version: z.literal(moduleManifestVersion),
  tool: name.describe('what wrote the module'),
  title: name.describe('the workload in one line'),
  module: name.describe('the module, beside the manifest'),
  workload: workloadSchema,
  variants: z.array(variantSchema).min(1),
});

type Stored = z.infer<typeof moduleManifestSchema>;
const agrees: Stored['variants'][number] extends KernelVariant ? true : never = true;
void agrees;

/** What `manifest.json` of a module says: its variants, their kernels' files in the order in which these run, and where they come from. */
export function moduleManifestOf(workload: Workload, variants: readonly ModuleVariant[], module: string): Stored {
  const title = describeWorkload(workload);
  return moduleManifestSchema.parse({
    version: moduleManifestVersion,
    tool: `wgtune ${toolVersion}`,
    title,
    module: `${module}.js`,
    workload,
    variants: variants.map(({ name: variant, artifact, isFallback, tunedOn }) => ({
      name: variant,
      title,
      isFallback,
      tunedOn,
      ...kernelSetOf(artifact, (kernel) => `${variant}.${kernel}.wgsl`),
    })),
  });
}
