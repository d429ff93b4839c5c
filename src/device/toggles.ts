import type { Profile } from '../ir/limits.ts';

interface Toggles {
  readonly enable: readonly string[];
  readonly disable: readonly string[];
}

/**
 * Dawn toggles of a profile. `timestamp_quantization` is always off: it rounds to 65,536 ns. `native` takes the checks off
 * kernels as native apps do; validation of the API stays, because a bad candidate must become an error, not a crash.
 */
export function togglesFor(profile: Profile, adapter: string): Toggles {
  const enable: string[] = [];
  if (profile === 'native') enable.push('allow_unsafe_apis', 'disable_robustness');
  if (/nvidia/i.test(adapter)) enable.push('vulkan_enable_f16_on_nvidia');
  return { enable, disable: ['timestamp_quantization'] };
}

/** As a device's description lists them: `disable_robustness=on`, `timestamp_quantization=off`, sorted. */
export function describeToggles(toggles: Toggles): readonly string[] {
  return [...toggles.enable.map((name) => `${name}=on`), ...toggles.disable.map((name) => `${name}=off`)].sort();
}
