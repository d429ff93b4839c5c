import { blocksRunOnce } from '../ir/constants.ts';
import { type DeviceLimits, defaultLimits } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import type { Refusal } from '../support/refusal.ts';
import { buildSchedule } from './builder.ts';
import { emitNaive } from './emission/naive.ts';
import { readingComputed } from './emitted.ts';
import { fuseEpilogues, inlinedFirst, storable } from './epilogue.ts';
import { inForm } from './form.ts';
import { type ChainSizes, chainOf, type OnlineChain, partsOf } from './online-chains.ts';
import { type PackedBuffer, packedBy, packingsOf, withPackedBlocks } from './packing.ts';
import { paddingsOf } from './padding.ts';
import { casesTiling, pairsOfCases } from './rules/cases.ts';
import { flatTiling } from './rules/flat.ts';
import { implicitGemmTiling } from './rules/implicit-gemm.ts';
import { matrixTilings } from './rules/matrix.ts';
import { onlineTiling, sharesRows } from './rules/online.ts';
import { passesTiling } from './rules/passes.ts';
import { rowsTiling } from './rules/rows.ts';
import { tiledTiling } from './rules/tiled.ts';
import { turnedTiling } from './rules/turned.ts';
import { singlePass } from './single-pass.ts';
import { type SpaceSizes, spaceSizes } from './sizes.ts';
import { makeSketch, type Scheduled, type Sketch } from './sketch.ts';
import { type Split, splitsOf } from './split-sums.ts';
import { hasReuse, type StageInfo, stagesOf } from './stage.ts';
import { stagesOfTiling, type Tiling } from './tiling.ts';
import { type Transform, transformsOf } from './transforms.ts';
import { paddedForm, transformedForm, type Variant } from './variants.ts';
import { withWalks } from './walk.ts';

/** Names of rules in the order in which they came: a rule keeps its number in features. `naive` decides nothing and is only a yardstick. */
export const ruleNames = ['tiled', 'rows', 'flat', 'naive', 'turned', 'matrix', 'gemm', 'cases', 'online'] as const;

/** Sharing a reduction among invocations pays where outputs are too few to keep a device busy. */
const fewOutputs = 16384;
const longReduction = 32;
/** More sketches than this would only thin the trials of each. */
const maxSketches = 8;

/** Elementwise stages that only feed others: recomputing them where they are read is cheaper than a trip through memory. */
function inlinable(stages: readonly StageInfo[]): string[] {
  return stages.filter((stage) => stage.reduction.length === 0 && !stage.isOutput).map((stage) => stage.block.name);
}

const sizeOf = (stage: StageInfo): number => stage.block.iters.reduce((all, iter) => all * iter.extent, 1);

/** The tilings that rules offer for one stage by itself. */
function tilingsOfStage(program: Program, stage: StageInfo, limits: DeviceLimits): Tiling[] {
  if (stage.reduction.length === 0) {
    const turned = turnedTiling(stage);
    return [flatTiling(stage), ...(turned === null ? [] : [turned])];
  }
  const outputs = stage.spatial.reduce((all, iter) => all * iter.extent, 1);
  const short = outputs <= fewOutputs && sizeOf(stage) / outputs >= longReduction;
  const tilings = [
    tiledTiling(stage, limits),
    implicitGemmTiling(stage, limits),
    ...matrixTilings(program, stage, limits),
    short || !hasReuse(stage) ? rowsTiling([stage], limits) : null,
  ];
  return tilings.filter((tiling): tiling is Tiling => tiling !== null);
}

/**
 * The tilings of the two kernels of a split reduction, null for other stages. Parts of a product are tiled, lanes share parts of a row: neither
 * has outputs that are too few any more. Partial results are added up as any elementwise stage is computed.
 */
