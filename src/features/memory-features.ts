import { level } from '../space/derive/nest.ts';
import { estimateAt as at } from '../space/kernel-estimate.ts';
import type { AccessInfo } from '../space/stage.ts';
import { bankConflict, linesTouched, neighboursAlongX, neighboursAlongY } from './coalescing.ts';
import type { DeviceNumbers } from './device-numbers.ts';
import type { Family, Feature } from './family.ts';
import { bytesPast, type Locality, type NestNumbers, type Use } from './locality.ts';

const whole = [
  [
    'log2 intensity of a load',
    'log2(flop/byte)',
    'arithmetic for each byte fetched, if nothing but registers held operands',
  ],
  ['log2 intensity of a step', 'log2(flop/byte)', 'the same, if a memory held what a workgroup touches in one step'],
  [
    'log2 intensity of a workgroup',
    'log2(flop/byte)',
    'the same, if a memory held what a workgroup touches in its life',
  ],
  ['log2 intensity of a row', 'log2(flop/byte)', 'the same, if a memory held what workgroups next to each other touch'],
  ['log2 intensity of the grid', 'log2(flop/byte)', 'the same, if a memory held all: the ceiling of the workload'],
  ['log2 step in first cache', 'log2', 'bytes touched in one step, of the first cache'],
  ['log2 workgroups in first cache', 'log2', 'bytes the workgroups of a core touch in their lives, of the first cache'],
  [
    'log2 workgroups in second cache',
    'log2',
    'bytes all workgroups running at a time touch in their lives, of the second cache',
  ],
  ['log2 row in second cache', 'log2', 'bytes a row of workgroups touches, of the second cache'],
  ['log2 bytes past first cache', 'log2(bytes)', 'bytes of operands that the first cache is predicted to fetch'],
  ['log2 bytes past second cache', 'log2(bytes)', 'bytes of operands that the second cache is predicted to fetch'],
  ['share past first cache', 'fraction', 'of the bytes asked for'],
  ['share past second cache', 'fraction', 'of the bytes asked for'],
  ['log2 line bytes', 'log2(bytes)', 'lines of memory touched by loads from storage, 32 invocations at a time'],
  [
    'log2 conflict bytes',
    'log2(bytes)',
    'bytes loaded from workgroup memory, each as often as bank conflicts repeat its load',
  ],
  ['idle in loads', 'fraction', 'invocations without an element while a tile is loaded, the worst tile'],
] as const;
const perOperand = [
  ['log2 bytes per line', 'log2(bytes)', 'bytes asked for by 32 neighbours in one load, for each line it touches'],
  ['bank conflict', 'factor', 'by which bank conflicts lengthen loads from workgroup memory; 1 where it is not used'],
  ['log2 bytes of a step', 'log2(bytes)', 'distinct bytes touched by a workgroup in one step'],
  ['log2 reuse in a step', 'log2', 'times a workgroup’s invocations load each byte in one step'],
  ['log2 reuse between steps', 'log2', 'times a workgroup touches each byte, counted by steps'],
  ['log2 reuse between workgroups', 'log2', 'workgroups that touch each byte'],
  [
    'log2 reuse distance',
    'log2(bytes)',
    'bytes touched between two uses of a byte, at the innermost level where it is used again',
  ],
  [
    'served by',
    '1 to 4',
    'memory that serves most of its loads: 1 workgroup memory, 2 first cache, 3 second cache, 4 beyond',
  ],
] as const;
const result = [
  ['log2 bytes per line stored', 'log2(bytes)', 'bytes stored by 32 neighbours at once, for each line they touch'],
  ['log2 result bytes of a workgroup', 'log2(bytes)', 'bytes of results of one workgroup'],
] as const;

const operands = ['first', 'second'] as const;
const feature = ([name, unit, doc]: readonly [string, string, string]): Feature => ({ name, unit, doc });

