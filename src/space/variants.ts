import type { Program } from '../ir/nodes.ts';
import { periodsOf } from './cases.ts';
import { inlinedFirst } from './epilogue.ts';
import { type Form, inForm } from './form.ts';
import type { Padding } from './padding.ts';
import { type StageInfo, stagesOf } from './stage.ts';
import type { Transform } from './transforms.ts';

/** A form, and what of it stays stored. */
export interface Variant extends Form {
  /** Elementwise stages that remain stages of their own. */
  readonly stored: readonly string[];
}

/** The form with padded axes: copies of operands are stored, what is computed of them goes straight into its padded copy. */
export function paddedForm(program: Program, stages: readonly StageInfo[], paddings: readonly Padding[]): Variant {
  const padded = inForm(program, { packings: [], paddings, transforms: [], inlineFirst: [], splits: [], chains: [] });
  const known = new Set(stages.map((stage) => stage.block.name));
  const after = stagesOf(padded);
  const inlineFirst = inlinedFirst(after);
  const stored = after
    .filter((stage) => !known.has(stage.block.name) && !stage.isOutput)
    .map((stage) => stage.block.name)
    .filter((block) => !inlineFirst.includes(block));
  return { packings: [], paddings, transforms: [], inlineFirst, splits: [], chains: [], stored };
}

/**
 * The form with transformed sums: every transform is a kernel, whose result is stored. What follows the sums goes into the transform of the
 * results, and what comes before them into the copies that the transforms of operands make.
 */
export function transformedForm(program: Program, stages: readonly StageInfo[], transform: Transform): Variant {
  const after = stagesOf(
    inForm(program, { packings: [], paddings: [], transforms: [transform], inlineFirst: [], splits: [], chains: [] }),
  );
  const known = new Set(stages.map((stage) => stage.block.name));
  const made = after.filter(({ block }) => !known.has(block.name) && periodsOf(block).size > 0);
  const result = made.at(-1)?.block.name;
  const early = inlinedFirst(stages);
  const inlineFirst = inlinedFirst(after).filter((block) => block === result || early.includes(block));
  const stored = made.map(({ block }) => block.name).filter((block) => !inlineFirst.includes(block));
  return { packings: [], paddings: [], transforms: [transform], inlineFirst, splits: [], chains: [], stored };
}
