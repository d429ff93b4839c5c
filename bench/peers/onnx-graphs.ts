import type { InputValues } from '../../src/operators/operator.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { elementwiseOf, epilogueForPeers } from './formulas.ts';
import { attentionLayers } from './onnx-attention.ts';
import { contrib, type Draft, type Drafting, draftingOf, type OnnxLayer } from './onnx-draft.ts';
import { furtherLayers } from './onnx-further.ts';
import type { OnnxTensor } from './onnx-model.ts';
import { imageWindowOf } from './parameters.ts';

/** The ways in which ONNX Runtime may compute a workload, most usual first; none where it has no such operator. See `draftingOf`. */
export function onnxLayersOf(workload: Workload, given: InputValues): readonly OnnxLayer[] {
  const drafting = draftingOf(workload, given);
  const { layer, at, output, shapeOf, values, inputs } = drafting;
  const { operator, attributes } = workload;
  const epilogue = epilogueForPeers(attributes.epilogue);
  if (epilogue === null) return [];
  const { activation, residual } = epilogue;
  const activated = (draft: Draft, plain: string): string => {
    const result = residual ? draft.add('Add', [plain, 'r']) : plain;
    switch (activation) {
      case 'none':
        return result;
      case 'relu':
        return draft.add('Relu', [result]);
      case 'tanh':
        return draft.add('Tanh', [result]);
      case 'gelu':
        return draft.add('Gelu', [result], undefined, contrib);
      case 'relu6': {
        const [low, high] = [0, 6].map((bound) => draft.constant(Float32Array.of(bound), [])) as [string, string];
        return draft.add('Clip', [result, low, high]);
      }
    }
  };
  const bias = activation === 'none' ? [] : ['bias'];
  const reshaped = (name: string, to: (shape: readonly number[]) => readonly number[]): Record<string, OnnxTensor> => ({
    [name]: { shape: to(shapeOf(name)), data: values(name) },
  });
  /** ONNX has the channels of all groups in one dimension. */
  const ungrouped = (): Parameters<typeof layer>[2] => {
    if (at('groups') === 1) return {};
    const reshape = { ...reshaped('X', (shape) => joined(shape, 1)), ...reshaped('W', (shape) => joined(shape, 0)) };
    return { outputShape: joined(shapeOf(output), 1), reshape };
  };

  switch (operator) {
    case 'conv2d':
    case 'depthwise_conv2d': {
      const window = imageWindowOf(workload);
      const depthwise = operator === 'depthwise_conv2d';
      const convolution = { ...window, group: at(depthwise ? 'c' : 'groups') };
      const build = (draft: Draft): string => activated(draft, draft.add('Conv', ['X', 'W', ...bias], convolution));
      const reshape = reshaped('W', ([c = 1, ...taps]) => [c, 1, ...taps]);
      return [layer('Conv', build, depthwise ? { reshape } : ungrouped())];
    }
    case 'conv1d': {
      const pads = [at('pad'), at('pad_right') === -1 ? at('pad') : at('pad_right')];
      const steps = { kernel_shape: [at('k')], strides: [at('stride')], dilations: [at('dilation')] };
      const convolution = { ...steps, pads, group: at('groups') };
      const build = (draft: Draft): string => activated(draft, draft.add('Conv', ['X', 'W', ...bias], convolution));
      return [layer('Conv', build, ungrouped())];
    }
    case 'conv_transpose2d': {
      const across = at('output_pad_w') === -1 ? at('output_pad') : at('output_pad_w');
      const added = { output_padding: [at('output_pad'), across], group: at('groups') };
      const convolution = { ...imageWindowOf(workload), ...added };
      const build = (draft: Draft): string =>
        activated(draft, draft.add('ConvTranspose', ['X', 'W', ...bias], convolution));
      return [layer('ConvTranspose', build, ungrouped())];
    }
    case 'matmul': {
      const transposed = { transA: at('transpose_a'), transB: at('transpose_b') };
      const isTransposed = transposed.transA + transposed.transB > 0;
      // Only Gemm takes an operand that is stored transposed, and it knows no batches.
      if (isTransposed && at('b') > 1) return [];
      const hasBias = shapeOf('bias').length > 0;
      const product = (draft: Draft): string => {
        if (isTransposed) return draft.add('Gemm', ['A', 'B', ...(hasBias ? ['bias'] : [])], transposed);
        const plain = draft.add('MatMul', ['A', 'B']);
        return hasBias ? draft.add('Add', [plain, 'bias']) : plain;
      };
      const matrices = {
        outputShape: shapeOf(output).slice(1),
        reshape: { ...reshaped('A', (shape) => shape.slice(1)), ...reshaped('B', (shape) => shape.slice(1)) },
      };
      const build = (draft: Draft): string => activated(draft, product(draft));
      return [layer(isTransposed ? 'Gemm' : 'MatMul', build, at('b') === 1 ? matrices : {})];
    }
    case 'quantized_matmul': {
      const [n, blocks, words] = shapeOf('B') as [number, number, number];
      const packed = new Uint8Array(Uint32Array.from(inputs.B ?? []).buffer);
      const quantized = { N: at('n'), K: at('k'), bits: at('bits'), block_size: at('block') };
      if (at('zero_points') === 1) return [];
      return [
        layer('MatMulNBits', (draft) => draft.add('MatMulNBits', ['A', 'B', 'scales'], quantized, contrib), {
          outputShape: [at('m'), at('n')],
          reshape: {
            A: { shape: [at('m'), at('k')], data: values('A') },
            B: { shape: [n, blocks, words * 4], data: packed },
            scales: { shape: [n * blocks], data: values('scales') },
          },
        }),
      ];
    }
    case 'attention':
      return attentionLayers(drafting);
    case 'softmax':
      return [layer('Softmax', (draft) => draft.add('Softmax', ['X'], { axis: 1 }))];
    case 'layer_norm':
      return [
        layer('LayerNormalization', (draft) =>
          draft.add('LayerNormalization', ['X', 'gamma', 'beta'], {
            ...{ axis: -1, epsilon: { float: Number(attributes.epsilon) } },
          }),
        ),
      ];
    case 'rms_norm':
      return [
        layer('SimplifiedLayerNormalization', (draft) =>
          draft.add('SimplifiedLayerNormalization', ['X', 'gamma'], {
            ...{ axis: -1, epsilon: { float: Number(attributes.epsilon) } },
          }),
        ),
      ];
    case 'batch_norm':
      return [
        layer('BatchNormalization', (draft) =>
          draft.add('BatchNormalization', ['X', 'gamma', 'beta', 'mean', 'variance'], {
            epsilon: { float: Number(attributes.epsilon) },
          }),
        ),
      ];
    case 'max_pool2d':
      return [layer('MaxPool', (draft) => draft.add('MaxPool', ['X'], { ...imageWindowOf(workload) }))];
    case 'reduce': {
      const { kind, axes } = attributes;
      if (kind !== 'mean' || axes !== 'h,w') return [];
      return [
        layer('GlobalAveragePool', (draft) => draft.add('GlobalAveragePool', ['X']), {
          outputShape: [at('n'), at('c'), 1, 1],
        }),
      ];
    }
    case 'transpose': {
      const perm = (attributes.order ?? '').split(',').map((axis) => ['n', 'c', 'h', 'w'].indexOf(axis.trim()));
      return [layer('Transpose', (draft) => draft.add('Transpose', ['X'], { perm }))];
    }
    case 'concat': {
      const names = (attributes.parts ?? '').split(',').map((_, part) => `X${part}`);
      return [layer('Concat', (draft) => draft.add('Concat', names, { axis: 1 }))];
    }
    case 'elementwise':
      return elementwiseLayers(drafting);
    case 'glu':
    case 'rope':
    case 'group_norm':
    case 'resize':
    case 'gather':
      return furtherLayers(drafting);
    default:
      return [];
  }
}

function elementwiseLayers({ workload, layer }: Drafting): readonly OnnxLayer[] {
  switch (elementwiseOf(workload.attributes.expression)) {
    case 'hard swish':
      return [layer('HardSwish', (draft) => draft.add('HardSwish', ['x']))];
    case 'product':
      return [layer('Mul', (draft) => draft.add('Mul', ['x', 'y']))];
    case 'sum':
      return [layer('Add', (draft) => draft.add('Add', ['x', 'y']))];
    case null:
      return [];
  }
}

/** A shape with dimension `d` and the next as one. */
function joined(shape: readonly number[], d: number): readonly number[] {
  return [...shape.slice(0, d), (shape[d] as number) * (shape[d + 1] as number), ...shape.slice(d + 2)];
}
