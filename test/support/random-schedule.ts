import type { Buffer, For, Program, Stmt } from '../../src/ir/nodes.ts';
import { blocksOf, readsOf, walkStmt } from '../../src/ir/visit.ts';
import { allBlocks, type BlockSite, loopNames, readersOf, writersOf } from '../../src/schedule/legality/find.ts';
import { applyStep } from '../../src/schedule/replay.ts';
import type { Trace, TraceStep } from '../../src/schedule/trace.ts';
import type { Random } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { linear } from './linear.ts';
import { weightedMean } from './weighted-mean.ts';

/** A small workload, at whose plain program walks begin. About half of the sizes divide by nothing; 1 is among them. */
export interface SmallWorkload {
  readonly operator: string;
  readonly shape: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export function randomWorkload(random: Random, largest = 9): SmallWorkload {
  const size = (): number => 1 + random.below(largest);
  const flag = (): number => random.below(2);
  const of = (operator: string, shape: string, attributes = {}): SmallWorkload => ({ operator, shape, attributes });
  switch (random.below(14)) {
    case 0:
    case 1: {
      const transposes = `transpose_a=${flag()},transpose_b=${flag()}`;
      const constant = random.pick([{}, { constant: 'B' }, { constant: 'A,B' }]);
      return of('matmul', `b=${1 + random.below(2)},m=${size()},n=${size()},k=${size()},${transposes}`, constant);
    }
    case 2: {
      const groups = 1 + random.below(2);
      const channels = `c=${groups * (1 + random.below(2))},oc=${groups * (1 + random.below(2))},groups=${groups}`;
      const window = `kh=${1 + random.below(2)},kw=${1 + random.below(3)},stride=${1 + random.below(2)},pad=${flag()}`;
      return of('conv2d', `n=1,${channels},h=${2 + random.below(4)},w=${3 + random.below(3)},${window}`, {
        constant: random.pick(['', 'W']),
      });
    }
    case 3:
      return of('reduce_sum', `rows=${size()},cols=${size()},axis=${flag()}`);
    case 4:
      return of('reduce_max', `rows=${size()},cols=${size()},axis=${flag()}`);
    case 5:
      return of('softmax', `rows=${size()},cols=${size()}`);
    case 6:
      return of('layer_norm', `rows=${size()},cols=${size()}`);
    case 7:
      return of('reduce', `n=1,c=${size()},h=${1 + random.below(3)},w=${size()}`, {
        kind: random.pick(['argmax', 'argmin']),
        axes: random.pick(['w', 'c', 'c,w']),
      });
    case 8:
      return of(linear.name, `m=${size()},n=${size()},k=${size()}`);
    case 9:
    case 10:
      return of(weightedMean.name, `r=${1 + random.below(3)},k=${size()},c=${1 + random.below(3)}`);
    case 11:
    case 12: {
      const channels = `c=${1 + random.below(2)},oc=${1 + random.below(2)}`;
      return of('conv2d', `n=1,${channels},h=${3 + random.below(3)},w=${3 + random.below(3)},kh=3,kw=3,pad=${flag()}`, {
        constant: random.pick(['', 'W']),
      });
    }
    default:
      return of('elementwise', `n=1,c=${1 + random.below(3)},h=${size()},w=${size()}`, {
        expression: 'x * y + x',
        y: '1,c,1,w',
      });
  }
}

type Proposal = (program: Program, random: Random) => TraceStep | null;

const anyLoop = (program: Program, random: Random): string => random.pick(loopNames(program));
const anyBlock = (program: Program, random: Random): BlockSite => random.pick(allBlocks(program));

/** Primitives with the arguments a person might try: plausible, by no means always legal. A name repeated is proposed more often. */
const proposals: readonly (readonly [primitive: string, propose: Proposal])[] = [
  ['split', proposeSplit],
  ['split', proposeSplit],
  ['split', proposeSplit],
  ['fuse', proposeFuse],
  ['fuse', proposeFuse],
  ['reorder', proposeReorder],
  ['reorder', proposeReorder],
  ['bind', proposeBind],
  ['bind', proposeBind],
  ['loopPartition', proposePartition],
  ['unroll', (program, random) => ({ primitive: 'unroll', args: { loop: anyLoop(program, random) } })],
  ['vectorize', (program, random) => ({ primitive: 'vectorize', args: { loop: anyLoop(program, random) } })],
  ['subgroupMatrix', proposeMatrix],
  ['subgroupMatrix', proposeMatrix],
  ['cacheRead', proposeCacheRead],
  ['cacheRead', proposeCacheRead],
  ['reindex', proposeReindex],
  ['cacheWrite', proposeCacheWrite],
  ['cacheWrite', proposeCacheWrite],
  ['setScope', proposeSetScope],
  ['storageAlign', proposeStorageAlign],
  ['transformLayout', proposeTransformLayout],
  ['doubleBuffer', proposeDoubleBuffer],
  ['doubleBuffer', proposeDoubleBuffer],
  ['computeAt', proposeComputeAt],
  ['computeAt', proposeComputeAt],
  ['computeAt', proposeComputeAt],
  ['reverseComputeAt', proposeReverseComputeAt],
  ['reverseComputeAt', proposeReverseComputeAt],
  ['reverseComputeAt', proposeReverseComputeAt],
  ['computeInline', (program, random) => inlineOf(anyBlock(program, random))],
  ['reverseComputeInline', proposeReverseInline],
  ['reverseComputeInline', proposeReverseInline],
  ['decomposeReduction', proposeDecompose],
  ['rfactor', proposeRfactor],
  ['mergeReductions', proposeMerge],
  ['mergeReductions', proposeMerge],
  ['rfactorSoftmax', proposeRfactorSoftmax],
  ['rfactorSoftmax', proposeRfactorSoftmax],
  ['rfactorSoftmax', proposeRfactorSoftmax],
  ['rfactorSoftmax', proposeRfactorSoftmax],
  ['winograd', proposeWinograd],
  ['winograd', proposeWinograd],
  ['winograd', proposeWinograd],
  ['winograd', proposeWinograd],
  ['pad', proposePad],
  ['pack', proposePack],
  ['fuseIters', proposeFuseIters],
  ['fuseIters', proposeFuseIters],
  ['rfactor', proposeRfactor],
];

/** One random step; its primitive is drawn first, so that rare ones are not drowned by those with many possible arguments. */
export function randomStep(program: Program, random: Random): TraceStep | null {
  const [, propose] = random.pick(proposals);
  return propose(program, random);
}

export interface Walk {
  readonly program: Program;
  readonly trace: Trace;
  /** Steps that were proposed and refused. */
  readonly refused: number;
}

/** A random legal schedule: proposes random steps and keeps those that are accepted, until `length` are or too many were refused. */
export function randomWalk(
  plain: Program,
  random: Random,
  length: number,
  onStep: (program: Program, steps: readonly TraceStep[]) => void = () => {},
): Walk {
  let program = plain;
  const steps: TraceStep[] = [];
  let refused = 0;
  for (let tries = 0; tries < length * 4 && steps.length < length; tries++) {
    const step = randomStep(program, random);
    if (step === null) continue;
    const next = applyStep(program, step);
    if (isRefusal(next)) {
      refused++;
      continue;
    }
    program = next;
    steps.push(step);
    onStep(program, steps);
  }
  return { program, trace: { version: 1, steps }, refused };
}

function proposeSplit(program: Program, random: Random): TraceStep {
  const factor = (): number => 1 + random.below(5);
  const patterns: (() => (number | null)[])[] = [
    () => [null, factor()],
    () => [null, factor()],
    () => [factor(), null],
    () => [null, factor(), factor()],
    () => [factor(), factor(), factor()],
  ];
  return { primitive: 'split', args: { loop: anyLoop(program, random), factors: random.pick(patterns)() } };
}

/** Partitions where the guards suggest it, or anywhere. Every partition doubles a nest, so a program that is already long is left alone. */
function proposePartition(program: Program, random: Random): TraceStep | null {
  if (blocksOf(program).length > 8) return null;
  const loop = random.pick(loopsOf(program));
  const at = random.below(2) === 0 ? {} : { at: 1 + random.below(Math.max(1, loop.extent - 1)) };
  return { primitive: 'loopPartition', args: { loop: loop.name, ...at } };
}

function loopsOf(program: Program): For[] {
  const loops: For[] = [];
  for (const stmt of program.body) {
    walkStmt(stmt, (node) => {
      if (node.kind === 'for') loops.push(node);
    });
  }
  return loops;
}

/** A loop and the loops directly and alone inside it. */
function chainFrom(loop: For): For[] {
  const chain: For[] = [];
  for (let stmt: Stmt = loop; stmt.kind === 'for'; stmt = stmt.body) chain.push(stmt);
  return chain;
}

function proposeFuse(program: Program, random: Random): TraceStep | null {
  const chain = chainFrom(random.pick(loopsOf(program)));
  if (chain.length < 2) return null;
  const count = 2 + random.below(Math.min(2, chain.length - 1));
  return { primitive: 'fuse', args: { loops: chain.slice(0, count).map((loop) => loop.name) } };
}

function proposeReorder(program: Program, random: Random): TraceStep | null {
  const chain = chainFrom(random.pick(loopsOf(program)));
  if (chain.length < 2) return null;
  const names = random.shuffled(chain.map((loop) => loop.name));
  return { primitive: 'reorder', args: { loops: names.slice(0, 2 + random.below(names.length - 1)) } };
}

function proposeBind(program: Program, random: Random): TraceStep {
  const to = `${random.pick(['workgroup', 'invocation', 'invocation'])}.${random.pick(['x', 'y', 'z'])}`;
  return { primitive: 'bind', args: { loop: anyLoop(program, random), to } };
}

/** Takes the innermost loops of a block, where there are two or three. */
function proposeMatrix(program: Program, random: Random): TraceStep | null {
  const inner = loopsOf(program).filter((loop) => [2, 3].includes(chainFrom(loop).length));
  return inner.length === 0 ? null : { primitive: 'subgroupMatrix', args: { loop: random.pick(inner).name } };
}

function proposeCacheRead(program: Program, random: Random): TraceStep | null {
  const { block } = anyBlock(program, random);
  const buffers = [...new Set(readsOf(block).map((read) => read.buffer))];
  if (buffers.length === 0 || blocksOf(program).length > 6) return null;
  const scope = random.pick(['workgroup', 'private']);
  return { primitive: 'cacheRead', args: { block: block.name, buffer: random.pick(buffers), scope } };
}

function proposeReindex(program: Program, random: Random): TraceStep | null {
  const step = proposeCacheRead(program, random);
  return step === null ? null : { ...step, primitive: 'reindex' };
}

/** Takes iters of a block that stand side by side: most others are refused. */
function proposeFuseIters(program: Program, random: Random): TraceStep | null {
  const { block } = anyBlock(program, random);
  if (block.iters.length < 2) return null;
  const first = random.below(block.iters.length - 1);
  const iters = block.iters.slice(first, first + 2 + random.below(2)).map((iter) => iter.name);
  return { primitive: 'fuseIters', args: { block: block.name, iters } };
}

function proposeCacheWrite(program: Program, random: Random): TraceStep | null {
  if (blocksOf(program).length > 6) return null;
  const scope = random.pick(['workgroup', 'private']);
  return { primitive: 'cacheWrite', args: { block: anyBlock(program, random).block.name, scope } };
}

function proposeSetScope(program: Program, random: Random): TraceStep {
  const scope = random.pick(['workgroup', 'private']);
  return { primitive: 'setScope', args: { buffer: random.pick(program.buffers).name, scope } };
}

function proposeStorageAlign(program: Program, random: Random): TraceStep | null {
  const near = program.buffers.filter((buffer) => buffer.scope === 'workgroup');
  if (near.length === 0) return null;
  return { primitive: 'storageAlign', args: { buffer: random.pick(near).name, padding: 1 + random.below(4) } };
}

/** Takes a tile that its reader's loops share or, where there is none, a step towards one: random steps alone would hardly make it. */
function proposeDoubleBuffer(program: Program, random: Random): TraceStep | null {
  const copies = allBlocks(program).flatMap((writer) =>
    writer.block.writes.flatMap(({ buffer }) =>
      program.buffers.some(({ name, scope }) => name === buffer && scope === 'workgroup')
        ? readersOf(program, buffer).map((reader) => ({ buffer, writer, reader }))
        : [],
    ),
  );
  const tiles = copies.filter(({ writer, reader }) => writer.around.some((loop) => reader.around.includes(loop)));
  if (tiles.length > 0 && random.below(4) > 0)
    return { primitive: 'doubleBuffer', args: { buffer: random.pick(tiles).buffer } };
  if (copies.length === 0) return proposeCacheRead(program, random);
  const { writer, reader } = random.pick(copies);
  const loops = reader.around.slice(1);
  if (loops.length === 0) return null;
  return { primitive: 'computeAt', args: { block: writer.block.name, loop: random.pick(loops).name } };
}

function proposeTransformLayout(program: Program, random: Random): TraceStep | null {
  const between = program.buffers.filter(({ name }) => ![...program.inputs, ...program.outputs].includes(name));
  return between.length === 0 ? null : proposeLayout('transformLayout', random.pick(between), random);
}

function proposePack(program: Program, random: Random): TraceStep {
  const input = random.pick(program.constants ?? program.inputs);
  return proposeLayout('pack', program.buffers.find(({ name }) => name === input) as Buffer, random);
}

function proposeLayout(primitive: string, { name, shape }: Buffer, random: Random): TraceStep {
  const blocks = shape.map((extent) => (random.below(3) === 0 && extent > 1 ? 2 + random.below(extent - 1) : null));
  const count = blocks.reduce<number>((sum, block) => sum + (block === null ? 1 : 2), 0);
  const order = random.shuffled(Array.from({ length: count }, (_, i) => i));
  return { primitive, args: { buffer: name, blocks, order } };
}

function proposeComputeAt(program: Program, random: Random): TraceStep | null {
  const { block } = anyBlock(program, random);
  const written = block.writes[0]?.buffer;
  const readers = written === undefined ? [] : readersOf(program, written);
  const loops = readers.length === 0 ? [] : random.pick(readers).around;
  if (loops.length === 0) return null;
  return { primitive: 'computeAt', args: { block: block.name, loop: random.pick(loops).name } };
}

function proposeReverseComputeAt(program: Program, random: Random): TraceStep | null {
  const { block } = anyBlock(program, random);
  const made = readsOf(block).flatMap((read) => writersOf(program, read.buffer));
  const loops = made.length === 0 ? [] : random.pick(made).around;
  if (loops.length === 0) return null;
  return { primitive: 'reverseComputeAt', args: { block: block.name, loop: random.pick(loops).name } };
}

function inlineOf(site: BlockSite): TraceStep {
  return { primitive: 'computeInline', args: { block: site.block.name } };
}

/** Takes a block that reads the result of another: most others are refused. */
function proposeReverseInline(program: Program, random: Random): TraceStep | null {
  const sites = allBlocks(program).filter(
    ({ block }) => block.reducer === null && readsOf(block).some((read) => writersOf(program, read.buffer).length > 0),
  );
  if (sites.length === 0) return null;
  return { primitive: 'reverseComputeInline', args: { block: random.pick(sites).block.name } };
}

function proposePad(program: Program, random: Random): TraceStep | null {
  if (blocksOf(program).length > 5) return null;
  const { block } = anyBlock(program, random);
  if (block.iters.length === 0) return null;
  const args = { block: block.name, iter: random.pick(block.iters).name, multiple: 2 + random.below(4) };
  return { primitive: 'pad', args };
}

function proposeOver(primitive: string, program: Program, random: Random): TraceStep | null {
  const reductions = allBlocks(program).filter((site) => site.block.reducer !== null && site.around.length > 0);
  if (reductions.length === 0) return null;
  const { block, around } = random.pick(reductions);
  return { primitive, args: { block: block.name, loop: random.pick(around).name } };
}

/** Takes two reductions in their order; most programs have none, or none that can be merged. */
function proposeMerge(program: Program, random: Random): TraceStep | null {
  const reductions = allBlocks(program).filter((site) => site.block.reducer !== null);
  if (reductions.length < 2) return null;
  const at = random.below(reductions.length - 1);
  const [first, second] = reductions.slice(at, at + 2).map(({ block }) => block.name);
  return { primitive: 'mergeReductions', args: { first, second } };
}

/** Takes the last three reductions; only those of weighted_mean will do. */
function proposeWinograd(program: Program, random: Random): TraceStep {
  return { primitive: 'winograd', args: { block: anyBlock(program, random).block.name, outputs: random.pick([2, 4]) } };
}

function proposeRfactorSoftmax(program: Program, random: Random): TraceStep | null {
  const reductions = allBlocks(program).filter((site) => site.block.reducer !== null);
  const [maximum, sum, weighted] = reductions.slice(-3).map(({ block }) => block.name);
  return { primitive: 'rfactorSoftmax', args: { maximum, sum, weighted, length: 1 + random.below(6) } };
}

function proposeDecompose(program: Program, random: Random): TraceStep | null {
  return proposeOver('decomposeReduction', program, random);
}

function proposeRfactor(program: Program, random: Random): TraceStep | null {
  return proposeOver('rfactor', program, random);
}
