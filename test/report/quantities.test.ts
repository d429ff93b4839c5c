import { describe, expect, it } from 'vitest';
import {
  compareToNaive,
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatThroughput,
  formatTime,
} from '../../src/report/quantities.ts';

it('tells bytes per second where there is less than one operation per byte', () => {
  expect(formatThroughput(0, 16.5e9)).toBe('16.5 GB/s');
  expect(formatThroughput(16.5e9, 1e9)).toBe('16.5 GFLOP/s');
});

describe('quantities', () => {
  it.each([
    [0, '0.00 ns'],
    [812, '812 ns'],
    [999.4, '999 ns'],
    [999.6, '1.00 µs'],
    [4_560_000, '4.56 ms'],
    [13_449_000, '13.4 ms'],
    [9_996_000, '10.0 ms'],
    [1.2e9, '1.20 s'],
    [6e12, '6000 s'],
  ])('%d ns is %s', (ns, text) => {
    expect(formatTime(ns)).toBe(text);
  });

  it.each([
    [921_000_000, '921 MFLOP/s'],
    [16.5e9, '16.5 GFLOP/s'],
    [5, '5.00 FLOP/s'],
  ])('%d a second is %s', (rate, text) => {
    expect(formatRate(rate)).toBe(text);
  });

  it.each([
    [0, '0.0 s'],
    [9_940, '9.9 s'],
    [9_960, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [3_599_600, '1 h 00 min'],
    [7_620_000, '2 h 07 min'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('counts bytes and items', () => {
    expect([0, 1000, 32_768, 1_572_864, 3 * 2 ** 40].map(formatBytes)).toEqual([
      '0 B',
      '1000 B',
      '32 KiB',
      '1.5 MiB',
      '3072 GiB',
    ]);
    expect([0, 999, 1000, 1234567, 1.25e18].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567', '1.3e18']);
  });

  it('says which of two times is the better', () => {
    expect(compareToNaive(1e6, 2.93e6)).toBe('2.93x faster than the naive schedule (2.93 ms)');
    expect(compareToNaive(2e6, 1e6)).toBe('2.00x slower than the naive schedule (1.00 ms)');
    expect(compareToNaive(1e6, 1e6)).toBe('as fast as the naive schedule (1.00 ms)');
  });
});
