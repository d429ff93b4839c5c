import type { Program } from '../ir/nodes.ts';
import { assert } from '../support/errors.ts';
import { isRefusal } from '../support/refusal.ts';
import { buildSchedule, type ScheduleBuilder } from './builder.ts';
import { applyChain, type OnlineChain } from './online-chains.ts';
import { applyPacking, type Packing } from './packing.ts';
import type { Padding } from './padding.ts';
import { applySplit, type Split } from './split-sums.ts';
import type { Transform } from './transforms.ts';

/** What is done to a program before its stages are given tilings. */
export interface Form {
  /** Constant operands that are laid out anew. */
  readonly packings: readonly Packing[];
  /** Axes that are made longer before anything else. */
  readonly paddings: readonly Padding[];
  /** Sums over windows that are computed by another algorithm. */
  readonly transforms: readonly Transform[];
  /** Elementwise blocks whose expressions go into their readers before their readers are scheduled. */
  readonly inlineFirst: readonly string[];
  /** Reductions whose parts are shared out among workgroups. */
  readonly splits: readonly Split[];
  /** Sums that a softmax weighs, cut into parts that are rescaled. */
  readonly chains: readonly OnlineChain[];
}

export function applyForm(
  builder: ScheduleBuilder,
  { packings, paddings, transforms, inlineFirst, splits, chains }: Form,
): void {
  for (const packing of packings) applyPacking(builder, packing);
  for (const { block, iter, multiple } of paddings) builder.apply('pad', { block, iter, multiple });
  for (const { block, outputs } of transforms) builder.apply('winograd', { block, outputs });
  for (const block of inlineFirst) builder.apply('computeInline', { block });
  for (const split of splits) applySplit(builder, split);
  for (const chain of chains) applyChain(builder, chain);
}

/** A plain program in this form. */
export function inForm(program: Program, form: Form): Program {
  const made = buildSchedule(program, (builder) => applyForm(builder, form));
  assert(!isRefusal(made), 'a plain program cannot take a form that its rules offer');
  return made.program;
}
