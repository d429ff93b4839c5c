import { type DeviceLimits, defaultLimits } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { assert } from '../support/errors.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';
import { buildSchedule } from './builder.ts';
import { emitNaive } from './emission/naive.ts';
import { readingComputed } from './emitted.ts';
import { fuseEpilogues, inlinedFirst, storable } from './epilogue.ts';
import { type Padding, paddingsOf } from './padding.ts';
import { flatTiling } from './rules/flat.ts';
import { implicitGemmTiling } from './rules/implicit-gemm.ts';
import { matrixTilings } from './rules/matrix.ts';
import { passesTiling } from './rules/passes.ts';
import { rowsTiling } from './rules/rows.ts';
import { tiledTiling } from './rules/tiled.ts';
import { turnedTiling } from './rules/turned.ts';
import { singlePass } from './single-pass.ts';
import { makeSketch, type Scheduled, type Sketch } from './sketch.ts';
import { hasReuse, type StageInfo, stagesOf } from './stage.ts';
import { stagesOfTiling, type Tiling } from './tiling.ts';

/** Names of rules in the order in which they came: a rule keeps its number in features. `naive` decides nothing and is only a yardstick. */
export const ruleNames = ['tiled', 'rows', 'flat', 'naive', 'turned', 'matrix', 'gemm'] as const;

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
  if (stage.reduction.length === 0)
    return [flatTiling(stage), turnedTiling(stage)].filter((tiling): tiling is Tiling => tiling !== null);
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

/** The stages that become kernels or parts of one: those that nothing inlines and whose epilogues are in them. */
function keptStages(program: Program, inline: readonly string[]): StageInfo[] {
  const stages = stagesOf(program);
  return fuseEpilogues(program, stages)
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
 * `limits` say what may be decided at all: subgroups and their matrices only where the device has them.
 */
export function sketchesOf(program: Program, limits: DeviceLimits = defaultLimits): Sketch[] {
  const stages = stagesOf(program);
  const inlined = inlinedFirst(stages);
  const stored = storable(stages).filter((block) => inlined.includes(block));
  const sketches = sketchesOfForm(program, { paddings: [], inlineFirst: inlined, stored: [] }, limits);
  if (stored.length > 0) {
    const others = inlined.filter((block) => !stored.includes(block));
    sketches.push(...sketchesOfForm(program, { paddings: [], inlineFirst: others, stored }, limits));
  }
  const paddings = paddingsOf(program, stages);
  if (paddings.length > 0) sketches.push(...sketchesOfForm(program, paddedForm(program, stages, paddings), limits));
  // Two combinations may carry the same rules in another order of weight; the name must stay unique.
  const seen = new Map<string, number>();
  return sketches.map((sketch) => {
    const count = seen.get(sketch.name) ?? 0;
    seen.set(sketch.name, count + 1);
    return count === 0 ? sketch : { ...sketch, name: `${sketch.name}#${count + 1}` };
  });
}

/** What is done to a program before its stages are given tilings. */
interface Form extends Pick<Sketch, 'paddings' | 'inlineFirst'> {
  /** Elementwise stages that remain stages of their own. */
  readonly stored: readonly string[];
}

/** The form with padded axes: copies of operands are stored, what is computed of them goes straight into its padded copy. */
function paddedForm(program: Program, stages: readonly StageInfo[], paddings: readonly Padding[]): Form {
  const padded = prepared(program, { paddings, inlineFirst: [] });
  const known = new Set(stages.map((stage) => stage.block.name));
  const after = stagesOf(padded);
  const inlineFirst = inlinedFirst(after);
  const stored = after
    .filter((stage) => !known.has(stage.block.name) && !stage.isOutput)
    .map((stage) => stage.block.name)
    .filter((block) => !inlineFirst.includes(block));
  return { paddings, inlineFirst, stored };
}

function prepared(program: Program, { paddings, inlineFirst }: Omit<Form, 'stored'>): Program {
  const made = buildSchedule(program, (builder) => {
    for (const { block, iter, multiple } of paddings) builder.apply('pad', { block, iter, multiple });
    for (const block of inlineFirst) builder.apply('computeInline', { block });
  });
  assert(!isRefusal(made), 'an elementwise stage of a plain program cannot be inlined');
  return made.program;
}

/** Sketches of a program with some elementwise stages inlined first, and some kept as stages of their own. */
function sketchesOfForm(program: Program, { paddings, inlineFirst, stored }: Form, limits: DeviceLimits): Sketch[] {
  const simpler = prepared(program, { paddings, inlineFirst });
  const stages = stagesOf(simpler);
  const inline = inlinable(stages).filter((block) => !stored.includes(block));
  const kept = keptStages(simpler, inline);
  const combinations: Tiling[][] = [];
  const fused = fusedRows(kept, limits);
  for (const groups of fused.length < kept.length ? [fused, kept.map((stage) => [stage])] : [fused]) {
    let products: Tiling[][] = [[]];
    for (const group of groups) {
      const offered = tilingsOfGroup(simpler, group, inline, limits);
      // A form with stored stages is itself a variant and is not varied further: every sketch thins the trials of the others.
      const tilings = stored.length > 0 ? offered.slice(0, 1) : offered;
      products = products.flatMap((product) => tilings.map((tiling) => [...product, tiling])).slice(0, maxSketches);
    }
    combinations.push(...products.filter((product) => product.length === groups.length));
  }
  return combinations.map((tilings) => {
    const heaviestFirst = [...tilings].sort((a, b) => weight(b) - weight(a));
    return makeSketch(program, heaviestFirst, { paddings, inlineFirst, inline });
  });
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
