import { describe, expect, it } from 'vitest';
import type { Reading } from '../../bench/models/gauge.ts';
import { type Measured, meansOf, rowsOf } from '../../bench/models/summary.ts';
import { absences, workloadTable } from '../../bench/models/tables.ts';
import { secondsOf } from '../../bench/models/tuned.ts';
import { channelsFirst, channelsLast, permuted } from '../../bench/peers/layout.ts';
import { runTimesOf } from '../../bench/peers/onnxruntime-profile.ts';

const quiet = { arithmetic: 400, memory: 200 };
const reading = (ns: number, slowdown = 1): Reading => ({
  ns,
  references: { arithmetic: quiet.arithmetic * slowdown, memory: quiet.memory * slowdown },
});
const side = (...ways: readonly (readonly Reading[])[]) => ({
  ways: ways.map((readings, way) => ({ name: `way ${way}`, wrong: null, readings })),
  missing: null,
});
const measured = (kind: string, layer: string, sides: Measured['sides']): Measured => ({
  ...{ model: 'Net', layer, key: layer, workload: layer, kind, day: '2026-11-30', trials: 64, tuningSeconds: 60 },
  ...{ naiveNs: 9000, flops: 2000, bytes: 100, quietNs: quiet, sides },
});
const steady = (ns: number): readonly Reading[] => Array.from({ length: 5 }, () => reading(ns));

describe('the summary', () => {
  it('takes the faster peer, the fastest way of each, and the share of the roofline', () => {
    const [row] = rowsOf(
      [
        measured('convolution', 'a', {
          wgtune: side(steady(1000)),
          onnxruntime: side(steady(6000), steady(3000)),
          tensorflow: side(steady(4000)),
        }),
      ],
      { flopsPerNs: 4, bytesPerNs: 1 },
    );
    expect(row?.peersNs).toEqual({ onnxruntime: 3000, tensorflow: 4000 });
    expect(row?.timesFaster).toBe(3);
    expect(row?.rooflineShare).toBe(0.5);
  });

  it('leaves readings of disturbed moments out, and scales them where there are no others', () => {
    const disturbed = [reading(900), reading(1000), reading(1100), reading(5000, 2), reading(7000, 3)];
    const onlyDisturbed = [reading(4000, 2), reading(4000, 2), reading(6000, 3)];
    const [row] = rowsOf(
      [measured('a', 'a', { wgtune: side(disturbed), onnxruntime: side(onlyDisturbed), tensorflow: side() })],
      null,
    );
    expect(row?.oursNs).toBe(950);
    expect(row?.peersNs).toEqual({ onnxruntime: 2000, tensorflow: null });
    expect(row?.rooflineShare).toBeNull();
  });

  it('knows the quiet machine from all workloads: a side that was never quiet does not take its own moments for it', () => {
    const slow = { arithmetic: 800, memory: 400 };
    const late = { ...measured('a', 'b', { wgtune: side([reading(2000, 2), reading(2000, 2)]) }), quietNs: slow };
    const [, row] = rowsOf([measured('a', 'a', { wgtune: side(steady(1000)) }), late], null);
    expect(row?.oursNs).toBe(1000);
    expect(row?.timesFaster).toBeNull();
  });

  it('takes geometric means per class and over all rows that have a peer, and names the least', () => {
    const rows = rowsOf(
      [
        measured('a', 'one', { wgtune: side(steady(1000)), onnxruntime: side(steady(2000)) }),
        measured('b', 'two', { wgtune: side(steady(1000)), tensorflow: side(steady(500)) }),
        measured('a', 'three', { wgtune: side(steady(1000)), onnxruntime: side(steady(8000)) }),
        measured('c', 'four', { wgtune: side(steady(1000)) }),
      ],
      null,
    );
    expect(meansOf(rows).map(({ kind, count, least, leastOf }) => [kind, count, least, leastOf])).toEqual([
      ['a', 2, 2, 'Net: one'],
      ['b', 1, 0.5, 'Net: two'],
      ['all', 3, 0.5, 'Net: two'],
    ]);
    expect(meansOf(rows).map(({ mean }) => mean)).toEqual([expect.closeTo(4), expect.closeTo(0.5), expect.closeTo(2)]);
    expect(meansOf([])).toEqual([]);
  });

  it('says which peer is missing and why, and leaves its cell empty', () => {
    const wrong = { name: 'Conv', wrong: 'Y[0] is 1, expected 2', readings: [] };
    const rows = rowsOf(
      [
        measured('a', 'one', {
          wgtune: side(steady(1e6)),
          onnxruntime: { ways: [wrong, { name: 'other', wrong: null, readings: steady(3e6) }], missing: null },
          tensorflow: { ways: [], missing: 'has no such operator' },
        }),
      ],
      null,
    );
    expect(absences(rows)).toEqual([
      'Net: one: onnxruntime: Conv: Y[0] is 1, expected 2',
      'Net: one: tensorflow: has no such operator',
    ]);
    const line = workloadTable(rows).split('\n').at(-1) ?? '';
    expect(line.split('|').map((cell) => cell.trim())).toEqual([
      '',
      'Net',
      'one',
      'one',
      '0.009',
      '1.00',
      '3.00',
      '-',
      '3.00',
      '-',
      '60',
      '',
    ]);
  });
});

describe('seconds of tuning', () => {
  it('are from the first trial of a run to the end of its last, added over runs, not the time between runs', () => {
    const record = (run: string, second: number, durationMs: number) => ({
      ...{ run, durationMs, startedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString() },
    });
    const records = [record('a', 5, 1000), record('a', 0, 500), record('b', 50, 2000), record('a', 3, 9000)];
    expect(secondsOf(records)).toBe(12 + 2);
    expect(secondsOf([])).toBe(0);
  });
});

describe("ONNX Runtime's profile", () => {
  const run = (ts: number, dur: number) => ({ cat: 'Session', name: 'model_run', ts, dur });
  const kernel = (name: string, ts: number, dur: number) => ({ cat: 'Api', name, ts, dur });
  const events = [
    kernel('token&Transpose&Transpose', 205, 40),
    kernel('conv&Conv&Conv2dMM', 250, 30),
    run(200, 100),
    run(0, 100),
    { cat: 'Node', name: 'conv_kernel_time', ts: 11, dur: 5 },
    kernel('conv&Conv&Conv2dMM', 10, 50),
    kernel('conv&Conv&Reduce', 70, 5),
  ];

  it('gives the kernels of each run together, without the transpositions that the runtime adds', () => {
    expect(runTimesOf(events, false)).toEqual([55_000, 30_000]);
    expect(runTimesOf(events, true)).toEqual([55_000, 70_000]);
  });

  it('is refused where a run has no kernel: the operator ran elsewhere than on the device', () => {
    expect(() => runTimesOf([run(0, 100)], false)).toThrow('no kernel');
  });
});

describe('layouts', () => {
  it('bring channels to the end and back', () => {
    const image = Float32Array.from({ length: 24 }, (_, at) => at);
    const last = permuted(image, [1, 2, 3, 4], channelsLast(4));
    expect([...last.slice(0, 4)]).toEqual([0, 12, 1, 13]);
    expect(permuted(last, [1, 3, 4, 2], channelsFirst(4))).toEqual(image);
    expect(channelsLast(3)).toEqual([0, 2, 1]);
  });
});
