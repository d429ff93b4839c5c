import { describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { rightOutcomes } from '../../src/records/outcome.ts';
import { isVerified } from '../../src/records/record.ts';
import { runSchedule } from '../../src/tuner/run-schedule.ts';
import { tune } from '../../src/tuner/tune.ts';
import { recordsIn, scratchFolder } from './synthetic.ts';

const cases: readonly (readonly [operator: string, shape: string, trials: number])[] = [
  ['matmul', 'm=64,n=64,k=64', 6],
  ['conv2d', 'n=1,c=3,h=7,w=7,oc=4', 3],
  ['softmax', 'rows=7,cols=33', 3],
  ['reduce_max', 'rows=1,cols=77', 3],
  ['reduce_sum', 'rows=33,cols=1', 3],
  ['elementwise', 'n=1,c=3,h=7,w=7', 3],
];

describe('tuning on SwiftShader', () => {
  it.each(cases)('%s %s: every record is verified', { timeout: 90_000 }, async (operator, shape, trials) => {
    const logFolder = scratchFolder();
    const workload = makeWorkload(operator, { shape });
    const result = await tune({ workload, device: 'swiftshader', trials, logFolder });
    expect(result.trials).toBe(trials);
    const records = await recordsIn(logFolder);
    expect(records.length).toBeGreaterThan(trials);
    for (const record of records) {
      // A kernel of a few microseconds may be too unsteady to time on a busy machine, but it must not be wrong or refused.
      expect(rightOutcomes, record.error).toContain(record.outcome);
      expect(record.verification).toMatchObject({ wrong: 0 });
      expect(record.verification?.checked).toBeGreaterThan(0);
    }
    expect(records.filter(isVerified).length).toBeGreaterThan(0);
    expect(result.best?.timeNs).toBeGreaterThan(0);
    if (operator !== 'matmul') return;
    const again = await runSchedule({ workload, device: 'swiftshader', logFolder, trace: null });
    expect(again.trace).toEqual(result.best?.trace);
    expect(again.result.verification).toMatchObject({ wrong: 0 });
  });
});
