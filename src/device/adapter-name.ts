/** What GPUAdapterInfo tells, as plain data. */
export interface AdapterFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallback: boolean;
}

/** Short stable name of an adapter, as `--device` takes it: `swiftshader`, `lavapipe`, `nvidia-h200`. */
export function adapterName(facts: AdapterFacts): string {
  if (facts.architecture === 'swiftshader') return 'swiftshader';
  if (facts.device.startsWith('llvmpipe')) return 'lavapipe';
  const device = slug(facts.device) || slug(facts.architecture) || slug(facts.description);
  const vendor = slug(facts.vendor);
  return device.startsWith(vendor) ? device || 'unnamed' : `${vendor}-${device}`.replace(/-$/, '');
}

/** Software rasterisers: Dawn's fallback flag, and the two it does not always flag. */
export function adapterType(facts: AdapterFacts): 'cpu' | 'gpu' {
  return facts.isFallback || facts.architecture === 'swiftshader' || facts.device.startsWith('llvmpipe')
    ? 'cpu'
    : 'gpu';
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/\((tm|r|c)\)/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
