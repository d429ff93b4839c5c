import type { InputValues } from '../../src/operators/operator.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { programOf } from '../../src/tuner/build.ts';
import { elementwiseOf, epilogueForPeers } from './formulas.ts';
import { channelsFirst, channelsLast, permuted } from './layout.ts';
import { causalMask } from './onnx-attention.ts';
import { imageWindowOf, parametersOf } from './parameters.ts';
import type { Padding, Tensor, Tensorflow } from './tensorflow.ts';

/** A workload as calls of TensorFlow.js. */
export interface TensorflowLayer {
  /** The calls in words, for tables. */
  readonly name: string;
  readonly run: () => Tensor;
  /** The output as the workload lays it out. */
  readonly toOurs: (output: Float32Array) => Float32Array;
}

/** How TensorFlow.js computes a workload, images with the channels last, which it is made for; null where it has no such operator. */
export function tensorflowLayerOf(tf: Tensorflow, workload: Workload, inputs: InputValues): TensorflowLayer | null {
  const program = programOf(workload);
  const shapeOf = (name: string): readonly number[] =>
    program.buffers.find((buffer) => buffer.name === name)?.shape ?? [];
  const [outputName = ''] = program.outputs;
  const outputShape = shapeOf(outputName);
  const values = (name: string): Float32Array => Float32Array.from(inputs[name] ?? []);
  const has = (name: string): boolean => program.inputs.includes(name);
  const tensor = (name: string, order?: readonly number[], shape: readonly number[] = shapeOf(name)): Tensor =>
    order === undefined
      ? tf.tensor(values(name), shape)
      : tf.tensor(
          permuted(values(name), shape, order),
          order.map((d) => shape[d] as number),
        );
  const same = (output: Float32Array): Float32Array => output;
  const fromLast = (output: Float32Array): Float32Array => {
    const { length } = outputShape;
    const last = channelsLast(length).map((d) => outputShape[d] as number);
    return permuted(output, last, channelsFirst(length));
  };

  const { operator, attributes } = workload;
  const params = parametersOf(workload);
  const at = (name: string): number => params[name] ?? Number.NaN;
  const epilogue = epilogueForPeers(attributes.epilogue);
  if (epilogue === null) return null;
  const { activation, residual } = epilogue;
  // Its fused operators know these, but add nothing except a bias before them.
  const isFused = !residual && ['relu', 'relu6'].includes(activation);
  const extras = {
    ...(has('bias') ? { bias: tensor('bias') } : {}),
    ...(isFused ? { activation } : {}),
  };
  const r = residual ? tensor('r', outputShape.length === 4 ? channelsLast(4) : undefined) : null;
  const activated = (plain: Tensor): Tensor => {
    const x = r === null ? plain : tf.add(plain, r);
    if (isFused || activation === 'none') return x;
    if (activation === 'relu') return tf.relu(x);
    if (activation === 'relu6') return tf.relu6(x);
    if (activation === 'tanh') return tf.tanh(x);
    // The exact gelu, of single operators.
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  };

  switch (operator) {
    case 'conv2d':
    case 'depthwise_conv2d':
    case 'conv_transpose2d': {
      if (operator !== 'depthwise_conv2d' && at('groups') !== 1) return null;
      const image = tensor('X', channelsLast(4));
      const { strides, dilations, pads } = imageWindowOf(workload);
      const window = { strides, dilations, pad: paddingOf(pads) };
      if (operator === 'conv_transpose2d') {
        if (activation !== 'none') return null;
        const filter = tensor('W', [2, 3, 1, 0]);
        const shape = channelsLast(4).map((d) => outputShape[d] as number);
        const run = (): Tensor => tf.conv2dTranspose(image, filter, shape, strides, window.pad, 'floor');
        return { name: 'conv2dTranspose', run, toOurs: fromLast };
      }
      if (operator === 'conv2d') {
        const options = { x: image, filter: tensor('W', [2, 3, 1, 0]), ...window, ...extras };
        return { name: 'conv2d', run: () => activated(tf.fused.conv2d(options)), toOurs: fromLast };
      }
      const [c, kh, kw] = shapeOf('W') as [number, number, number];
      const options = { x: image, filter: tensor('W', [2, 3, 0, 1], [c, 1, kh, kw]), ...window, ...extras };
      return { name: 'depthwiseConv2d', run: () => activated(tf.fused.depthwiseConv2d(options)), toOurs: fromLast };
    }
    case 'conv1d': {
      if (at('groups') !== 1) return null;
      // As tf.conv1d does it, which can neither pad on both sides by a number nor add a bias.
      const [n, c, l] = shapeOf('X') as [number, number, number];
      const [oc, , k] = shapeOf('W') as [number, number, number];
      const right = at('pad_right') === -1 ? at('pad') : at('pad_right');
      const options = {
        x: tensor('X', [0, 2, 3, 1], [n, c, 1, l]),
        filter: tensor('W', [2, 3, 1, 0], [oc, c, 1, k]),
        strides: [1, at('stride')] as const,
        pad: paddingOf([0, at('pad'), 0, right]),
        dilations: [1, at('dilation')] as const,
        ...extras,
      };
      return { name: 'conv2d of height 1', run: () => activated(tf.fused.conv2d(options)), toOurs: fromLast };
    }
    case 'matmul': {
      const [a, b] = [tensor('A'), tensor('B')];
      const transposed = { transposeA: at('transpose_a') === 1, transposeB: at('transpose_b') === 1 };
      const product = (): Tensor => activated(tf.fused.matMul({ a, b, ...transposed, ...extras }));
      return { name: 'matMul', run: product, toOurs: same };
    }
    case 'attention': {
      const [q, k, v] = [tensor('Q'), tensor('K'), tensor('V')];
      const [m, n] = [at('m'), at('n')];
      // Its products do not repeat keys for several heads of queries.
      if (at('kv_heads') !== 0) return null;
      const masks = [
        ...(attributes.mask ? [tensor('M')] : []),
        ...(at('causal') === 1 ? [tf.tensor(causalMask(m, n), [m, n])] : []),
      ];
      const scale = attributes.scale ? Number(attributes.scale) : 1 / Math.sqrt(at('d'));
      const run = (): Tensor => {
        const scaled = tf.mul(tf.matMul(q, k, false, true), scale);
        return tf.matMul(tf.softmax(masks.reduce((all, mask) => tf.add(all, mask), scaled)), v);
      };
      return { name: 'matMul, softmax, matMul', run, toOurs: same };
    }
    case 'softmax': {
      const x = tensor('X');
      return { name: 'softmax', run: () => tf.softmax(x), toOurs: same };
    }
    case 'layer_norm':
    case 'rms_norm': {
      const [x, gamma] = [tensor('X'), tensor('gamma')];
      const beta = operator === 'layer_norm' ? tensor('beta') : null;
      const epsilon = Number(attributes.epsilon);
      const run = (): Tensor => {
        if (beta === null) return tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon))), gamma);
        const { mean, variance } = tf.moments(x, 1, true);
        const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
        return tf.add(tf.mul(normal, gamma), beta);
      };
      return { name: beta === null ? 'mean, rsqrt, mul' : 'moments, rsqrt, mul', run, toOurs: same };
    }
    case 'batch_norm': {
      const x = tensor('X', channelsLast(4));
      const [mean, variance, beta, gamma] = [tensor('mean'), tensor('variance'), tensor('beta'), tensor('gamma')];
      const epsilon = Number(attributes.epsilon);
      const run = (): Tensor => tf.batchNorm(x, mean, variance, beta, gamma, epsilon);
      return { name: 'batchNorm', run, toOurs: fromLast };
    }
    case 'max_pool2d': {
      const image = tensor('X', channelsLast(4));
      const { kernel_shape, strides, pads } = imageWindowOf(workload);
      const run = (): Tensor => tf.maxPool(image, kernel_shape, strides, paddingOf(pads));
      return { name: 'maxPool', run, toOurs: fromLast };
    }
    case 'reduce': {
      if (attributes.kind !== 'mean' || attributes.axes !== 'h,w') return null;
      const image = tensor('X', channelsLast(4));
      return { name: 'mean', run: () => tf.mean(image, [1, 2]), toOurs: same };
    }
    case 'transpose': {
      const x = tensor('X');
      const order = (attributes.order ?? '').split(',').map((axis) => ['n', 'c', 'h', 'w'].indexOf(axis.trim()));
      return { name: 'transpose', run: () => tf.transpose(x, order), toOurs: same };
    }
    case 'concat': {
      const parts = program.inputs.map((name) => tensor(name));
      return { name: 'concat', run: () => tf.concat(parts, 1), toOurs: same };
    }
    case 'elementwise': {
      const [x, y] = program.inputs.map((name) => tensor(name)) as [Tensor, Tensor];
      switch (elementwiseOf(attributes.expression)) {
        case 'hard swish':
          return {
            name: 'relu6, mul',
            run: () => tf.mul(tf.mul(x, tf.relu6(tf.add(x, 3))), 1 / 6),
            toOurs: same,
          };
        case 'product':
          return { name: 'mul', run: () => tf.mul(x, y), toOurs: same };
        case 'sum':
          return { name: 'add', run: () => tf.add(x, y), toOurs: same };
        case null:
          return null;
      }
      return null;
    }
    case 'glu': {
      if (at('packed') === 1 || attributes.activation !== 'silu') return null;
      const [gate, up] = [tensor('gate'), tensor('up')];
      return { name: 'sigmoid, mul', run: () => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up), toOurs: same };
    }
    case 'rope': {
      if (['interleaved', 'heads_last', 'batch_angles', 'rotary'].some((name) => at(name) !== 0)) return null;
      const x = tensor('X', undefined, [at('b'), at('h'), at('s'), at('d')]);
      const [cos, sin] = [tensor('cos'), tensor('sin')];
      const run = (): Tensor => {
        const [a, b] = tf.split(x, 2, 3) as [Tensor, Tensor];
        const turned = [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))];
        return tf.concat(turned, 3);
      };
      return { name: 'split, mul, add, concat', run, toOurs: same };
    }
    case 'group_norm': {
      const [n, c, groups, pixels] = [at('n'), at('c'), at('groups'), at('h') * at('w')];
      const x = tensor('X', undefined, [n, groups, (c / groups) * pixels]);
      const [gamma, beta] = [tensor('gamma', undefined, [c, 1]), tensor('beta', undefined, [c, 1])];
      const epsilon = Number(attributes.epsilon);
      const run = (): Tensor => {
        const { mean, variance } = tf.moments(x, 2, true);
        const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
        return tf.add(tf.mul(tf.reshape(normal, [n, c, pixels]), gamma), beta);
      };
      return { name: 'moments, rsqrt, mul', run, toOurs: same };
    }
    case 'resize': {
      const { coordinates, rounding, mode } = attributes;
      // Of nearest elements it knows those below alone.
      if (mode !== 'nearest' || coordinates !== 'asymmetric' || rounding !== 'floor') return null;
      const image = tensor('X', channelsLast(4));
      const size = [at('oh'), at('ow')] as const;
      return {
        name: 'resizeNearestNeighbor',
        run: () => tf.image.resizeNearestNeighbor(image, size),
        toOurs: fromLast,
      };
    }
    case 'gather': {
      if (at('outer') !== 1) return null;
      const table = tensor('X');
      // It counts from the first row alone.
      const fromFirst = Int32Array.from(inputs.indices ?? [], (index) => (index < 0 ? index + at('v') : index));
      const indices = tf.tensor(fromFirst, shapeOf('indices'), 'int32');
      return { name: 'gather', run: () => tf.gather(table, indices), toOurs: same };
    }
  }
  return null;
}

/** The explicit padding of an image with the channels last. */
function paddingOf([top, left, bottom, right]: readonly [number, number, number, number]): Padding {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}
