import { permuted } from './layout.ts';
import { contrib, type Drafting, type OnnxLayer } from './onnx-draft.ts';
import type { OnnxTensor } from './onnx-model.ts';

/**
 * The fused operator, which takes and gives [batch, position, head x length] and brings it into the order of heads itself, as exported
 * transformers do; and the same in single operators.
 */
export function attentionLayers({ layer, at, values, shapeOf }: Drafting): readonly OnnxLayer[] {
  const [b, h, m, n, d, dv] = [at('b'), at('h'), at('m'), at('n'), at('d'), at('dv')] as const;
  const causal = at('causal') === 1;
  const rows = (name: string, length: number, each: number): OnnxTensor => ({
    shape: [b, length, h * each],
    data: permuted(values(name), shapeOf(name), [0, 2, 1, 3]),
  });
  const fused = layer(
    'MultiHeadAttention',
    (draft) =>
      draft.add(
        'MultiHeadAttention',
        ['Q', 'K', 'V'],
        { num_heads: h, ...(causal ? { unidirectional: 1 } : {}) },
        contrib,
      ),
    {
      outputShape: [b, m, h * dv],
      toOurs: (output) => permuted(output, [b, m, h, dv], [0, 2, 1, 3]),
      reshape: { Q: rows('Q', m, d), K: rows('K', n, d), V: rows('V', n, dv) },
    },
  );
  // Where heads are split, keys are brought into this order at once.
  const K = { shape: [b, h, d, n], data: permuted(values('K'), shapeOf('K'), [0, 1, 3, 2]) };
  const single = layer(
    'MatMul, Softmax, MatMul',
    (draft) => {
      const scores = draft.add('MatMul', ['Q', 'K']);
      const scaled = draft.add('Mul', [scores, draft.constant(Float32Array.of(1 / Math.sqrt(d)), [])]);
      const masked = causal ? draft.add('Add', [scaled, draft.constant(causalMask(m, n), [m, n])]) : scaled;
      return draft.add('MatMul', [draft.add('Softmax', [masked], { axis: -1 }), 'V']);
    },
    { reshape: { K } },
  );
  return [fused, single];
}

/** What is added to scores: nothing where a query sees a key, minus infinity elsewhere. */
export function causalMask(m: number, n: number): Float32Array {
  return Float32Array.from({ length: m * n }, (_, at) =>
    at % n <= Math.floor(at / n) + n - m ? 0 : Number.NEGATIVE_INFINITY,
  );
}
