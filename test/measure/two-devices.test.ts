import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { Runner } from '../../src/measure/runner.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { rightOutcomes } from '../../src/records/outcome.ts';
import { artifactOf, naiveOf, programOf } from '../../src/tuner/build.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';

/** An environment variable chooses the driver for a whole process, so one run can use several devices only with a child for each. */
describe('two devices in one run', () => {
  const runners: Runner[] = [];
  beforeAll(async () => {
    for (const profile of ['browser', 'native'] as const) {
      runners.push(await createDawnRunner({ device: await chooseDevice('swiftshader', profile) }));
    }
  });
  afterAll(async () => {
    for (const runner of runners) await runner.close();
  });

  it('both measure the same kernels at the same time, each under its own profile', async () => {
    const workload = makeWorkload('matmul', { shape: 'm=19,n=23,k=17' });
    const program = programOf(workload);
    const { data } = verificationData(workload, program, 3);
    const results = await Promise.all(
      runners.map(async (runner) => {
        await runner.prepare(data);
        const artifact = artifactOf(naiveOf(workload).program, runner.device);
        return runner.measure({ artifact, bestNs: null });
      }),
    );
    expect(runners.map(({ device }) => device.profile)).toEqual(['browser', 'native']);
    for (const { outcome, error, verification } of results) {
      expect(rightOutcomes, error).toContain(outcome);
      expect(verification).toMatchObject({ checked: 19 * 23, wrong: 0 });
    }
  });
});
