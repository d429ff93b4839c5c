import { describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { naiveOf, programOf } from '../../src/tuner/build.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';

function dataOf(operator: string, shape: string, dtype = 'f32', seed = 1) {
  const workload = makeWorkload(operator, { shape, dtype });
  const program = programOf(workload);
  return { workload, program, ...verificationData(workload, program, seed) };
}

describe('verification data', () => {
  it('holds the inputs in their dtype and whole references while they are cheap', () => {
    for (const [dtype, bytes] of [
      ['f32', 4],
      ['f16', 2],
    ] as const) {
      const { data, checksFor, workload } = dataOf('matmul', 'm=19,n=7,k=5', dtype);
      expect(data.inputs.map(({ buffer, bytes: held }) => [buffer, held.length])).toEqual([
        ['A', 19 * 5 * bytes],
        ['B', 5 * 7 * bytes],
      ]);
      expect(data.checks).toMatchObject([{ buffer: 'C', positions: null, absoluteTolerance: 0, relativeTolerance: 0 }]);
      expect(data.checks[0]?.expected.length).toBe(19 * 7);
      expect(checksFor(naiveOf(workload))).toEqual([]);
    }
  });

  it('is the same for the same seed and other for another', () => {
    const bytes = (seed: number) =>
      dataOf('matmul', 'm=19,n=7,k=5', 'f32', seed).data.inputs.map(({ bytes }) => [...bytes]);
    expect(bytes(1)).toEqual(bytes(1));
    expect(bytes(1)).not.toEqual(bytes(2));
  });

  it('samples large outputs: corners, and for a candidate where its tiles begin and end', () => {
    const { data, checksFor, program } = dataOf('matmul', 'm=601,n=603,k=400');
    const { positions, expected } = data.checks[0] as (typeof data.checks)[number];
    const held = [...(positions as Uint32Array)];
    expect(held.length).toBe(expected.length);
    expect(held.length).toBeGreaterThan(500);
    expect(held).toEqual([...new Set(held)].sort((a, b) => a - b));
    expect(held).toEqual(expect.arrayContaining([0, 601 * 603 - 1]));
    expect(held.filter((at) => at % 603 === 602).length).toBeGreaterThan(10);
    expect(held.filter((at) => Math.floor(at / 603) === 600).length).toBeGreaterThan(10);

    const sketch = sketchesOf(program)[0] as Sketch;
    const tile: Record<string, number> = {
      'matmul.j.invocations': 16,
      'matmul.j.registers': 4,
      'matmul.i.invocations': 8,
    };
    const values = sketch.decisions.map(({ name, options }) => tile[name] ?? (options[0] as number));
    const made = instantiate(sketch, values);
    if (isRefusal(made)) throw new Error(made.message());
    const own = [...((checksFor(made)[0]?.positions ?? []) as Uint32Array)];
    const columns = new Set(own.map((at) => at % 603));
    // Columns are tiled by 64 and 4: first and last of the first tile, of the last tile, and the edge of the image.
    for (const column of [0, 3, 4, 63, 64, 575, 576, 602]) expect(columns).toContain(column);
    expect(own.every((at) => at < 601 * 603)).toBe(true);
    const rows = new Set(own.map((at) => Math.floor(at / 603)));
    for (const row of [0, 7, 8, 599, 600]) expect(rows).toContain(row);
  });

  it('samples also where the tiles of partial sums begin and end', () => {
    const { checksFor, program } = dataOf('matmul', 'm=61,n=63,k=30000');
    const sketch = sketchesOf(program).find(({ splits }) => splits.length > 0) as Sketch;
    const tile: Record<string, number> = { 'matmul_rf.j.invocations': 8, 'matmul_rf.j.registers': 4 };
    const values = sketch.decisions.map(({ name, options }) => tile[name] ?? (options[0] as number));
    const made = instantiate(sketch, values);
    if (isRefusal(made)) throw new Error(made.message());
    const columns = new Set([...((checksFor(made)[0]?.positions ?? []) as Uint32Array)].map((at) => at % 63));
    for (const column of [0, 3, 4, 31, 32, 62]) expect(columns).toContain(column);
  });

  it('is bounded for shapes of any size: in positions, and in what each candidate adds', () => {
    // Millions of cheap elements, and a few expensive ones.
    for (const [operator, shape, most] of [
      ['elementwise', 'n=1,c=1,h=2000,w=2250', 8194],
      ['matmul', 'm=40,n=24,k=300000', 66],
    ] as const) {
      const { data, checksFor, workload } = dataOf(operator, shape);
      const { positions, expected } = data.checks[0] as (typeof data.checks)[number];
      expect(positions, operator).not.toBeNull();
      expect(expected.length).toBeLessThanOrEqual(most);
      expect(expected.length).toBeGreaterThanOrEqual(40);
      const [own] = checksFor(naiveOf(workload));
      expect(own?.expected.length).toBeGreaterThan(0);
      expect(own?.expected.length).toBeLessThanOrEqual(192);
    }
  });

  it('expects the same at the same positions for every candidate', () => {
    const { checksFor, workload, data } = dataOf('matmul', 'm=601,n=603,k=400');
    const naive = naiveOf(workload);
    const told = new Map<number, number>();
    const inputs = data.inputs.map(({ bytes }) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
    const [a, b] = inputs as [Float32Array, Float32Array];
    for (let candidate = 0; candidate < 3; candidate++) {
      const [own] = checksFor(naive);
      own?.positions?.forEach((at, slot) => {
        const [row, column] = [Math.floor(at / 603), at % 603];
        let sum = told.get(at) ?? 0;
        if (!told.has(at)) for (let k = 0; k < 400; k++) sum += (a[row * 400 + k] ?? 0) * (b[k * 603 + column] ?? 0);
        told.set(at, sum);
        expect(own.expected[slot]).toBe(sum);
      });
    }
  });
});
