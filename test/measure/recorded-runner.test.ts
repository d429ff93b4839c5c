import { describe, expect, it } from 'vitest';
import { artifactKey } from '../../src/ir/artifact.ts';
import { type DeviceDescription, defaultLimits } from '../../src/ir/limits.ts';
import type { MeasureResult } from '../../src/measure/runner.ts';
import { createRecordedRunner } from '../../src/testing/recorded-runner.ts';
import { vectorAdd, vectorAddData } from './kernels.ts';
import { contractCandidates, describeRunnerContract } from './runner.contract.ts';

const device: DeviceDescription = {
  name: 'recorded',
  vendor: '',
  architecture: '',
  device: '',
  description: '',
  backend: 'vulkan',
  driver: '',
  type: 'cpu',
  dawnVersion: 'webgpu 0',
  profile: 'browser',
  toggles: [],
  features: [],
  limits: defaultLimits,
  environment: {},
};

const ok: MeasureResult = {
  outcome: 'ok',
  error: '',
  samplesNs: [900, 1000, 1200],
  medianNs: 1000,
  relative: null,
  references: null,
  clock: 'timestamp',
  stoppedEarly: false,
  verification: { checked: 1024, wrong: 0, maxError: 0 },
  phasesMs: { build: 1, verify: 1, time: 2, total: 5 },
};
const without = { ...ok, samplesNs: [], medianNs: null, clock: null, verification: null };

const recordings = new Map<string, MeasureResult>([
  [artifactKey(contractCandidates.right), ok],
  [artifactKey(contractCandidates.wrong), { ...without, outcome: 'wrong-answer', error: 'C[0] is 1, expected 2' }],
  [artifactKey(contractCandidates.notWgsl), { ...without, outcome: 'build-error', error: 'expected an expression' }],
]);

describeRunnerContract('the recorded runner', async () => createRecordedRunner(device, (key) => recordings.get(key)));

describe('the recorded runner', () => {
  it('refuses a candidate nobody measured', async () => {
    const runner = createRecordedRunner(device, (key) => recordings.get(key));
    await runner.prepare(vectorAddData());
    const result = await runner.measure({ artifact: vectorAdd('C[i] = B[i] + A[i];'), bestNs: null });
    expect(result).toMatchObject({ outcome: 'refused', error: expect.stringMatching(/no recorded measurement/) });
  });

  it('looks up by the key it is given', async () => {
    const runner = createRecordedRunner(
      device,
      (key) => (key === 'add' ? ok : undefined),
      (artifact) => artifact.kernels.map(({ name }) => name).join(),
    );
    await runner.prepare(vectorAddData());
    expect(await runner.measure({ artifact: vectorAdd('C[i] = 1;'), bestNs: null })).toEqual(ok);
  });
});
