import { type Call, floatOf, inputOf, integerOf, notMapped, sizeOf } from './call.ts';
import type { Value } from './plan.ts';

/** An image of any rank as one of four dimensions. */
function imageOf({ node }: Call, { shape }: Value): Readonly<Record<'n' | 'c' | 'h' | 'w', number>> {
  const [n, c, ...pixels] = shape;
  if (n === undefined || c === undefined) return notMapped(`${node.type} of ${shape.length} dimensions`);
  return { n, c, h: 1, w: sizeOf(pixels) };
}

const epsilonOf = (call: Call): Readonly<Record<string, string>> => ({
  epsilon: String(floatOf(call, 'epsilon', 1e-5)),
});

export function mapInstanceNorm(call: Call): Value[] {
  const [X, gamma, beta] = [inputOf(call, 0), inputOf(call, 1), inputOf(call, 2)];
  const wish = { shape: imageOf(call, X), attributes: epsilonOf(call) };
  return [call.plan.run('instance_norm', { ...wish, inputs: { X, gamma, beta }, result: X.shape })];
}

/** Until opset 21 scale and bias have one value per group. */
export function mapGroupNorm(call: Call): Value[] {
  const X = inputOf(call, 0);
  const image = imageOf(call, X);
  const groups = integerOf(call, 'num_groups', 1);
  const perChannel = (value: Value): Value => {
    if (call.opset >= 21) return value;
    const values = Float64Array.from(
      { length: image.c },
      (_, c) => value.values[Math.floor((c * groups) / image.c)] ?? 0,
    );
    return { shape: [image.c], values, step: null };
  };
  return [
    call.plan.run('group_norm', {
      shape: { ...image, groups },
      attributes: epsilonOf(call),
      inputs: { X, gamma: perChannel(inputOf(call, 1)), beta: perChannel(inputOf(call, 2)) },
      result: X.shape,
    }),
  ];
}

export function mapLrn(call: Call): Value[] {
  const X = inputOf(call, 0);
  const attributes = {
    alpha: String(floatOf(call, 'alpha', 1e-4)),
    beta: String(floatOf(call, 'beta', 0.75)),
    bias: String(floatOf(call, 'bias', 1)),
  };
  const shape = { ...imageOf(call, X), size: integerOf(call, 'size', 1) };
  return [call.plan.run('lrn', { shape, attributes, inputs: { X }, result: X.shape })];
}
