import type { Program } from '../../src/ir/nodes.ts';
import { doubleBuffer, loopPartition } from '../../src/schedule/steps.ts';
import { f32MatrixProgram } from '../lowering/matrix-programs.ts';
import { elementwise, fusedConv, naiveMatmul, rowReduction, tiledMatmul } from '../lowering/programs.ts';
import { scheduled } from '../support/schedule.ts';

const tiling = { ty: 4, tx: 4, ry: 2, rx: 4, tk: 4, width: 4 };
/** Interior and edges of a grid as parts of one kernel, each with barriers. */
const parts = scheduled(tiledMatmul(37, 41, 19, tiling), [loopPartition('bx'), loopPartition('by')]);
/** Loading the next tiles while computing with these: one barrier per step. */
const doubled = scheduled(tiledMatmul(32, 32, 32, tiling), [doubleBuffer('A_shared'), doubleBuffer('B_shared')]);

/** Programs whose WGSL is kept under test/golden/wgsl, by file name. */
export const goldenCases: readonly (readonly [name: string, program: Program])[] = [
  ['naive-matmul', naiveMatmul(64, 48, 32)],
  ['naive-matmul-19x7x5-f16', naiveMatmul(19, 7, 5, 8, 'f16')],
  ['tiled-matmul', tiledMatmul(64, 64, 64, { ty: 8, tx: 8, ry: 4, rx: 4, tk: 8, width: 4 })],
  ['tiled-matmul-37x41x19', tiledMatmul(37, 41, 19, tiling)],
  ['double-buffered-matmul', doubled],
  ['partitioned-matmul-37x41x19', parts],
  ['tiled-matmul-padded-rows', tiledMatmul(32, 32, 32, { ty: 4, tx: 8, ry: 2, rx: 4, tk: 8, width: 4, padding: 1 })],
  ['strided-padded-conv', fusedConv()],
  ['row-reduction', rowReduction(5, 200)],
  ['row-maximum', rowReduction(3, 128, 64, 'max')],
  ['elementwise-vec4', elementwise(1000)],
  ['elementwise-cut-f16', elementwise(999, 4, 'f16')],
  ['matrices-emulated', f32MatrixProgram('m=16,n=32,k=16', [1, 2])],
];
