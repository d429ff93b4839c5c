import { describe, expect, it } from 'vitest';
import type { DeviceList } from '../../src/device/devices.ts';
import { findOperator, listOperators } from '../../src/operators/catalog.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { formatDeviceList } from '../../src/report/device-list.ts';
import { formatRun, whoseText } from '../../src/report/kernel-report.ts';
import { exampleCommand, formatOperator, formatOperatorList } from '../../src/report/operator-page.ts';
import { noColours } from '../../src/report/terminal.ts';
import { formatTuneSummary } from '../../src/report/tune-summary.ts';
import type { RunResult, TuneResult } from '../../src/tuner/events.ts';
import { device } from './fixtures.ts';

function listOf(...names: string[]): DeviceList {
  return {
    devices: names.map((name) => ({ description: device(name) }) as DeviceList['devices'][number]),
    refused: [{ label: 'radeon_icd.json', reason: 'no GPU it serves is present' }],
    variants: names.includes('lavapipe') ? ['lavapipe-128', 'lavapipe-256'] : [],
  };
}

describe('the list of devices', () => {
  it('marks the default, names variants and says why a driver was refused', () => {
    const text = formatDeviceList(listOf('lavapipe', 'swiftshader'), noColours);
    const [, first, second] = text.split('\n');
    expect(first).toMatch(/^\* {2}lavapipe +cpu +acme\/anvil +256 +16 KiB +no +no +yes +anvil 1\.2$/);
    expect(second).toMatch(/^ {3}swiftshader /);
    expect(text).toContain('lavapipe-128, lavapipe-256: lavapipe told');
    expect(text).toContain('radeon_icd.json: no GPU it serves is present');
    expect(text).not.toContain('Faster devices');
  });

  it('lists the subgroup matrices of devices that have some', () => {
    const plain = device('h200');
    const configs = [{ component: 'f16', result: 'f32', m: 16, n: 8, k: 16 } as const];
    const limits = { ...plain.limits, subgroupMatrix: { orderAs: 'template' as const, configs } };
    const list = {
      ...listOf(),
      devices: [{ description: { ...plain, limits } } as unknown as DeviceList['devices'][number]],
    };
    expect(formatDeviceList(list, noColours)).toContain('h200 has subgroup matrices: 16x8x16 of f16 into f32');
    expect(formatDeviceList(listOf('lavapipe'), noColours)).not.toContain('matrices');
  });

  it('tells how to get a faster device where only SwiftShader is', () => {
    expect(formatDeviceList(listOf('swiftshader'), noColours)).toContain('README.md, "Faster devices"');
    expect(formatDeviceList(listOf(), noColours)).toMatch(/^no WebGPU device can be used here\n\ndrivers/);
  });
});

describe('operators', () => {
  it('are listed with their summaries', () => {
    const text = formatOperatorList(listOperators(), noColours);
    const lines = text.split('\n').map((line) => line.replace(/ {2,}/, ': '));
    for (const { name, summary } of listOperators()) expect(lines).toContain(`${name}: ${summary}`);
  });

  it('show every parameter with its default and range', () => {
    const text = formatOperator(findOperator('conv2d'), noColours);
    expect(text).toMatch(/^stride +1 +1 or more +step between windows, both directions$/m);
    expect(formatOperator(findOperator('matmul'), noColours)).toMatch(/^transpose_a +0 +0 or 1 +A is stored/m);
  });

  it.each(listOperators().map((operator) => operator.name))('the example of %s is a valid command', (name) => {
    const words: readonly string[] = exampleCommand(findOperator(name)).match(/'[^']*'|\S+/g) ?? [];
    const shape = words[words.indexOf('-s') + 1] ?? '';
    const attr = words.includes('--attr') ? (words[words.indexOf('--attr') + 1] ?? '').slice(1, -1) : null;
    const [key = '', value = ''] = attr?.split('=') ?? [];
    expect(makeWorkload(name, { shape, ...(attr === null ? {} : { attributes: { [key]: value } }) })).toEqual(
      makeWorkload(name),
    );
  });
});