function tilingsOfSplit(
  program: Program,
  stage: StageInfo,
  stages: readonly StageInfo[],
  splits: readonly Split[],
  limits: DeviceLimits,
): Tiling[] | null {
  if (splits.some(({ block }) => block === stage.block.name)) return [flatTiling(stage)];
  const made = new Set(stage.writes.map(({ buffer }) => buffer.name));
  const readers = stages.filter((other) => other.reads.some(({ buffer }) => made.has(buffer.name)));
  const split = splits.find(({ block }) => readers.some((other) => other.block.name === block));
  if (split === undefined || stage.reduction.length === 0) return null;
  // Operands of a last part that is shorter cannot be gathered: their copy would read beyond the end.
  const gemm = split.isWhole ? implicitGemmTiling(stage, limits) : null;
  // What is the same for all parts alone is no reuse: each workgroup has one part.
  const tilings = hasReuse(stage, stage.spatial.slice(1))
    ? [gemm ?? tiledTiling(stage, limits), ...matrixTilings(program, stage, limits)]
    : [rowsTiling([stage], limits)];
  return tilings.filter((tiling): tiling is Tiling => tiling !== null);
}

/** The stages that become kernels or parts of one: those that run every time, that nothing inlines and whose epilogues are in them. */
function keptStages(program: Program, inline: readonly string[]): StageInfo[] {
  const stages = stagesOf(program);
  const once = blocksRunOnce(program);
  const repeated = stages.filter(({ block }) => !once.has(block.name));
  return fuseEpilogues(program, repeated)
    .filter((stage) => !inline.includes(stage.block.name))
    .map((stage) => readingComputed(stage, stages, inline));
}

/**
 * The tilings of stages that become one kernel: a single stage as its rules say, several stages by their rows, with a decision to merge
 * reductions where some among them can be merged.
 */
function tilingsOfGroup(
  program: Program,
  group: readonly StageInfo[],
  inline: readonly string[],
  limits: DeviceLimits,
): Tiling[] {
  if (group.length === 1) return tilingsOfStage(program, group[0] as StageInfo, limits);
  const twice = rowsTiling(group, limits) as Tiling;
  // A stage that is an epilogue of two passes may stand by itself after one pass.
  const names = new Set(
    group.flatMap(({ block, epilogue }) => (epilogue === null ? [block.name] : [block.name, epilogue.block])),
  );
  const single = singlePass(program, names);
  if (single === null) return [twice];
  const once = keptStages(single.program, inline).filter((stage) => names.has(stage.block.name));
  return [passesTiling(group, once, single.merges, limits) ?? twice];
}

/**
 * All sketches of a program: every way to give each kernel a rule; where stages share their rows, those fused into one kernel; and where
 * a reduction reads a computed operand again and again, that operand computed once and stored. The rules ask about structure only (reuse,
 * reduction, shared axes), in the manner of Ansor's derivation rules.
 * `limits` say what may be decided at all: subgroups and their matrices only where the device has them. `sizes` say what may pay.
 */
export function sketchesOf(
  program: Program,
  limits: DeviceLimits = defaultLimits,
  sizes: SpaceSizes = spaceSizes.gpu,
): Sketch[] {
  const stages = stagesOf(program);
  const inlined = inlinedFirst(stages);
  const stored = storable(stages).filter((block) => inlined.includes(block));
  const plain: Variant = {
    packings: [],
    paddings: [],
    transforms: [],
    inlineFirst: inlined,
    splits: [],
    chains: [],
    stored: [],
  };
  const sketches = sketchesOfForm(program, plain, limits);
  if (stored.length > 0) {
    const others = inlined.filter((block) => !stored.includes(block));
    sketches.push(...sketchesOfForm(program, { ...plain, inlineFirst: others, stored }, limits));
  }
  const paddings = paddingsOf(program, stages);
  if (paddings.length > 0) sketches.push(...sketchesOfForm(program, paddedForm(program, stages, paddings), limits));
  const splits = splitsOf(stagesOf(inForm(program, plain)), sizes.splits);
  if (splits.length > 0) sketches.push(...sketchesOfForm(program, { ...plain, splits }, limits));
  sketches.push(...onlineSketches(program, plain, limits, sizes.chains));
  const packings = packingsOf(program, stages, sizes.packs);
  if (packings.length > 0) sketches.push(...sketchesOfForm(program, { ...plain, packings }, limits));
  for (const transform of transformsOf(program, stages, sizes.transforms))
    sketches.push(...sketchesOfForm(program, transformedForm(program, stages, transform), limits));
  // Two combinations may carry the same rules in another order of weight; the name must stay unique.
  const seen = new Map<string, number>();
  return sketches.map((sketch) => {
    const count = seen.get(sketch.name) ?? 0;
    seen.set(sketch.name, count + 1);
    const walked = withWalks(sketch, sizes.walks);
    return count === 0 ? walked : { ...walked, name: `${sketch.name}#${count + 1}` };
  });
}

