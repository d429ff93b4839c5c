import type { BundleBuffer } from '../../bundle/core.mjs';
import type { KernelVariant } from '../../bundle/variants.mjs';
import { defaultLimits } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import { UserError } from '../support/errors.ts';
import { writeBundleFolder } from './bundle-folder.ts';
import { bundlePart } from './export.ts';
import { moduleManifestOf } from './module-manifest.ts';
import type { ModuleVariant } from './module-variants.ts';
import { selfTestOf } from './self-test.ts';

/** What every device grants, those of WebGPU's compatibility mode too. */
const leastLimits: Readonly<Partial<Record<string, unknown>>> = {
  ...defaultLimits,
  maxComputeInvocationsPerWorkgroup: 128,
  maxComputeWorkgroupSizeX: 128,
  maxComputeWorkgroupSizeY: 128,
  maxStorageBuffersPerShaderStage: 4,
};

/** Parts of which a module has no use where no variant asks for what they judge, and what then stands in their place. */
const askedFor: readonly {
  readonly part: string;
  readonly isAskedBy: (variant: KernelVariant) => boolean;
  readonly otherwise: string;
}[] = [
  {
    part: 'matrices.mjs',
    isAskedBy: ({ requirements }) => requirements.subgroupMatrix !== null,
    otherwise: 'const matrixReason = () => null;',
  },
  {
    part: 'subgroups.mjs',
    isAskedBy: ({ requirements, kernels }) =>
      requirements.subgroups !== null || kernels.some(({ usesSubgroups }) => usesSubgroups),
    otherwise: 'const sizeReason = () => null;\nconst laneReason = sizeReason;',
  },
];

/** The module's own text, in the order in which its parts use each other. */
function partsFor(variants: readonly KernelVariant[]): readonly string[] {
  return [
    ...askedFor.map(({ part, isAskedBy, otherwise }) => (variants.some(isAskedBy) ? partText(part) : otherwise)),
    partText('core.mjs'),
    partText('variants.mjs'),
  ];
}

/**
 * Writes kernels as one ES module without dependencies, `<name>.js`, that an app imports as it is: it takes the app's device, buffers and compute
 * pass, and chooses among its variants. Beside it its types, the WGSL as files, `manifest.json`, and `test.json` with what it must
 * compute. Returns the paths written. Throws UserError for a name that is no file name; see writeBundleFolder for the rest.
 */
export async function exportModule({
  workload,
  variants,
  folder,
  name = workload.operator,
  force = false,
}: {
  readonly workload: Workload;
  readonly variants: readonly ModuleVariant[];
  readonly folder: string;
  readonly name?: string;
  readonly force?: boolean;
}): Promise<readonly string[]> {
  return writeBundleFolder(folder, force, moduleFiles({ workload, variants, name }));
}

/** The texts of a module's folder by file name, and its manifest. Throws UserError for a name that is no file name. */
export function moduleFiles({
  workload,
  variants,
  name,
}: {
  readonly workload: Workload;
  readonly variants: readonly ModuleVariant[];
  readonly name: string;
}): { readonly files: Readonly<Record<string, string>>; readonly manifest: unknown } {
  if (!/^[\w-]+$/.test(name)) throw new UserError(`"${name}" is no name of a module: use letters, digits, _ and -`);
  const manifest = moduleManifestOf(workload, variants, name);
  const sources = Object.fromEntries(
    variants.flatMap(({ artifact }, at) =>
      artifact.kernels.map(({ wgsl }, kernel) => [manifest.variants[at]?.kernels[kernel]?.file as string, wgsl]),
    ),
  );
  const files = {
    [`${name}.js`]: moduleText(manifest.workload, manifest.variants, sources),
    [`${name}.d.ts`]: typesText(manifest.title, manifest.variants),
    ...sources,
    'test.json': `${JSON.stringify(selfTestOf(workload), null, 1)}\n`,
  };
  return { files, manifest };
}

