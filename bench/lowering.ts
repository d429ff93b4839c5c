import { defaultLimits } from '../src/ir/limits.ts';
import type { Program } from '../src/ir/nodes.ts';
import { lowerProgram } from '../src/lowering/lower.ts';
import { explainRefusal, isRefusal } from '../src/support/refusal.ts';
import { emit } from '../src/wgsl/emit.ts';
import { fusedConv, naiveMatmul, rowReduction, tiledMatmul } from '../test/lowering/programs.ts';

/** From a scheduled program to WGSL text, in processor milliseconds on one core: what building a candidate costs before Dawn sees it. */
const cases: readonly (readonly [string, Program])[] = [
  ['naive matmul 512', naiveMatmul(512, 512, 512)],
  ['tiled matmul 512, 4x4 registers', tiledMatmul(512, 512, 512, { ty: 16, tx: 16, ry: 4, rx: 4, tk: 16, width: 4 })],
  ['tiled matmul 512, 8x8 registers', tiledMatmul(512, 512, 512, { ty: 8, tx: 8, ry: 8, rx: 8, tk: 16, width: 4 })],
  ['tiled matmul 509x503x499', tiledMatmul(509, 503, 499, { ty: 8, tx: 8, ry: 4, rx: 4, tk: 8, width: 4 })],
  ['fused convolution', fusedConv()],
  ['row reduction', rowReduction(256, 4096)],
];

for (const [name, program] of cases) {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < 60; round++) {
    const start = process.cpuUsage();
    const lowered = lowerProgram(program, defaultLimits);
    if (isRefusal(lowered)) throw new Error(`${name}: ${explainRefusal(lowered)}`);
    bytes = emit(lowered).kernels.reduce((sum, kernel) => sum + kernel.wgsl.length, 0);
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1] as number;
  console.log(
    `${name.padEnd(34)} median ${median.toFixed(2)} ms  first ${(times[0] as number).toFixed(1)} ms  ${bytes} bytes of WGSL`,
  );
}
