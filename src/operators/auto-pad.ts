import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { attribute, optional } from './define.ts';
import type { Example } from './operator.ts';
import { spanOf, type Windows } from './window.ts';

const modes = ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] as const;
type Mode = (typeof modes)[number];

/** ONNX's attribute of that name is a shorthand: workloads hold the paddings that it stands for. */
export const autoPad = {
  auto_pad: optional(
    attribute(
      'NOTSET',
      'instead of pad, as ONNX has it: SAME_UPPER, SAME_LOWER (an odd row or column of padding at the end, or at the start) or VALID (none)',
    ),
  ),
} as const;

export const autoPadExample: Example = {
  says: 'as many windows as strides, padded as TensorFlow and ONNX do',
  attributes: { auto_pad: 'SAME_UPPER' },
};

/** Padding at the two ends of a dimension. */
interface Ends {
  readonly before: number;
  readonly after: number;
}

/** Elements of padding that SAME wants along a dimension: enough for a window at every stride. */
export const sameTotal = (along: Windows): number =>
  Math.max(0, (Math.ceil(along.size / along.stride) - 1) * along.stride + spanOf(along) - along.size);

interface AutoPadWish {
  /** Names of the parameters that the user gave; `pads` are those that say paddings. */
  readonly given: ReadonlySet<string>;
  readonly pads: readonly string[];
  readonly ceil_mode?: boolean;
}

/**
 * The padding that `auto_pad` stands for along each dimension, where SAME wants `totals`; null where it is not set. Refuses an unknown mode,
 * paddings beside it, and `ceil_mode`, which would change nothing.
 */
export function paddingOf(
  text: string,
  totals: readonly number[],
  { given, pads, ceil_mode = false }: AutoPadWish,
): readonly Ends[] | null | Refusal {
  const mode = modeOf(text);
  if (isRefusal(mode)) return mode;
  if (mode === 'NOTSET') return null;
  const beside = pads.find((name) => given.has(name));
  if (beside !== undefined) {
    return refuse('padding-said-twice', () => `auto_pad=${mode} says the padding by itself; leave ${beside} out`);
  }
  if (ceil_mode) {
    return refuse(
      'auto-pad-with-ceil-mode',
      () => `auto_pad=${mode} says by itself how many windows there are, as ONNX has it; leave ceil_mode out`,
    );
  }
  return totals.map((total) => {
    const all = mode === 'VALID' ? 0 : total;
    const [less, more] = [Math.floor(all / 2), Math.ceil(all / 2)];
    return mode === 'SAME_LOWER' ? { before: more, after: less } : { before: less, after: more };
  });
}

function modeOf(text: string): Mode | Refusal {
  const mode = modes.find((name) => name === text.trim().toUpperCase());
  return mode ?? refuse('bad-auto-pad', () => `auto_pad="${text}" must be one of ${modes.join(', ')}`);
}
