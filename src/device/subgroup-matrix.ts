import type { MatrixDType, MatrixOrderSyntax, SubgroupMatrixConfig, SubgroupMatrixSupport } from '../ir/limits.ts';

/**
 * `chromium-experimental-subgroup-matrix` is an experiment: Dawn offers it under `allow_unsafe_apis` alone (profile `native`), lists the
 * products the hardware has in the adapter's info, and has changed its WGSL. So both syntaxes are compiled, and the first that compiles is the
 * device's. Dawn of npm webgpu 0.6.2 takes both and calls `argument` deprecated; Dawn before 2026 knows `argument` alone.
 */
export const matrixFeature = 'chromium-experimental-subgroup-matrix';

/** Newest first: a deprecated syntax will disappear. */
const syntaxes: Readonly<Record<MatrixOrderSyntax, string>> = {
  template: 'subgroupMatrixLoad<subgroup_matrix_left<f32, 8, 8>, row_major>(&a, 0u, 8u)',
  argument: 'subgroupMatrixLoad<subgroup_matrix_left<f32, 8, 8>>(&a, 0u, false, 8u)',
};

/** A product as the adapter lists it; types that kernels here do not compute with (i8, u8) are listed as well. */
interface ListedMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What an opened device offers; null where it lacks the feature, lists no product that could be used, or takes neither syntax. */
export async function subgroupMatrixOf(gpu: GPUDevice): Promise<SubgroupMatrixSupport | null> {
  if (!gpu.features.has(matrixFeature)) return null;
  const info = gpu.adapterInfo as GPUAdapterInfo & { readonly subgroupMatrixConfigs?: Iterable<ListedMatrixConfig> };
  const configs = usableConfigs([...(info.subgroupMatrixConfigs ?? [])]);
  const orderAs = configs.length === 0 ? null : await matrixSyntaxOf(gpu);
  return orderAs === null ? null : { orderAs, configs };
}

const types: readonly string[] = ['f32', 'f16', 'i32', 'u32'] satisfies readonly MatrixDType[];
const isUsable = (type: string): type is MatrixDType => types.includes(type);

function usableConfigs(listed: readonly ListedMatrixConfig[]): SubgroupMatrixConfig[] {
  return listed.flatMap(({ componentType: component, resultComponentType: result, M: m, N: n, K: k }) =>
    isUsable(component) && isUsable(result) ? [{ component, result, m, n, k }] : [],
  );
}

/** The syntax that the device's WGSL takes. The products it has do not matter here: they are checked when a pipeline is made. */
export async function matrixSyntaxOf(gpu: GPUDevice): Promise<MatrixOrderSyntax | null> {
  for (const [name, load] of Object.entries(syntaxes) as [MatrixOrderSyntax, string][])
    if (await compiles(gpu, load)) return name;
  return null;
}

async function compiles(gpu: GPUDevice, load: string): Promise<boolean> {
  const code = `
enable chromium_experimental_subgroup_matrix;
@group(0) @binding(0) var<storage, read> a: array<f32, 64>;
@compute @workgroup_size(128)
fn main() {
  let left = ${load};
}
`;
  gpu.pushErrorScope('validation');
  const module = gpu.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  const error = await gpu.popErrorScope();
  return error === null && messages.every(({ type }) => type !== 'error');
}
