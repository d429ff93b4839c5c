import { describe, expect, it } from 'vitest';
import { distillReason } from '../../src/device/refusal-reason.ts';

describe('distillReason', () => {
  it.each([
    [
      'Warning: libGLX_nvidia.so.0: cannot open shared object file: No such file or directory',
      'its library libGLX_nvidia.so.0 is missing, or one it needs',
    ],
    [
      "/lib/libvulkan_lvp.so: /lib/libc.so.6: version `GLIBC_2.38' not found (required by /lib/libLLVM.so)",
      '/lib/libLLVM.so needs GLIBC_2.38',
    ],
    [
      'ERROR:   /opt/libdriver.so: invalid ELF header\nERROR:   loader_icd_scan: Failed loading library associated with ICD JSON /opt/libdriver.so. Ignoring this JSON',
      'its library /opt/libdriver.so cannot be loaded (invalid ELF header)',
    ],
    ['Warning: loader_get_json: Failed to open JSON file /nope.json', 'its manifest /nope.json cannot be read'],
    [
      'loader_get_json: Failed to parse JSON file /a.json, this is usually because',
      'its manifest /a.json is not valid JSON',
    ],
    ['Warning: loader_get_json: Invalid JSON file /a.json.', 'its manifest /a.json is not valid JSON'],
    [
      "Warning: loader_scanned_icd_add: Attempt to retrieve either 'vkGetInstanceProcAddr' or 'x' from ICD libm.so.6 failed.",
      'its library libm.so.6 is not a Vulkan driver',
    ],
    ['Error: setup: Failed to detect any valid GPUs in the current config', 'no GPU it serves is present'],
    [
      'Warning: Vulkan depthBiasClamp feature required.\n    at Initialize (x.cpp:3)',
      'too old for Dawn: Vulkan depthBiasClamp feature required.',
    ],
    ['', 'it has no device'],
    ['    at Somewhere (x.cpp:3)\nWarning: something nobody foresaw', 'something nobody foresaw'],
  ])('%j', (output, reason) => {
    expect(distillReason([], output)).toBe(reason);
  });

  it('prefers the missing library to what follows from it', () => {
    const output =
      'Warning: liba.so: cannot open shared object file: No such file or directory\nVK_ERROR_INCOMPATIBLE_DRIVER';
    expect(distillReason(['no suitable backends found'], output)).toMatch(/liba\.so is missing/);
  });
});
