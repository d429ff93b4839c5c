import { type Refusal, refuse } from '../support/refusal.ts';
import { attribute, integer, optional } from './define.ts';

/** What attention takes beside its sizes, named as in ONNX's Attention: fewer heads of keys, a mask that is added, a scale. */

const places = ['b', 'h', 'm', 'n'] as const;
type Place = (typeof places)[number];
/** Far beyond any use, and still such that scores of the inputs for verification stay finite in f32. */
const mostScale = 1000;

export const keyHeads = optional(
  integer(0, 'heads of keys and values, each shared by h / kv_heads heads of queries that follow each other; 0: h'),
);
export const attentionTexts = {
  mask: optional(
    attribute(
      '',
      'shape of an input M that is added to the scaled scores: b,h,m,n, each the size or 1, which repeats; empty: none',
    ),
  ),
  scale: optional(attribute('', 'what products of queries and keys are multiplied with; empty: 1 / sqrt(d)')),
};

interface AttentionSizes {
  readonly b: number;
  readonly h: number;
  readonly kv_heads: number;
  readonly m: number;
  readonly n: number;
  readonly d: number;
}
interface AttentionTexts {
  readonly mask: string;
  readonly scale: string;
}

/** Heads of keys and values, and how many heads of queries share each. */
export function headsOf({ h, kv_heads }: Pick<AttentionSizes, 'h' | 'kv_heads'>): {
  readonly kept: number;
  readonly sharing: number;
} {
  const kept = kv_heads || h;
  return { kept, sharing: h / kept };
}

export const scaleOf = ({ scale }: AttentionTexts, { d }: Pick<AttentionSizes, 'd'>): number =>
  scale === '' ? 1 / Math.sqrt(d) : Number(scale);

/** Along which dimensions the mask goes on; along the others it repeats. Null where there is no mask, undefined where the text names none. */
export function maskOf({ mask }: AttentionTexts): ReadonlySet<Place> | null | undefined {
  if (mask.trim() === '') return null;
  const parts = mask.split(',').map((part) => part.trim());
  const fits = parts.length === places.length && parts.every((part, at) => part === '1' || part === places[at]);
  return fits ? new Set(places.filter((place) => parts.includes(place))) : undefined;
}

/** The same workload in one way only: what has its default is left out. */
export function writeOutOptions(
  p: AttentionSizes,
  a: AttentionTexts,
): { readonly params: { readonly kv_heads: number }; readonly attributes: AttentionTexts } {
  const scale = a.scale.trim();
  const isUsual = scale !== '' && Number(scale) === scaleOf({ ...a, scale: '' }, p);
  return {
    params: { kv_heads: p.kv_heads === p.h ? 0 : p.kv_heads },
    attributes: { mask: a.mask.replaceAll(/\s/g, ''), scale: isUsual ? '' : scale },
  };
}

export function checkOptions(p: AttentionSizes, a: AttentionTexts): Refusal | null {
  if (!Number.isInteger(headsOf(p).sharing))
    return refuse(
      'heads-do-not-divide',
      () => `kv_heads=${p.kv_heads} must divide h=${p.h}, so that equally many heads of queries share each`,
    );
  if (maskOf(a) === undefined)
    return refuse(
      'bad-mask',
      () => `mask="${a.mask}" must be four entries, b,h,m,n in this order or 1 in their places, e.g. mask="1,1,m,n"`,
    );
  const scale = scaleOf(a, p);
  if (scale > 0 && scale <= mostScale) return null;
  return refuse(
    'bad-scale',
    () => `scale="${a.scale}" must be a number above 0 and at most ${mostScale}, e.g. scale=0.125`,
  );
}