const workload = makeWorkload('matmul', { shape: 'm=16,n=16,k=16' });

describe('the summary of a tuning run', () => {
  const result: TuneResult = {
    workload,
    device: device('anvil'),
    best: {
      trace: { version: 1, steps: [] },
      sketch: 'tiled',
      decisions: { step: 4, vector: 2 },
      timeNs: 4_560_000,
      packNs: null,
      record: 'run#3',
    },
    bestFromLog: false,
    naiveNs: 13_400_000,
    peaks: null,
    drift: { remeasured: 0, drifted: 0, worst: null },
    disturbance: null,
    race: null,
    builtAhead: null,
    speedup: 2.93,
    flopsPerSecond: 0.92e9,
    bytesPerSecond: 0.1e9,
    trials: 12,
    packing: null,
    reuse: null,
    learning: null,
    outcomes: { 'wrong-answer': 2, ok: 11 },
    pruned: {
      looked: 2494,
      reasons: [
        { reason: 'invocations', count: 200, depths: [0, 0, 150, 50] },
        { reason: 'workgroup-memory', count: 77, depths: [0, 0, 0, 7, 60, 1, 4, 5] },
      ],
      judged: 1600,
      cut: [
        { reason: 'outscored', count: 1500, depths: [0, 0, 1000, 500] },
        { reason: 'no-completion', count: 3, depths: [0, 0, 3] },
      ],
      deaths: [
        { depth: 5, reason: 'step-not-divided', count: 2 },
        { depth: 7, reason: 'code-size', count: 1 },
      ],
    },
    elapsedMs: 72_000,
    spentMs: { measure: 60_000, propose: 8000, fit: 4000 },
    stoppedBy: 'time',
    search: 'beam',
    model: 'xgboost',
    seed: 1,
    logPath: 'tuning-logs/run.jsonl',
    logFolder: 'tuning-logs',
  };

  it('tells what was found, against what, at what cost and where it is', () => {
    const text = formatTuneSummary(result, 64, ['wgtune show matmul --as wgsl'], noColours);
    expect(text.split('\n')).toEqual([
      'matmul b=1 m=16 n=16 k=16 transpose_a=0 transpose_b=0 f32 on anvil',
      'best      4.56 ms  920 MFLOP/s  2.94x faster than the naive schedule (13.4 ms)',
      'schedule  tiled: step=4 vector=2',
      'trials    12 of 64 in 1 min 12 s, stopped by the time limit',
      'outcomes  11 ok, 2 wrong-answer (1 of them for the comparison with the naive schedule)',
      'pruned    277 of 2,494 prefixes refused before building: 200 invocations, 77 workgroup-memory; most of them 150 at decision 2, 57 at 3, 60 at 4, 4 at 6, 5 at 7',
      'cut       1,503 of 1,600 legal prefixes in beams: 1,500 outscored (1,000 at decision 2, 500 at 3), 3 without a legal completion (3 at decision 2)',
      'beam      died 3 times and went on wider, a decision before: 2 at decision 5 (step-not-divided), 1 at decision 7 (code-size)',
      'time      1 min 00 s measuring, 8.0 s searching (beam), 4.0 s learning (xgboost)',
      'log       tuning-logs/run.jsonl',
      '',
      'next',
      '  wgtune show matmul --as wgsl',
    ]);
  });

  it('says what was reused of other devices and what it gave', () => {
    const told = (reuse: TuneResult['reuse']): string | undefined =>
      formatTuneSummary({ ...result, reuse }, 64, [], noColours)
        .split('\n')
        .find((line) => line.startsWith('reused'));
    expect(told({ devices: ['anvil-2', 'forge'], measured: 5, unfit: 2, bestNs: 6_700_000 })).toBe(
      'reused    5 schedules of anvil-2, forge (2 more do not fit this device): the fastest takes 6.70 ms here, 2.00x over naive; the best is 1.47x faster',
    );
    expect(told({ devices: ['forge'], measured: 1, unfit: 0, bestNs: 4_560_000 })).toBe(
      'reused    1 schedule of forge: the fastest takes 4.56 ms here, 2.94x over naive; nothing faster was found since',
    );
    expect(told({ devices: ['forge'], measured: 2, unfit: 0, bestNs: null })).toBe(
      'reused    2 schedules of forge: none gave a right answer and a steady time here',
    );
  });

  it('does not pretend where nothing was right, nothing measured, or the best is old', () => {
    const none = formatTuneSummary(
      { ...result, best: null, flopsPerSecond: null, outcomes: {}, logPath: null, stoppedBy: 'interrupted' },
      64,
      [],
      noColours,
    );
    expect(none).toContain('best      none: no kernel was tried');
    expect(none).toContain('12 of 64 in 1 min 12 s, interrupted');
    expect(none).toContain('outcomes  none');
    expect(none).toContain('nothing new to record in tuning-logs');
    expect(none).not.toContain('next');
    expect(formatTuneSummary({ ...result, bestFromLog: true }, 64, [], noColours)).toContain('found by an earlier run');
  });
});

