import { contrib, type Drafting, type OnnxLayer } from './onnx-draft.ts';

/** Operators of language and diffusion models that ONNX Runtime has under names of its own, or makes of several. */
export function furtherLayers({ workload, layer, at, output, shapeOf, values }: Drafting): readonly OnnxLayer[] {
  const { operator, attributes } = workload;
  switch (operator) {
    case 'glu':
      if (at('packed') === 1 || attributes.activation !== 'silu') return [];
      return [
        layer('QuickGelu, Mul', (draft) =>
          draft.add('Mul', [draft.add('QuickGelu', ['gate'], { alpha: { float: 1 } }, contrib), 'up']),
        ),
      ];
    case 'rope': {
      if (['interleaved', 'heads_last', 'batch_angles', 'rotary'].some((name) => at(name) !== 0)) return [];
      const shape = [at('b'), at('h'), at('s'), at('d')];
      return [
        layer(
          'RotaryEmbedding',
          (draft) => {
            const first = draft.constant(BigInt64Array.of(0n));
            return draft.add('RotaryEmbedding', ['X', first, 'cos', 'sin'], { interleaved: 0 }, contrib);
          },
          { outputShape: shape, reshape: { X: { shape, data: values('X') } } },
        ),
      ];
    }
    case 'group_norm': {
      // As exporters write it: a group is an instance with its channels in a row.
      const [n, c, h, w, groups] = [at('n'), at('c'), at('h'), at('w'), at('groups')];
      const image = [n, c, h, w];
      const perChannel = (name: string) => ({ shape: [c, 1, 1], data: values(name) });
      return [
        layer(
          'InstanceNormalization, Mul, Add',
          (draft) => {
            const rows = draft.add('Reshape', ['X', draft.constant(BigInt64Array.of(BigInt(n), BigInt(groups), -1n))]);
            const [ones, zeros] = [1, 0].map((value) => draft.constant(new Float32Array(groups).fill(value))) as [
              string,
              string,
            ];
            const epsilon = { epsilon: { float: Number(attributes.epsilon) } };
            const normal = draft.add('InstanceNormalization', [rows, ones, zeros], epsilon);
            const back = draft.add('Reshape', [normal, draft.constant(BigInt64Array.from(image.map(BigInt)))]);
            return draft.add('Add', [draft.add('Mul', [back, 'gamma']), 'beta']);
          },
          {
            outputShape: image,
            reshape: {
              ...{ X: { shape: image, data: values('X') } },
              ...{ gamma: perChannel('gamma'), beta: perChannel('beta') },
            },
          },
        ),
      ];
    }
    case 'resize': {
      const bilinear = attributes.mode === 'bilinear';
      return [
        layer('Resize', (draft) => {
          const sizes = draft.constant(BigInt64Array.from(shapeOf(output).map(BigInt)));
          return draft.add('Resize', ['X', '', '', sizes], {
            mode: bilinear ? 'linear' : 'nearest',
            coordinate_transformation_mode: attributes.coordinates ?? '',
            ...(bilinear ? {} : { nearest_mode: attributes.rounding ?? '' }),
          });
        }),
      ];
    }
    case 'gather':
      if (at('outer') !== 1 || shapeOf('indices').length === 0) return [];
      return [layer('Gather', (draft) => draft.add('Gather', ['X', 'indices'], { axis: 0 }))];
  }
  return [];
}