/** Where a softmax weighs a sum: one kernel for both, which never stores a row, or one for parts of rows and one that joins them. */
function onlineSketches(program: Program, plain: Variant, limits: DeviceLimits, sizes: ChainSizes): Sketch[] {
  const found = chainOf(inForm(program, plain));
  if (found === null) return [];
  return partsOf(found.extent, found.rows, sizes).flatMap((parts) => {
    const sketch = onlineSketch(program, { ...plain, chains: [{ ...found.chain, ...parts }] }, limits, sizes);
    return sketch === null ? [] : [sketch];
  });
}

function onlineSketch(program: Program, form: Variant, limits: DeviceLimits, sizes: ChainSizes): Sketch | null {
  const [chain] = form.chains as [OnlineChain];
  const simpler = inForm(program, form);
  // What runs once for constant inputs is no part of a kernel that runs every time.
  if (blocksRunOnce(simpler).size > 0) return null;
  const stages = stagesOf(simpler);
  const tiling = onlineTiling(stages, chain);
  if (tiling === null || (sharesRows(tiling) && !sizes.isForShared)) return null;
  const own = new Set(stagesOfTiling(tiling).map(({ block }) => block.name));
  const inline = inlinable(stages).filter((block) => !own.has(block));
  const others = keptStages(simpler, inline).filter(({ block }) => !own.has(block.name));
  // What joins the parts of several workgroups is one kernel with what finishes the result.
  const groups = chain.sharers > 1 ? fusedRows(others, limits) : others.map((stage) => [stage]);
  const rest = groups.map((group) => tilingsOfGroup(simpler, group, inline, limits)[0] as Tiling);
  return makeSketch(program, [tiling, ...rest], { ...form, inline, once: [] });
}

/** The tilings of a group where sums are transformed: the products are varied, nothing else is. */
function tilingsOfTransformed(
  program: Program,
  group: readonly StageInfo[],
  transforms: readonly Transform[],
  limits: DeviceLimits,
): Tiling[] {
  const [stage, last] = group as [StageInfo, StageInfo?];
  if (last !== undefined) return [casesTiling(stage, last)];
  const offered = tilingsOfStage(program, stage, limits);
  if (!transforms.some(({ block }) => block === stage.block.name)) return offered.slice(0, 1);
  // Points are products of their own: what an invocation held of several would be used once.
  const tiled = tiledTiling(stage, limits, [stage.block.iters[0]?.name as string]);
  return [...(tiled === null ? [] : [tiled]), ...offered.filter(({ rule }) => rule === 'matrix')];
}