describe('the report of a run', () => {
  const run: RunResult = {
    workload,
    device: device('anvil'),
    trace: { version: 1, steps: [] },
    artifact: { buffers: [], kernels: [] },
    flopsPerSecond: 1e9,
    bytesPerSecond: 1e8,
    known: null,
    nearest: null,
    result: {
      outcome: 'ok',
      error: '',
      samplesNs: [1.0e6, 1.1e6, 1.2e6, 1.3e6, 2e6],
      medianNs: 1.2e6,
      relative: null,
      references: null,
      clock: 'timestamp',
      stoppedEarly: false,
      verification: { checked: 256, wrong: 0, maxError: 0 },
      phasesMs: { build: 1, verify: 1, time: 1, total: 3 },
    },
  };

  it('has the verification, the median and the spread', () => {
    expect(formatRun(run, 'naive', noColours).split('\n').slice(1)).toEqual([
      'schedule  naive',
      'outcome   ok',
      'verified  256 outputs compared, all right (exact)',
      'time      1.20 ms (median)  1.00 GFLOP/s',
      "spread    1.00 ms to 2.00 ms in 5 samples, the middle half within 16.7% of the median, by the device's clock",
    ]);
  });

  it('says how wrong a wrong answer is', () => {
    const wrong = { checked: 256, wrong: 3, maxError: 2.5 };
    const failed = {
      ...run.result,
      outcome: 'wrong-answer' as const,
      medianNs: null,
      samplesNs: [],
      verification: wrong,
    };
    const text = formatRun({ ...run, result: failed, flopsPerSecond: null }, 'naive', noColours);
    expect(text).toContain('outcome   wrong-answer');
    expect(text).toContain('256 outputs compared, 3 wrong (largest difference 2.5)');
    expect(text).not.toContain('median');
  });
});

it('whoseText never passes off another device as this one', () => {
  const there = device('anvil-2');
  expect(whoseText({ whose: 'same-device', device: there, differs: [] })).toBe('this device (anvil-2)');
  expect(whoseText({ whose: 'same-architecture', device: there, differs: ['driver', 'profile'] })).toBe(
    'this hardware, set up otherwise: anvil-2 (anvil 1.2, browser), which differs in driver, profile',
  );
  // The same driver in software on another processor.
  expect(whoseText({ whose: 'same-architecture', device: there, differs: ['driver', 'environment'] })).toBe(
    'another device of the same architecture: anvil-2 (anvil 1.2, browser), which differs in driver, environment',
  );
  expect(whoseText({ whose: 'other-device', device: there, differs: ['vendor'] })).toBe(
    'another device: anvil-2 (anvil 1.2, browser)',
  );
  expect(whoseText({ whose: 'other-device', device: { ...there, name: '\u001b[2Jx' }, differs: [] })).not.toContain(
    '\u001b',
  );
});
