/** Numbers as people read them: three significant digits and a unit that fits. */

/** `812 ns`, `4.56 ms`, `1.20 s`. */
export function formatTime(ns: number): string {
  return withUnit(ns, ['ns', 'µs', 'ms', 's']);
}

/** `921 MFLOP/s`, `16.5 GFLOP/s`. */
export function formatRate(flopsPerSecond: number): string {
  return withUnit(flopsPerSecond, ['FLOP/s', 'kFLOP/s', 'MFLOP/s', 'GFLOP/s', 'TFLOP/s', 'PFLOP/s']);
}

/**
 * The rate that says how near a kernel is to what the device can do: bytes per second, inputs and outputs counted once each, where there is
 * less than one operation per byte (copies, elementwise operators, matrix times vector), else operations per second.
 */
export function formatThroughput(flopsPerSecond: number, bytesPerSecond: number): string {
  if (flopsPerSecond >= bytesPerSecond) return formatRate(flopsPerSecond);
  return withUnit(bytesPerSecond, ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s', 'PB/s']);
}

/** `32 KiB`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A stretch of wall time: `0.4 s`, `42 s`, `3 min 05 s`, `2 h 07 min`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  // 9.96 s would print as 10.0 s, while longer times print as 10 s.
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** `1,234,567`; beyond what a number counts exactly `1.2e+18`. */
export function formatCount(count: number): string {
  return Number.isSafeInteger(count)
    ? String(count).replace(/\B(?=(\d{3})+$)/g, ',')
    : count.toExponential(1).replace('+', '');
}

/** How a time compares with that of the naive schedule: `2.93x faster than the naive schedule (13.4 ms)`. */
export function compareToNaive(timeNs: number, naiveNs: number): string {
  const naive = `the naive schedule (${formatTime(naiveNs)})`;
  if (timeNs === naiveNs) return `as fast as ${naive}`;
  const faster = naiveNs / timeNs;
  return faster > 1
    ? `${formatFactor(faster)} faster than ${naive}`
    : `${formatFactor(1 / faster)} slower than ${naive}`;
}

/** `2.93x`, `14.1x`, `210x`. */
export function formatFactor(factor: number): string {
  return `${threeDigits(factor)}x`;
}

function withUnit(amount: number, units: readonly string[]): string {
  let value = amount;
  let unit = 0;
  // 999.5 would round to 1000, which belongs to the next unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${threeDigits(value)} ${units[unit]}`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