/** Where operands come from: reuse and its distance at each level, which cache serves it, lines and banks. */
export const memoryFeatures: Family = {
  name: 'memory',
  features: [
    ...whole.map(feature),
    ...operands.flatMap((which) =>
      perOperand.map(([name, unit, doc]) => feature([`${which} operand: ${name}`, unit, doc])),
    ),
    ...result.map(feature),
  ],
  writer: (_tiling, traffic, device) => {
    const { locality, reads } = traffic;
    const { uses, workingSet, moved } = locality;
    const distinct = reads.filter((use) => !use.again);
    const positions = distinct.map((use) => reads.indexOf(use));
    const perLine = new Float64Array(reads.length);
    const conflicts = new Float64Array(reads.length);
    const stored = uses.find((use) => use.read < 0);
    return (estimate, out, offset) => {
      const { resident, running, firstHeld, secondHeld, asked, pastFirst, pastSecond } = traffic;
      const flops = estimate[at.flops] as number;
      const invocations = estimate[at.invocations] as number;
      const lanesX = estimate[at.lanesX] as number;
      const lanesY = estimate[at.lanesY] as number;
      const nx = neighboursAlongX(lanesX);
      const ny = neighboursAlongY(lanesX, lanesY);
      const results = estimate[at.storageWriteBytes] as number;
      let column = offset;
      for (let l: number = level.load; l <= level.grid; l++)
        out[column++] = Math.log2((1 + flops) / ((moved[l] as number) + results));
      out[column++] = Math.log2((workingSet[level.step] as number) / device.firstCacheBytes);
      out[column++] = Math.log2((resident * (workingSet[level.workgroup] as number)) / device.firstCacheBytes);
      out[column++] = Math.log2((running * (workingSet[level.workgroup] as number)) / device.secondCacheBytes);
      out[column++] = Math.log2((workingSet[level.row] as number) / device.secondCacheBytes);
      let lineBytes = 0;
      let conflictBytes = 0;
      let idle = 0;
      for (let u = 0; u < reads.length; u++) {
        const use = reads[u] as Use;
        const nest = locality.numbers[use.nest] as NestNumbers;
        perLine[u] = bytesPerLine(use, nest, nx, ny, invocations, device);
        conflicts[u] = conflictOf(use, nest, nx, ny);
        lineBytes += (use.asked / (perLine[u] as number)) * device.lineBytes;
        conflictBytes += use.staged * (use.moved[level.load] as number) * (conflicts[u] as number);
        const elements = (use.box[level.step] as number) / use.bytes;
        const rounds = Math.ceil(elements / invocations);
        const without = use.staged * (1 - elements / (rounds * invocations));
        idle = Math.max(idle, without);
      }
      out[column++] = Math.log2(1 + pastFirst);
      out[column++] = Math.log2(1 + pastSecond);
      out[column++] = pastFirst / (1 + asked);
      out[column++] = pastSecond / (1 + asked);
      out[column++] = Math.log2(1 + lineBytes);
      out[column++] = Math.log2(1 + conflictBytes);
      out[column++] = idle;
      for (let o = 0; o < operands.length; o++) {
        const use = distinct[o];
        if (use === undefined) {
          out.fill(Number.NaN, column, column + perOperand.length);
          column += perOperand.length;
          continue;
        }
        const [load, step, workgroup, grid] = [
          use.moved[0] as number,
          use.moved[1] as number,
          use.moved[2] as number,
          use.moved[4] as number,
        ];
        const u = positions[o] as number;
        out[column++] = Math.log2(perLine[u] as number);
        out[column++] = conflicts[u] as number;
        out[column++] = Math.log2(1 + (use.box[level.step] as number));
        out[column++] = Math.log2((1 + load) / (1 + step));
        out[column++] = Math.log2((1 + step) / (1 + workgroup));
        out[column++] = Math.log2((1 + workgroup) / (1 + grid));
        out[column++] = Math.log2(1 + reuseDistance(use, locality));
        out[column++] = servedBy(use, firstHeld, secondHeld);
      }
      if (stored === undefined) out.fill(Number.NaN, column, column + result.length);
      else {
        const nest = locality.numbers[stored.nest] as NestNumbers;
        out[column++] = Math.log2(bytesPerLine(stored, nest, nx, ny, invocations, device));
        out[column++] = Math.log2(1 + (stored.box[level.workgroup] as number));
      }
    };
  },
};

/** Bytes between the addresses of invocations that are so many iterations apart. */
function apart(access: AccessInfo, bytes: number, beside: Float64Array): number {
  let distance = 0;
  for (let i = 0; i < beside.length; i++) {
    const stride = access.strides[i] as number;
    if (stride !== 0) distance += stride * (beside[i] as number);
  }
  return Math.abs(distance) * bytes;
}

