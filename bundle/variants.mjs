// What an exported module does beyond `core.mjs`: it holds a kernel in several variants and chooses among them. Plain JavaScript without
// dependencies; `variants.d.mts` has the types and says what each function does.

import { prepareKernel, unmetNeed } from './core.mjs';

/** @import { Target } from './core.d.mts' */
/** @import { KernelVariant } from './variants.d.mts' */

/** @type {(target: Target, info?: object) => Target & { readonly info: any }} */
const knownOf = (target, info = /** @type {any} */ (target.info ?? target.adapterInfo ?? {})) => ({
  ...('queue' in target ? { queue: null } : {}),
  features: target.features,
  limits: target.limits,
  info,
});

/** @type {(variant: KernelVariant, target: Target) => string | null} */
function reasonAgainst({ title, requirements }, target) {
  const reason = unmetNeed(requirements, target);
  return reason === null ? null : `${title} cannot run here: ${reason}`;
}

/** @type {typeof import('./variants.d.mts').selectVariant} */
export function selectVariant(variants, target, info) {
  const known = knownOf(target, info);
  const { vendor, architecture } = known.info;
  /** @type {(variant: KernelVariant) => number} */
  const distance = ({ tunedOn, isFallback }) => {
    const kin = tunedOn.filter((facts) => facts.vendor !== '' && facts.vendor === vendor);
    if (kin.some((facts) => facts.architecture === architecture)) return 0;
    return kin.length > 0 ? 1 : isFallback ? 2 : 3;
  };
  const [chosen] = variants
    .filter((variant) => reasonAgainst(variant, known) === null)
    .sort((a, b) => distance(a) - distance(b));
  if (chosen !== undefined) return chosen;
  const fallback = /** @type {KernelVariant} */ (variants.find(({ isFallback }) => isFallback));
  throw new Error(/** @type {string} */ (reasonAgainst(fallback, known)));
}

/** @type {typeof import('./variants.d.mts').needsOf} */
export const needsOf = ({ requirements: { requiredFeatures, requiredLimits } }) => ({
  requiredFeatures,
  requiredLimits,
});

/** @type {typeof import('./variants.d.mts').createVariant} */
export async function createVariant(variants, sources, device, { variant, info, label } = {}) {
  const chosen =
    variant === undefined ? selectVariant(variants, device, info) : variants.find(({ name }) => name === variant);
  if (chosen === undefined)
    throw new Error(`there is no variant ${variant}; choose one of ${variants.map(({ name }) => name).join(', ')}`);
  const reason = reasonAgainst(chosen, knownOf(device, info));
  if (reason !== null) throw new Error(reason);
  return { variant: chosen.name, ...(await prepareKernel(device, chosen, sources, label)) };
}