/** Everything in one text, so that nothing is fetched and every bundler takes it. */
function moduleText(
  workload: Workload,
  variants: readonly KernelVariant[],
  sources: Readonly<Record<string, string>>,
): string {
  // What is neither used nor shown to the app is left to the manifest, and what all variants have stands once: a page loads this.
  const [{ title, buffers: all }] = variants as readonly [KernelVariant];
  const given = all.filter(isGiven);
  const held = variants.map(({ name, requirements, isFallback, tunedOn, buffers, kernels }) => ({
    name,
    requirements: {
      ...requirements,
      limits: beyondEvery(requirements.limits),
      subgroups: requirements.subgroups && { ...requirements.subgroups, laneOrder: undefined },
    },
    isFallback,
    tunedOn: tunedOn.map(({ vendor, architecture }) => ({ vendor, architecture })),
    buffers: buffers.filter((spec) => !isGiven(spec)).map(usedOf),
    kernels: kernels.map((kernel) => ({
      ...kernel,
      workgroupSize: kernel.usesSubgroups ? kernel.workgroupSize : undefined,
    })),
  }));
  return `// By \`wgtune export\`.
${partsFor(variants).join('\n')}
export const workload = ${JSON.stringify(workload)};
const given = ${withPlainKeys(JSON.stringify(given.map(usedOf)))};
export const variants = ${withPlainKeys(JSON.stringify(held))};
for (const variant of variants) {
  variant.title = ${JSON.stringify(title)};
  variant.buffers.unshift(...given);
}
const sources = ${JSON.stringify(sources, null, 1)};
export const select = (target, info) => selectVariant(variants, target, info);
export const requires = (adapter) => needsOf(select(adapter));
export const createKernel = (device, options) => createVariant(variants, sources, device, options);
`;
}

/** The app gives these, and they are the same in all variants. */
function isGiven({ role }: BundleBuffer): boolean {
  return role === 'input' || role === 'output';
}

/** What the module's code reads of a buffer. */
function usedOf({ name, role, bytes }: BundleBuffer): Partial<BundleBuffer> {
  return { name, role, bytes };
}

/** The limits of which not every device grants as much, in compatibility mode too. */
function beyondEvery(limits: KernelVariant['requirements']['limits']): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(limits).filter(([name, used]) => used > Number(leastLimits[name] ?? 0)));
}

/** In JSON a quotation mark that ends a key is never escaped, and no other stands before a colon. What is false, and access for reading, is as well left out. */
function withPlainKeys(json: string): string {
  return json
    .replace(/(?<=[{,])"([A-Za-z]\w*)":/g, '$1:')
    .replace(/,(?:(?:runsOnce|usesSubgroups):false|access:"read")(?=[,}])/g, '');
}

/**
 * A part's code without comments, imports and exports, which all stand on lines of their own, or as casts within one, and without the blanks around
 * operators and within braces, of which no sentence has any.
 */
function partText(name: string): string {
  return bundlePart(name)
    .replace(/\/\*\*[\s\S]*?\*\/ ?/g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^import .*$/gm, '')
    .replace(/^export /gm, '')
    .replace(/^\s+/gm, '')
    .replace(/\n+/g, '\n')
    .replace(/([;{,([])\n/g, '$1')
    .replace(/,([)}\]])/g, '$1')
    .replace(/\s(=>|[=!]==|&&|\?\?|\|\||[=?:]) /g, '$1')
    .replace(/(?<=\{) | (?=\})/g, '');
}

/** The types of every module, with this one's buffers by name. */
function typesText(title: string, variants: readonly KernelVariant[]): string {
  const [{ buffers }] = variants as readonly [KernelVariant];
  const given = buffers.filter(isGiven);
  const named = `export interface Buffers {\n${given.map(bufferText).join('\n')}\n}`;
  return bundlePart('module.d.mts')
    .replace('A kernel as', () => `${title}, as`)
    .replace(/^export type Buffers = .*$/m, () => named);
}

function bufferText({ name, role, dtype, shape, bytes }: BundleBuffer): string {
  return `  /** ${role === 'input' ? 'Read' : 'Written'}: ${dtype}[${shape.join(', ')}], ${bytes} bytes at least. */
  readonly ${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: GPUBuffer | GPUBufferBinding;`;
}
