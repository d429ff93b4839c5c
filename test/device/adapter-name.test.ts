import { describe, expect, it } from 'vitest';
import { adapterName, adapterType } from '../../src/device/adapter-name.ts';

const facts = { vendor: '', architecture: '', device: '', description: '', isFallback: false };

describe('adapterName', () => {
  it.each([
    [{ vendor: 'google', architecture: 'swiftshader', device: 'swiftshader-device-subzero' }, 'swiftshader', 'cpu'],
    [{ vendor: 'mesa', architecture: 'software', device: 'llvmpipe-llvm-15-0-6-256-bits' }, 'lavapipe', 'cpu'],
    [{ vendor: 'nvidia', architecture: 'hopper', device: 'nvidia-h200' }, 'nvidia-h200', 'gpu'],
    [
      { vendor: 'intel', architecture: 'gen-12lp', device: 'Intel(R) UHD Graphics 770' },
      'intel-uhd-graphics-770',
      'gpu',
    ],
    [{ vendor: 'amd', architecture: 'rdna-3', device: 'Radeon RX 7900 XTX' }, 'amd-radeon-rx-7900-xtx', 'gpu'],
    [{ vendor: 'apple', architecture: 'metal-3', device: '' }, 'apple-metal-3', 'gpu'],
    [
      { vendor: 'microsoft', device: 'Microsoft Basic Render Driver', isFallback: true },
      'microsoft-basic-render-driver',
      'cpu',
    ],
    [{}, 'unnamed', 'gpu'],
  ])('%j', (some, name, type) => {
    expect(adapterName({ ...facts, ...some })).toBe(name);
    expect(adapterType({ ...facts, ...some })).toBe(type);
  });
});
