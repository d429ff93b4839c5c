import type { Open } from '../arithmetic/formula.ts';
import type { Program, Stmt } from '../ir/nodes.ts';
import { blocksUnder, findBlock } from '../schedule/legality/find.ts';
import type { Trace } from '../schedule/trace.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';
import { buildSchedule, type ScheduleBuilder } from './builder.ts';
import type { Decision } from './decision.ts';
import { emitTiling } from './emission/emit.ts';
import { emitNaive } from './emission/naive.ts';
import { applyForm, type Form } from './form.ts';
import type { StageInfo } from './stage.ts';
import type { Tiling } from './tiling.ts';

/** A schedule with open decisions, made by rules from the plain program. */
export interface Sketch extends Form {
  /** The rules of its tilings joined, e.g. `tiled`, `rows+flat` or `padded+tiled+flat`; unique among a program's sketches. */
  readonly name: string;
  readonly program: Program;
  /** One per kernel, the heaviest first. */
  readonly tilings: readonly Tiling[];
  /** All decisions in the order in which they are made. */
  readonly decisions: readonly Decision[];
  /** Elementwise blocks whose expressions go into their readers once these are scheduled. */
  readonly inline: readonly string[];
  /** Stages that run once, for all runs with the same constant inputs: they get the naive schedule, and nothing is decided about them. */
  readonly once: readonly StageInfo[];
}

/** A scheduled program with the trace that made it. */
export interface Scheduled {
  readonly trace: Trace;
  readonly program: Program;
}

export function makeSketch(
  program: Program,
  tilings: readonly Tiling[],
  form: Form & Pick<Sketch, 'inline' | 'once'>,
): Sketch {
  const rules = [
    ...(form.packings.length > 0 ? ['packed'] : []),
    ...(form.paddings.length > 0 ? ['padded'] : []),
    ...form.transforms.map(({ outputs }) => `winograd${outputs}`),
    ...(form.splits.length > 0 || form.chains.some(({ sharers }) => sharers > 1) ? ['split'] : []),
    ...tilings.map(({ rule }) => rule),
  ];
  return { name: rules.join('+'), program, tilings, decisions: tilings.flatMap(({ decisions }) => decisions), ...form };
}

/** Where a decision's value stands among a sketch's. */
export function positionsIn({ decisions }: Pick<Sketch, 'decisions'>): (open: Open) => number {
  const positions = new Map(decisions.map(({ name }, at) => [name, at]));
  return ({ name }) => positions.get(name) as number;
}

/** Turns a sketch with all its decisions made into a schedule. `values` are option values in the order of the decisions. */
export function instantiate(sketch: Sketch, values: ArrayLike<number>): Scheduled | Refusal {
  return buildSchedule(sketch.program, (builder) => {
    prepare(sketch, builder);
    for (const tiling of sketch.tilings) emitTiling(tiling, builder, decidedBy(sketch, values));
    inlineRest(sketch, builder);
  });
}

/** What all candidates of a sketch have in common: the program in its form, with the stages that run once scheduled and those of tilings plain. */
export function preparedProgram(sketch: Sketch): Program | Refusal {
  const made = buildSchedule(sketch.program, (builder) => prepare(sketch, builder));
  return isRefusal(made) ? made : made.program;
}

/**
 * The kernels that one tiling makes of the prepared program, alone: whatever is decided in other tilings, a candidate's kernels are the same. With null for
 * the tiling: those of the stages that run once.
 */
export function instantiateAlone(
  sketch: Sketch,
  prepared: Program,
  tiling: Tiling | null,
  values: ArrayLike<number>,
): Program | Refusal {
  const own = new Set(tiling === null ? sketch.once.map(({ block }) => block.name) : []);
  const made = buildSchedule(prepared, (builder) => {
    if (tiling !== null) {
      emitTiling(tiling, builder, decidedBy(sketch, values));
      const changed = builder.program().body.filter((stmt) => !prepared.body.includes(stmt));
      for (const { name } of changed.flatMap((stmt) => blocksUnder(stmt))) own.add(name);
    }
    inlineRest(sketch, builder);
  });
  if (isRefusal(made)) return made;
  const isOwn = (stmt: Stmt): boolean => blocksUnder(stmt).some(({ name }) => own.has(name));
  return { ...made.program, body: made.program.body.filter(isOwn) };
}

function prepare(sketch: Sketch, builder: ScheduleBuilder): void {
  applyForm(builder, sketch);
  for (const stage of sketch.once) emitNaive(stage, builder);
}

function inlineRest(sketch: Sketch, builder: ScheduleBuilder): void {
  for (const block of sketch.inline) {
    if (!isRefusal(findBlock(builder.program(), block))) builder.apply('computeInline', { block });
  }
}

function decidedBy(sketch: Sketch, values: ArrayLike<number>): (name: string) => number {
  const byName = new Map(sketch.decisions.map((decision, i) => [decision.name, values[i] as number]));
  return (name) => byName.get(name) as number;
}
