import { afterAll, describe, expect, it } from 'vitest';
import { listDevices } from '../../src/device/devices.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { Runner } from '../../src/measure/runner.ts';
import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { withSumsInF16 } from '../../src/operators/keep-sums.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { artifactOf, naiveOf, programOf } from '../../src/tuner/build.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';
import { legalCandidates } from '../space/candidates.ts';

/** SwiftShader has no f16; where nothing else is installed, these tests are skipped, and those of the interpreter stand in for them. */
const { devices } = await listDevices();
const device = devices.find(({ description }) => description.features.includes('shader-f16'));

/** Sums of 4,096 terms and more, which with inputs of ones end at 2,048 in f16. */
const cases = [
  ['reduce_sum', 'rows=4,cols=4096'],
  ['matmul', 'm=4,n=4,k=4096'],
  ['gemv', 'm=4,k=4096'],
  ['conv1d', 'c=1024,l=4,oc=2,k=4'],
  ['conv2d', 'c=512,h=4,w=4,oc=2'],
  ['conv_transpose2d', 'c=1024,h=2,w=2,oc=2,kh=4,kw=4'],
  ['depthwise_conv2d', 'c=2,h=64,w=64,kh=64,kw=64,pad=0'],
  ['avg_pool2d', 'c=2,h=64,w=64,kh=64,kw=64,pad=0'],
  ['quantized_matmul', 'm=2,n=4,k=4096'],
  ['softmax', 'rows=2,cols=4096'],
  ['layer_norm', 'rows=2,cols=4096'],
] as const;

describe.skipIf(device === undefined)('sums of f16 elements on a device', () => {
  let runner: Runner | null = null;
  const start = async (): Promise<Runner> => {
    if (device === undefined) throw new Error('no device here has shader-f16');
    const budget = { ...defaultBudget('cpu'), minSampleMs: 0, minSamples: 1, maxSamples: 1, warmUpMs: 0 };
    runner ??= await createDawnRunner({ device, budget });
    return runner;
  };
  afterAll(() => runner?.close());

  it.each(cases)('%s %s: f32 is right and f16 is caught', { timeout: 60_000 }, async (operator, shape) => {
    const { measure, prepare, device: on } = await start();
    const workload = makeWorkload(operator, { shape, dtype: 'f16' });
    const program = programOf(workload);
    const { data } = verificationData(workload, program, 1);
    await prepare(data);
    const verdict = async (scheduled: Program) => {
      const result = await measure({ artifact: artifactOf(scheduled, on), bestNs: null });
      return { outcome: result.outcome === 'unstable' ? 'ok' : result.outcome, error: result.error };
    };
    const naive = naiveOf(workload).program;
    const random = createRandom(1);
    expect(await verdict(naive)).toMatchObject({ outcome: 'ok' });
    expect(await verdict(withSumsInF16(naive))).toMatchObject({ outcome: 'wrong-answer' });
    const sketch = random.pick(sketchesOf(program, on.limits));
    for (const candidate of legalCandidates(sketch, on.limits, 1, random)) {
      const made = instantiate(sketch, candidate);
      if (!isRefusal(made)) expect(await verdict(made.program)).toMatchObject({ outcome: 'ok' });
    }
  });
});
