import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import { sketchSpace } from '../../src/search/space/sketch-space.ts';
import { createRandomSearch } from '../../src/search/strategies/random.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { buildArtifact, naiveOf, programOf } from '../../src/tuner/build.ts';
import { makeDevice, makeRecord } from '../records/fixtures.ts';

const workloads = [
  makeWorkload('matmul', { shape: 'm=9,n=16,k=13', attributes: { epilogue: 'relu(x + bias)' } }),
  makeWorkload('softmax', { shape: 'rows=5,cols=37' }),
  makeWorkload('conv2d', { shape: 'c=3,h=7,w=7,oc=4' }),
  makeWorkload('elementwise', { shape: 'n=100', attributes: { expression: 'gelu(x)' } }),
];

/** Lines as today's tuner writes them: schedules of real spaces, naive ones among them, whose kernels build. */
export function donorLines(): readonly string[] {
  const device = makeDevice();
  return workloads.flatMap((workload) => {
    const program = programOf(workload);
    const space = sketchSpace(sketchesOf(program), device);
    const candidates = createRandomSearch(space, 1).propose(6);
    const searched = candidates.flatMap(({ sketch: index, values }): TuningRecord[] => {
      const sketch = space.sketches[index] as (typeof space.sketches)[number];
      const scheduled = instantiate(sketch, values);
      if (isRefusal(scheduled) || isRefusal(buildArtifact(scheduled.program, device))) return [];
      const decisions = Object.fromEntries(sketch.decisions.map(({ name }, at) => [name, values[at] as number]));
      return [makeRecord({ workload, sketch: sketch.name, decisions, trace: plain(scheduled.trace) })];
    });
    const { trace } = naiveOf(workload);
    const naive = makeRecord({
      workload,
      origin: 'baseline',
      search: null,
      sketch: null,
      decisions: {},
      trace: plain(trace),
    });
    return [naive, ...searched].map((record) => JSON.stringify(record));
  });
}

function plain(trace: unknown): TuningRecord['trace'] {
  return JSON.parse(JSON.stringify(trace)) as TuningRecord['trace'];
}
