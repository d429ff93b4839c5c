import { makeWorkload } from '../../../src/operators/parse-workload.ts';
import { workloadKey } from '../../../src/operators/workload.ts';
import { deviceKey } from '../../../src/records/device-key.ts';
import { createSampler } from '../../../src/search/space/sampling.ts';
import { sketchSpace } from '../../../src/search/space/sketch-space.ts';
import { createRandom } from '../../../src/support/random.ts';
import { programOf } from '../../../src/tuner/build.ts';
import { sketchesFor } from '../../../src/tuner/fits.ts';
import type { LessonGroup } from '../../../src/tuner/learning/lessons.ts';
import { makeDevice } from '../../records/fixtures.ts';

/** Logs of a made device on which small products want one thing and large ones another: candidates at random with times by a formula. */
export function madeGroup(m: number, n: number, candidates = 24): LessonGroup {
  const device = makeDevice();
  const workload = makeWorkload('matmul', { shape: { m, n, k: 16 } });
  const space = sketchSpace(sketchesFor(programOf(workload), device), device);
  const sampler = createSampler(space, createRandom(m + 1000 * n), null);
  const seen = new Set<string>();
  const lessons: LessonGroup['lessons'][number][] = [];
  for (let draw = 0; draw < 40 * candidates && lessons.length < candidates; draw++) {
    const candidate = sampler.any();
    if (candidate === null) break;
    const sketch = space.sketches[candidate.sketch] as (typeof space.sketches)[number];
    const decisions = Object.fromEntries(
      sketch.decisions.map(({ name }, at) => [name, candidate.values[at] as number]),
    );
    const text = JSON.stringify([sketch.name, decisions]);
    if (seen.has(text)) continue;
    seen.add(text);
    lessons.push({ sketch: sketch.name, decisions, timeNs: madeTime(m, sketch.name, decisions) });
  }
  return { workload, workloadKey: workloadKey(workload), device, deviceKey: deviceKey(device), lessons };
}

/** Small rows want few invocations along them, large ones many. */
function madeTime(m: number, sketch: string, decisions: Readonly<Record<string, number>>): number {
  const wanted = m < 32 ? 1 : 8;
  const sizes = Object.entries(decisions).filter(([name]) => name.includes('.i.'));
  const off = sizes.reduce((sum, [, size]) => sum + Math.abs(Math.log2(Math.max(1, size) / wanted)), 0);
  return 1000 * m * (1 + off / 4 + (sketch === 'flat' ? 1 : 0));
}

export const madeGroups = (): readonly LessonGroup[] =>
  [4, 8, 12, 16, 64, 96, 128, 160].map((m) => madeGroup(m, 16 + (m % 3)));
