import { isRefusal, type Refusal } from '../support/refusal.ts';
import { paddingOf, sameTotal } from './auto-pad.ts';
import { dimension, type IntegerParameter, integer, optional } from './define.ts';
import { emptyAlong, outputExtent, roundedUp, type Windows } from './window.ts';

/* The parameters of operators that slide a window over an image, in one place: one number for both directions, and a second one for the
 * width (or one side), which workloads leave out where it does not differ. */

const asStride = optional(integer(0, 'the stride along the width, where it is another; 0: as stride'));
const asDilation = optional(integer(0, 'the dilation along the width, where it is another; 0: as dilation'));
const asPad = (side: string): IntegerParameter<'integer'> =>
  optional(integer(-1, `pad ${side}, where it is another; -1: as pad`, { min: -1 }));

/** Parameters that may differ between directions and sides. */
export const perDirection = {
  stride_w: asStride,
  dilation_w: asDilation,
  pad_left: asPad('at the left'),
  pad_bottom: asPad('at the bottom'),
  pad_right: asPad('at the right'),
} as const;

export const convolutionWindow = {
  kh: dimension(3, 'kernel height'),
  kw: dimension(3, 'kernel width'),
  stride: integer(1, 'step between windows, both directions', { min: 1 }),
  pad: integer(1, 'zeros added on each side, both directions'),
  dilation: integer(1, 'distance between kernel taps, both directions', { min: 1 }),
} as const;

export interface ImageWindowParameters {
  readonly h: number;
  readonly w: number;
  readonly kh: number;
  readonly kw: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation?: number;
  readonly stride_w: number;
  readonly dilation_w?: number;
  readonly pad_left: number;
  readonly pad_bottom: number;
  readonly pad_right: number;
  readonly ceil_mode?: boolean;
}

interface ImageWindows {
  readonly y: Windows;
  readonly x: Windows;
  /** Windows down and across: the height and width of the output. */
  readonly oh: number;
  readonly ow: number;
}

export function imageWindows(p: ImageWindowParameters): ImageWindows {
  const whole = p.ceil_mode ? roundedUp : (along: Windows): Windows => along;
  const side = (told: number): number => (told === -1 ? p.pad : told);
  const dilated = (dilation: number | undefined) => (dilation === undefined ? {} : { dilation });
  const y = whole({
    ...{ size: p.h, taps: p.kh, stride: p.stride, ...dilated(p.dilation) },
    ...{ before: p.pad, after: side(p.pad_bottom) },
  });
  const x = whole({
    ...{ size: p.w, taps: p.kw, stride: p.stride_w || p.stride, ...dilated(p.dilation_w || p.dilation) },
    ...{ before: side(p.pad_left), after: side(p.pad_right) },
  });
  return { y, x, oh: outputExtent(y), ow: outputExtent(x) };
}

/** Refuses where no window fits into the image. */
export function emptyImage(p: ImageWindowParameters): Refusal | null {
  const { y, x } = imageWindows(p);
  return emptyAlong(y, { size: 'h', taps: 'kh' }) ?? emptyAlong(x, { size: 'w', taps: 'kw' });
}

/** The parameters of an image that say its padding. */
const imagePads = ['pad', 'pad_left', 'pad_bottom', 'pad_right'] as const;

/** `auto_pad` written out as paddings (see auto-pad.ts); `totals` are the paddings that SAME wants down and across. */
export function writeOutImagePadding(
  p: ImageWindowParameters,
  text: string,
  given: ReadonlySet<string>,
  totals: readonly [down: number, across: number] = sameTotals(p),
): ImagePadding | Refusal {
  const ends = paddingOf(text, totals, { given, pads: imagePads, ceil_mode: p.ceil_mode ?? false });
  if (isRefusal(ends)) return ends;
  const attributes = { auto_pad: 'NOTSET' };
  const [down, across] = ends ?? [];
  if (down === undefined || across === undefined) return { attributes };
  const side = (padding: number): number => (padding === down.before ? -1 : padding);
  const params = {
    ...{ pad: down.before, pad_left: side(across.before) },
    ...{ pad_bottom: side(down.after), pad_right: side(across.after) },
  };
  return { params, attributes };
}

interface ImagePadding {
  readonly params?: Readonly<Record<(typeof imagePads)[number], number>>;
  readonly attributes: { readonly auto_pad: string };
}

function sameTotals(p: ImageWindowParameters): readonly [down: number, across: number] {
  const { y, x } = imageWindows(p);
  return [sameTotal(y), sameTotal(x)];
}
