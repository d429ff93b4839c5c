import type { Program } from '../ir/nodes.ts';
import { assert } from '../support/errors.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';
import { buildSchedule } from './builder.ts';
import { fuseEpilogues, inlinedFirst } from './epilogue.ts';
import type { Plan } from './plan.ts';
import { flatPlan } from './plans/flat.ts';
import { emitNaive } from './plans/naive.ts';
import { rowsPlan } from './plans/rows.ts';
import { tiledPlan } from './plans/tiled.ts';
import { makeSketch, type Scheduled, type Sketch } from './sketch.ts';
import { type StageInfo, stagesOf } from './stage.ts';

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

/** The plans that rules offer for one stage by itself. */
function plansOfStage(stage: StageInfo): Plan[] {
  const plans: (Plan | null)[] = [];
  if (stage.reduction.length === 0) plans.push(flatPlan(stage));
  else {
    plans.push(tiledPlan(stage));
    const outputs = stage.spatial.reduce((all, iter) => all * iter.extent, 1);
    const short = outputs <= fewOutputs && sizeOf(stage) / outputs >= longReduction;
    if (plans[0] === null || short) plans.push(rowsPlan([stage]));
  }
  return plans.filter((plan): plan is Plan => plan !== null);
}

/**
 * All sketches of a program: every way to give each kernel a rule, and, where stages share their rows, all of them fused into one
 * kernel. The rules ask about structure only (reuse, reduction, shared axes), in the manner of Ansor's derivation rules.
 */
export function sketchesOf(program: Program): Sketch[] {
  const inlineFirst = inlinedFirst(stagesOf(program));
  const simpler = buildSchedule(program, (builder) => {
    for (const block of inlineFirst) builder.apply('computeInline', { block });
  });
  assert(!isRefusal(simpler), 'an elementwise stage of a plain program cannot be inlined');
  const stages = stagesOf(simpler.program);
  const inline = inlinable(stages);
  const kept = fuseEpilogues(simpler.program, stages).filter((stage) => !inline.includes(stage.block.name));
  const combinations: Plan[][] = [];
  if (kept.length > 1) {
    const fused = rowsPlan(kept);
    if (fused !== null) combinations.push([fused]);
  }
  let products: Plan[][] = [[]];
  for (const stage of kept) {
    const plans = plansOfStage(stage);
    products = products.flatMap((product) => plans.map((plan) => [...product, plan])).slice(0, maxSketches);
  }
  combinations.push(...products.filter((product) => product.length === kept.length));
  const sketches = combinations.map((plans) => {
    const heaviestFirst = [...plans].sort((a, b) => weight(b) - weight(a));
    return makeSketch(program, heaviestFirst, { inlineFirst, inline });
  });
  // Two combinations may carry the same rules in another order of weight; the name must stay unique.
  const seen = new Map<string, number>();
  return sketches.map((sketch) => {
    const count = seen.get(sketch.name) ?? 0;
    seen.set(sketch.name, count + 1);
    return count === 0 ? sketch : { ...sketch, name: `${sketch.name}#${count + 1}` };
  });
}

function weight(plan: Plan): number {
  return plan.stages.reduce((sum, stage) => sum + sizeOf(stage) * (stage.flops + stage.reads.length), 0);
}

/** The naive schedule of a program: one kernel a stage, one invocation an output, elementwise producers inlined. */
export function naiveSchedule(program: Program): Scheduled | Refusal {
  const stages = stagesOf(program);
  const inline = inlinable(stages);
  return buildSchedule(program, (builder) => {
    for (const block of inline) builder.apply('computeInline', { block });
    for (const stage of stages) if (!inline.includes(stage.block.name)) emitNaive(stage, builder);
  });
}
