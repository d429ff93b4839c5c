import { describe, expect, it } from 'vitest';
import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { createExtractor, rowLength } from '../../src/features/extractor.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import type { Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { makeDevice } from '../records/fixtures.ts';
import { legalCandidates, programOfCase } from '../space/candidates.ts';
import { cases, hugeCases } from '../space/cases.ts';

const devices = { cpu: makeDevice(), gpu: makeDevice({ type: 'gpu', environment: {} }) } as const;
type Type = keyof typeof devices;

function sketchOf(operator: string, shape: string, rule: string): Sketch {
  const sketch = sketchesOf(programOfCase({ title: '', operator, wish: { shape } })).find(({ name }) => name === rule);
  if (sketch === undefined) throw new Error(`no sketch ${rule}`);
  return sketch;
}

function scoreOf(type: Type, sketch: Sketch, values: Float64Array): number {
  const row = new Float32Array(rowLength);
  createExtractor(sketch, devices[type]).extract(values, row, 0);
  const score = new Float32Array(1);
  createAnalyticModel(type).score(row, 1, rowLength, score);
  return score[0] as number;
}

/** Decisions by the end of their names; every other one takes its smallest option. */
function choose(sketch: Sketch, wanted: Readonly<Record<string, number>>): Float64Array {
  return Float64Array.from(sketch.decisions, ({ name, options }) => {
    const key = Object.keys(wanted).find((end) => name.endsWith(`.${end}`));
    const value = key === undefined ? (options[0] as number) : (wanted[key] as number);
    expect(options, name).toContain(value);
    return value;
  });
}

const matmul = sketchOf('matmul', 'm=512,n=512,k=512', 'tiled');
const rows = sketchOf('reduce_sum', 'rows=256,cols=1024', 'rows');
const flat = sketchOf('elementwise', 'n=4,c=16,h=32,w=32', 'flat');
const tiled = { 'j.invocations': 16, 'i.invocations': 8, 'j.registers': 4, 'i.registers': 4, 'k.step': 8 };

describe.each(['cpu', 'gpu'] as const)('the analytic model of a %s', (type) => {
  it.each([
    ['a tiled product', matmul, { ...tiled, 'A.workgroup': 1, 'B.workgroup': 1, vector: 4 }],
    ['a reduction shared by 32 lanes', rows, { lanes: 32, tree: 4, vector: 4, rows: 2 }],
    ['an elementwise operator over 64 lanes', flat, { invocations: 64, vector: 4 }],
  ] as const)('prefers %s to one invocation a workgroup and nothing tiled', (_, sketch, good) => {
    expect(scoreOf(type, sketch, choose(sketch, good))).toBeGreaterThan(
      scoreOf(type, sketch, choose(sketch, {})) + 0.5,
    );
  });

  it('prefers one kernel for a softmax to three', () => {
    const workload = { title: '', operator: 'softmax', wish: { shape: 'rows=64,cols=128' } };
    const [fused, apart] = sketchesOf(programOfCase(workload)) as [Sketch, Sketch];
    const best = (sketch: Sketch): number =>
      Math.max(...legalCandidates(sketch, defaultLimits, 200, createRandom(5)).map((v) => scoreOf(type, sketch, v)));
    expect(best(fused)).toBeGreaterThan(best(apart));
  });

  it('scores every prefix of every operator with a finite number', () => {
    for (const workload of [...cases, ...hugeCases]) {
      const random = createRandom(6).fork(workload.title);
      for (const sketch of sketchesOf(programOfCase(workload))) {
        for (const values of legalCandidates(sketch, defaultLimits, 3, random)) {
          for (let depth = 0; depth <= values.length; depth++) {
            const score = scoreOf(type, sketch, values.slice().fill(Number.NaN, depth));
            expect(Number.isFinite(score), `${workload.title} ${sketch.name} at ${depth}`).toBe(true);
          }
        }
      }
    }
  });
});
