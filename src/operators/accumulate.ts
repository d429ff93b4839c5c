import type { DType } from '../ir/nodes.ts';
import type { Index, Reduction, Tensor, Value } from './definition.ts';
import { cast } from './expression.ts';
import { compute } from './tensor.ts';

/**
 * A reduction whose result goes through something before it is stored: a cast from f32 (f16 storage with f32 accumulation), a bias,
 * a division. Where `finish` is missing and the reduction has the tensor's dtype there is one stage called `stage`; else the
 * reduction writes `<name>_sum`, from which a second stage `<stage>_finish` makes the result.
 */
export function accumulate<const A extends Readonly<Record<string, number>>>(
  name: string,
  axes: A,
  element: (index: { readonly [K in keyof A]: Index }) => Reduction,
  options: {
    readonly stage: string;
    readonly dtype: DType;
    readonly finish?: (sum: Value, index: { readonly [K in keyof A]: Index }) => Value;
  },
): Tensor {
  const { stage, dtype, finish } = options;
  const direct = compute(name, axes, element, { stage });
  if (finish === undefined && direct.dtype === dtype) return direct;
  const sums = compute(`${name}_sum`, axes, element, { stage });
  return compute(
    name,
    axes,
    (index) => {
      const sum = sums.at(...Object.keys(axes).map((axis) => index[axis] as Index));
      return cast(dtype, finish === undefined ? sum : finish(sum, index));
    },
    { stage: `${stage}_finish` },
  );
}
