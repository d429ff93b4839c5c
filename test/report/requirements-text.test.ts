import { expect, it } from 'vitest';
import { type DeviceDescription, defaultLimits } from '../../src/ir/limits.ts';
import { requirementsOf } from '../../src/ir/requirements.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { requirementsText } from '../../src/report/requirements-text.ts';
import { artifactOf, naiveOf } from '../../src/tuner/build.ts';

it('what a kernel needs of a device is one line, with nothing that every device has', () => {
  const target: Pick<DeviceDescription, 'limits'> = { limits: defaultLimits };
  const workload = makeWorkload('elementwise', { shape: 'n=1,c=1,h=4,w=8' });
  const plain = requirementsOf(artifactOf(naiveOf(workload).program, target));
  expect(requirementsText(plain)).toBe('runs on every WebGPU device');
  expect(
    requirementsText({
      ...plain,
      requiredFeatures: ['shader-f16', 'subgroups'],
      requiredLimits: { maxComputeInvocationsPerWorkgroup: 1024 },
      subgroups: { minSize: 8, maxSize: 8, laneOrder: 'local-index' },
    }),
  ).toBe(
    'needs of a device: feature shader-f16; feature subgroups; maxComputeInvocationsPerWorkgroup 1,024; right on subgroups of exactly 8 lanes that follow the local index',
  );
});
