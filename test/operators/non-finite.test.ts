import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseDevice, type Device } from '../../src/device/devices.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { Runner } from '../../src/measure/runner.ts';
import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { encode, expectedAt } from '../../src/operators/inputs.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { rightOutcomes } from '../../src/records/outcome.ts';
import { naiveSchedule, sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { UserError } from '../../src/support/errors.ts';
import { createRandom } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { artifactOf, programOf } from '../../src/tuner/build.ts';
import { legalCandidates } from '../space/candidates.ts';

const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
const constant = (count: number, value: number): number[] => new Array<number>(count).fill(value);
const row = (count: number, special: Readonly<Record<number, number>>): number[] =>
  Array.from({ length: count }, (_, i) => special[i] ?? (i % 7) - 3);

interface Case {
  readonly title: string;
  readonly operator: string;
  readonly shape: Readonly<Record<string, number>>;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** The first elements of the result. */
  readonly starts: readonly number[];
}

const spots = [nan, inf, -inf, 1, -1, 0, 200, -200];
const pointwise = (expression: string, starts: readonly number[]): Case => ({
  title: expression,
  operator: 'elementwise',
  shape: { n: 1, c: 1, h: 2, w: 4 },
  attributes: { expression },
  inputs: { x: spots },
  starts,
});
const reduced = (kind: string, special: readonly number[], starts: readonly number[]): Case => ({
  title: `${kind} of rows of one value each`,
  operator: 'reduce',
  shape: { n: 1, c: special.length, h: 1, w: 33 },
  attributes: { kind, axes: 'w' },
  inputs: { X: special.flatMap((value) => constant(33, value)) },
  starts,
});

/** Cases that once went wrong: a seed in place of a result, a NaN that got lost. */
const cases: readonly Case[] = [
  pointwise('relu(x)', [nan, inf, 0, 1, 0, 0, 200, 0]),
  pointwise('clamp(x, -2, 6)', [nan, 6, -2, 1, -1, 0, 6, -2]),
  pointwise('max(1, min(x, 3))', [nan, 3, 1, 1, 1, 1, 3, 1]),
  pointwise('tanh(x)', [nan, 1, -1]),
  pointwise('sigmoid(x)', [nan, 1, 0]),
  pointwise('exp(x)', [nan, inf, 0]),
  pointwise('log(x)', [nan, inf, nan, 0, nan, -inf]),
  pointwise('sqrt(x)', [nan, inf, nan, 1, nan, 0]),
  pointwise('erf(x)', [nan, 1, -1]),
  pointwise('sign(x)', [nan, 1, -1, 1, -1, 0]),
  pointwise('round(x) + floor(x) - ceil(x)', [nan, nan, nan, 1]),
  pointwise('pow(x, 3)', [nan, inf, -inf, 1, -1, 0]),
  pointwise('pow(x, 0.25)', [nan, inf, inf, 1, nan]),
  pointwise('select(x != x, 7, x)', [7, inf, -inf, 1]),
  pointwise('gelu_erf(x)', [nan, inf]),
  reduced('max', [-inf, inf, nan, -5], [-inf, inf, nan, -5]),
  reduced('min', [inf, -inf, nan, 5], [inf, -inf, nan, 5]),
  reduced('argmax', [-inf, inf, nan, 3], [0, 0, 0, 0]),
  reduced('argmin', [inf, -inf, nan, 3], [0, 0, 0, 0]),
  reduced('log_sum_exp', [-inf, inf, nan, -200], [-inf, inf, nan, Number((-200 + Math.log(33)).toPrecision(6))]),
  reduced('log_sum', [-inf, inf, nan, 0], [nan, inf, nan, -inf]),
  reduced('prod', [-inf, inf, nan, -1], [-inf, inf, nan, -1]),
  reduced('l1', [-inf, inf, nan, -1], [inf, inf, nan, 33]),
  {
    title: 'log_sum_exp of rows with infinities and a NaN among numbers, masked in front',
    operator: 'reduce',
    shape: { n: 1, c: 5, h: 1, w: 40 },
    attributes: { kind: 'log_sum_exp', axes: 'w' },
    inputs: {
      X: [
        ...row(40, { 0: -inf, 3: inf, 21: nan }),
        ...row(40, { 30: inf, 31: -inf }),
        ...row(40, { 39: inf, 38: inf }),
        ...constant(39, -inf),
        nan,
        ...constant(39, -inf),
        5,
      ],
    },
    starts: [nan, inf, inf, nan, 5],
  },
  {
    title: 'prod and a zero beside an infinity',
    operator: 'reduce',
    shape: { n: 1, c: 2, h: 1, w: 8 },
    attributes: { kind: 'prod', axes: 'w' },
    inputs: { X: [...constant(6, 1), inf, 0, ...constant(6, -1), -inf, -1] },
    starts: [nan, inf],
  },
  {
    title: 'argmax of rows with one NaN, or two, among numbers and infinities',
    operator: 'reduce',
    shape: { n: 1, c: 2, h: 1, w: 40 },
    attributes: { kind: 'argmax', axes: 'w' },
    inputs: { X: [...row(40, { 3: inf, 21: nan }), ...row(40, { 30: nan, 31: nan, 5: -inf })] },
    starts: [21, 30],
  },
  {
    title: 'max_pool2d of minus infinities, padded, with a NaN in a corner',
    operator: 'max_pool2d',
    shape: { c: 1, h: 6, w: 6, kh: 3, kw: 3, stride: 2, pad: 1 },
    inputs: { X: [...constant(35, -inf), nan] },
    starts: [-inf, -inf, -inf, -inf, -inf, -inf, -inf, -inf, nan],
  },
  {
    title: 'max_pool2d of minus infinities in ceil_mode, whose last windows reach over the padding',
    operator: 'max_pool2d',
    shape: { c: 1, h: 5, w: 5, kh: 2, kw: 2, stride: 2, pad: 0, ceil_mode: 1 },
    inputs: { X: [...constant(10, -inf), 1, ...constant(10, -inf), 2, nan, 3, -inf] },
    starts: [-inf, -inf, -inf, 1, -inf, -inf, 2, nan, -inf],
  },
  {
    title: 'avg_pool2d padded by name, with a NaN and an infinity',
    operator: 'avg_pool2d',
    shape: { c: 1, h: 4, w: 4, kh: 3, kw: 3, stride: 2 },
    attributes: { auto_pad: 'SAME_UPPER' },
    inputs: { X: row(16, { 3: inf, 15: nan }) },
    starts: [Number((-3 / 9).toPrecision(6)), inf, Number((-1 / 6).toPrecision(6)), nan],
  },
  {
    title: 'matmul of one B for all batches, with a NaN in A and an infinity in B',
    operator: 'matmul',
    shape: { m: 2, n: 3, k: 5 },
    attributes: { batch_a: '2,1', batch_b: '1,2' },
    inputs: { A: row(20, { 6: nan }), B: constant(30, 1).map((one, i) => (i === 16 ? inf : one)) },
    starts: [-5, -5, -5, nan, nan, nan],
  },
  {
    title: 'quantized_matmul whose zero points meet a NaN and an infinite scale',
    operator: 'quantized_matmul',
    shape: { m: 2, n: 3, k: 24, bits: 8, block: 8, zero_points: 1 },
    inputs: {
      A: row(48, { 30: nan }),
      B: constant(18, 0x05050505),
      scales: [inf, ...constant(8, 1)],
      zero_points: [0x04040404, 0x05040404, 0x04],
    },
    starts: [nan, -6, -4, nan, nan, nan],
  },
  {
    title: 'softmax along the middle dimension, with lines that are masked or broken',
    operator: 'softmax',
    shape: {},
    attributes: { shape: '2,9,3', axis: '1' },
    inputs: { X: constant(54, 1).map((one, i) => (i % 3 === 0 && i < 24 ? -inf : i === 31 ? nan : one)) },
    starts: [0, Number((1 / 9).toPrecision(6)), Number((1 / 9).toPrecision(6)), 0],
  },
  {
    title: 'reduce_max of a row with a NaN and a row of minus infinities',
    operator: 'reduce_max',
    shape: { rows: 2, cols: 40 },
    inputs: { X: [...row(40, { 17: nan }), ...constant(40, -inf)] },
    starts: [nan, -inf],
  },
  ...(['softmax', 'log_softmax'] as const).map((operator): Case => {
    const masked = operator === 'softmax' ? 0 : -inf;
    return {
      title: `${operator} of rows that are masked, broken, or nothing but minus infinity`,
      operator,
      shape: { rows: 5, cols: 36 },
      inputs: {
        X: [
          ...row(36, { 0: -inf, 1: -inf, 20: -inf }),
          ...row(36, { 30: nan }),
          ...row(36, { 4: inf }),
          ...constant(36, -inf),
          ...row(36, {}),
        ],
      },
      starts: [masked, masked],
    };
  }),
  {
    title: 'attention whose queries, keys and values hold a NaN and infinities',
    operator: 'attention',
    shape: { b: 1, h: 1, m: 4, n: 6, d: 4, dv: 4, causal: 1 },
    inputs: { Q: row(16, { 2: nan }), K: row(24, { 9: inf, 23: nan }), V: row(24, {}) },
    starts: [nan],
  },
  {
    title: 'attention with a mask that hides some keys of one query, all keys of another, and adds +inf for a third',
    operator: 'attention',
    shape: { b: 1, h: 2, kv_heads: 1, m: 2, n: 5, d: 4, dv: 2 },
    attributes: { mask: '1,h,m,n' },
    inputs: {
      Q: constant(16, 0),
      K: row(20, {}),
      V: row(10, {}),
      M: [...[-inf, 0, -inf, 0, -inf], ...constant(5, -inf), ...[0, inf, 0, 0, 0], ...constant(5, 0)],
    },
    starts: [1, -1.5, nan, nan, nan, nan, -0.4, -0.8],
  },
  {
    title: 'layer_norm of a row with an infinity and a row with a NaN',
    operator: 'layer_norm',
    shape: { rows: 3, cols: 24 },
    inputs: {
      X: [...row(24, { 5: inf }), ...row(24, { 23: nan }), ...row(24, {})],
      gamma: constant(24, 2),
      beta: constant(24, 1),
    },
    starts: [nan],
  },
];

const made = (each: Case) => {
  const { operator, shape, attributes = {} } = each;
  const workload = makeWorkload(operator, { shape, attributes });
  const program = programOf(workload);
  const inputs = Object.fromEntries(
    Object.entries(each.inputs).map(([name, values]) => [name, Float64Array.from(values)]),
  );
  const [output = ''] = program.outputs;
  return { workload, program, inputs, output, expected: expectedAt(workload, inputs, output, null) };
};

describe('references and plain programs', () => {
  it.each(cases)('$title', (each) => {
    const { program, inputs, output, expected } = made(each);
    expect([...expected.subarray(0, each.starts.length)].map((value) => Number(value.toPrecision(6)) + 0)).toEqual(
      each.starts,
    );
    const got = interpret(program, inputs, { rounding: true })[output] as Float64Array;
    for (const [i, want] of expected.entries()) {
      if (Number.isFinite(want)) expect(got[i]).toBeCloseTo(want, 4);
      else expect(got[i]).toBe(want);
    }
  });
});

describe.each(['swiftshader', 'lavapipe'])('kernels on %s', (name) => {
  let device: Device | null = null;
  let runner: Runner | null = null;
  beforeAll(async () => {
    device = await chooseDevice(name).catch((error: unknown) => {
      if (error instanceof UserError) return null;
      throw error;
    });
    if (device === null) return;
    runner = await createDawnRunner({
      device,
      budget: { ...defaultBudget('cpu'), minSamples: 1, maxSamples: 1, minSampleMs: 0 },
    });
  });
  afterAll(() => runner?.close());

  it.for(cases)('$title', { timeout: 120_000 }, async (each, { skip }) => {
    if (runner === null) return void skip(`${name} is not installed`);
    const { program, inputs, output, expected } = made(each);
    const tolerance = 1e-4;
    const dtypes = new Map(program.buffers.map((buffer) => [buffer.name, buffer.dtype]));
    await runner.prepare({
      inputs: program.inputs.map((buffer) => ({
        buffer,
        bytes: encode(inputs[buffer] as Float64Array, dtypes.get(buffer) ?? 'f32'),
      })),
      checks: [
        { buffer: output, positions: null, expected, absoluteTolerance: tolerance, relativeTolerance: tolerance },
      ],
    });
    const sketches = sketchesOf(program, defaultLimits);
    const scheduled = [
      naiveSchedule(program),
      ...sketches.flatMap((sketch) =>
        legalCandidates(sketch, defaultLimits, 1, createRandom(each.title.length)).map((values) =>
          instantiate(sketch, values),
        ),
      ),
    ];
    for (const candidate of scheduled.slice(0, 3)) {
      if (isRefusal(candidate)) throw new Error(candidate.reason);
      const artifact = artifactOf(candidate.program, { limits: defaultLimits });
      const { outcome, error, verification } = await runner.measure({ artifact, bestNs: null });
      expect(rightOutcomes, `${error}\n${artifact.kernels.map(({ wgsl }) => wgsl).join('\n')}`).toContain(outcome);
      expect(verification?.wrong).toBe(0);
    }
  });
});