/** Bytes one load instruction takes: a vector where the innermost dimension moves by single elements. */
function widthOf(use: Use, { vector }: NestNumbers): number {
  const strides = use.access.strides;
  let along = false;
  for (let i = 0; i < strides.length; i++) if (strides[i] === 1) along = true;
  return (along ? (vector[0] as number) : 1) * use.bytes;
}

function bytesPerLine(
  use: Use,
  nest: NestNumbers,
  nx: number,
  ny: number,
  invocations: number,
  { lineBytes }: DeviceNumbers,
): number {
  const width = widthOf(use, nest);
  const direct =
    (nx * ny * width) /
    linesTouched(
      nx,
      apart(use.access, use.bytes, nest.besideX),
      ny,
      apart(use.access, use.bytes, nest.besideY),
      width,
      lineBytes,
    );
  if (use.staged === 0) return direct;
  // A tile is loaded by consecutive invocations along its rows.
  const asked = (invocations > 32 ? 32 : invocations) * width;
  const row = rowBytes(use, nest);
  const inRow = asked > row ? row : asked;
  const together = asked / (Math.ceil(asked / row) * Math.ceil(inRow / lineBytes));
  return use.staged * together + (1 - use.staged) * direct;
}

/** Bytes of a tile that lie next to each other in storage. */
function rowBytes(use: Use, nest: NestNumbers): number {
  const { dimensions } = use.access;
  const last = dimensions[dimensions.length - 1];
  if (last === undefined) return use.bytes;
  const reach = reachOf(use, nest, dimensions.length - 1);
  // Whole rows follow each other.
  return reach >= last.extent ? (use.box[level.step] as number) : reach * use.bytes;
}

/** Elements of a dimension that a step touches. */
function reachOf(use: Use, { boxes }: NestNumbers, d: number): number {
  const dimension = use.access.dimensions[d] as AccessInfo['dimensions'][number];
  if (dimension.opaque) return dimension.extent;
  const { coefficients } = dimension;
  const iters = coefficients.length;
  let reach = 1;
  for (let i = 0; i < iters; i++) {
    const coefficient = coefficients[i] as number;
    if (coefficient !== 0) reach += Math.abs(coefficient) * ((boxes[level.step * iters + i] as number) - 1);
  }
  return reach > dimension.extent ? dimension.extent : reach;
}

function conflictOf(use: Use, nest: NestNumbers, nx: number, ny: number): number {
  if (use.staged === 0) return 1;
  const { dimensions } = use.access;
  let pitch = 1;
  let dx = 0;
  let dy = 0;
  for (let d = dimensions.length - 1; d >= 0; d--) {
    const { coefficients } = dimensions[d] as AccessInfo['dimensions'][number];
    for (let i = 0; i < coefficients.length; i++) {
      const coefficient = coefficients[i] as number;
      if (coefficient === 0) continue;
      dx += coefficient * (nest.besideX[i] as number) * pitch;
      dy += coefficient * (nest.besideY[i] as number) * pitch;
    }
    pitch *= reachOf(use, nest, d) + (d > 0 && d === dimensions.length - 1 ? (nest.padding[0] as number) : 0);
  }
  const words = use.bytes / 4;
  const width = Math.max(1, widthOf(use, nest) / 4);
  const conflict = bankConflict(nx, Math.abs(dx) * words, ny, Math.abs(dy) * words, width);
  return use.staged * conflict + (1 - use.staged);
}

/** More uses of a byte than this count as reuse; fewer may come from tiles that reach over the end. */
const someReuse = 1.5;

function reuseDistance(use: Use, { workingSet }: Locality): number {
  for (let l: number = level.load; l < level.grid; l++) {
    const ratio = (1 + (use.moved[l] as number)) / (1 + (use.moved[l + 1] as number));
    if (Number.isNaN(ratio)) return ratio;
    if (ratio > someReuse) return workingSet[l + 1] as number;
  }
  return workingSet[level.grid] as number;
}

function servedBy(use: Use, firstHeld: number, secondHeld: number): number {
  const open = use.staged + firstHeld + secondHeld + use.asked;
  if (Number.isNaN(open)) return Number.NaN;
  if (use.staged === 1) return 1;
  if (bytesPast(use, firstHeld) < use.asked / 2) return 2;
  return bytesPast(use, secondHeld) < use.asked / 2 ? 3 : 4;
}