/** Sketches of a program with some elementwise stages inlined first, and some kept as stages of their own. */
function sketchesOfForm(program: Program, { stored, ...form }: Variant, limits: DeviceLimits): Sketch[] {
  const simpler = inForm(program, form);
  const stages = stagesOf(simpler);
  const packed = packedBy(form.packings, stages);
  const packs = new Set(packed.keys());
  const inline = inlinable(stages).filter((block) => !stored.includes(block) && !packs.has(block));
  const kept = keptStages(simpler, inline);
  const constant = blocksRunOnce(simpler);
  const once = stages.filter(({ block }) => constant.has(block.name) && !inline.includes(block.name));
  const combinations: Tiling[][] = [];
  const apart = kept.map((stage) => [stage]);
  // One workgroup of a fused kernel would take whole rows again.
  const isTransformed = form.transforms.length > 0;
  const fused = isTransformed ? pairsOfCases(kept) : form.splits.length > 0 ? apart : fusedRows(kept, limits);
  for (const groups of fused.length < kept.length && !isTransformed ? [fused, apart] : [fused]) {
    let products: Tiling[][] = [[]];
    for (const group of groups) {
      const [stage] = group as [StageInfo];
      const ofSplit = tilingsOfSplit(simpler, stage, kept, form.splits, limits);
      const offered =
        ofSplit ??
        (isTransformed
          ? tilingsOfTransformed(simpler, group, form.transforms, limits)
          : tilingsOfGroup(simpler, group, inline, limits));
      // A form with stored stages or split reductions is itself a variant; what is not its point is not varied: every sketch thins the trials of the others.
      const isVaried = ofSplit !== null || isTransformed || stored.length + form.splits.length === 0;
      const tilings = packedTilings(offered, group, packed) ?? (isVaried ? offered : offered.slice(0, 1));
      products = products.flatMap((product) => tilings.map((tiling) => [...product, tiling])).slice(0, maxSketches);
    }
    combinations.push(...products.filter((product) => product.length === groups.length));
  }
  return combinations.map((tilings) => {
    const heaviestFirst = [...tilings].sort((a, b) => weight(b) - weight(a));
    return makeSketch(program, heaviestFirst, { ...form, inline, once });
  });
}

/** The tilings of a kernel that reads packed operands, with their blocks; null where it reads none. */
function packedTilings(
  offered: readonly Tiling[],
  group: readonly StageInfo[],
  packed: ReadonlyMap<string, PackedBuffer>,
): Tiling[] | null {
  const own = [...packed.values()].filter(({ buffer }) =>
    group.some(({ reads }) => reads.some((read) => read.buffer.name === buffer)),
  );
  return own.length === 0 ? null : offered.flatMap((tiling) => withPackedBlocks(tiling, own) ?? []);
}

/** The stages in groups of neighbours that can be one kernel, each as long as it can be. */
function fusedRows(stages: readonly StageInfo[], limits: DeviceLimits): (readonly StageInfo[])[] {
  const groups: (readonly StageInfo[])[] = [];
  for (let start = 0; start < stages.length; ) {
    let end = stages.length;
    while (end > start + 1 && !mayBeOne(stages, start, end, limits)) end--;
    groups.push(stages.slice(start, end));
    start = end;
  }
  return groups;
}

function mayBeOne(stages: readonly StageInfo[], start: number, end: number, limits: DeviceLimits): boolean {
  // Results handed on within a group stay in its kernel.
  const inner = new Set(stages.slice(start, end - 1).flatMap((stage) => stage.writes.map(({ buffer }) => buffer.name)));
  const isRead = stages.slice(end).some((stage) => stage.reads.some((read) => inner.has(read.buffer.name)));
  return !isRead && rowsTiling(stages.slice(start, end), limits) !== null;
}

function weight(tiling: Tiling): number {
  return stagesOfTiling(tiling).reduce((sum, stage) => sum + sizeOf(stage) * (stage.flops + stage.reads.length), 0);
}

/** The naive schedule of a program: one kernel per stage, one invocation per output, elementwise producers inlined. */
export function naiveSchedule(program: Program): Scheduled | Refusal {
  const stages = stagesOf(program);
  const inline = inlinable(stages);
  return buildSchedule(program, (builder) => {
    for (const block of inline) builder.apply('computeInline', { block });
    for (const stage of stages) if (!inline.includes(stage.block.name)) emitNaive(stage, builder);
  });
}
