import { permuted } from './layout.ts';
import { contrib, type Drafting, type OnnxLayer } from './onnx-draft.ts';
import type { OnnxTensor } from './onnx-model.ts';

/**
 * The fused operator, which takes and gives [batch, position, head x length] and brings it into the order of heads itself, as exported
 * transformers do; and the same in single operators.
 */
export function attentionLayers({ workload, layer, at, values, shapeOf }: Drafting): readonly OnnxLayer[] {
  const [b, h, m, n, d, dv] = [at('b'), at('h'), at('m'), at('n'), at('d'), at('dv')] as const;
  const causal = at('causal') === 1;
  const kept = at('kv_heads') || h;
  const scale = workload.attributes.scale ? Number(workload.attributes.scale) : 1 / Math.sqrt(d);
  const isMasked = Boolean(workload.attributes.mask);
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
        { num_heads: h, scale: { float: scale }, ...(causal ? { unidirectional: 1 } : {}) },
        contrib,
      ),
    {
      outputShape: [b, m, h * dv],
      toOurs: (output) => permuted(output, [b, m, h, dv], [0, 2, 1, 3]),
      reshape: { Q: rows('Q', m, d), K: rows('K', n, d), V: rows('V', n, dv) },
    },
  );
  // Where heads are split, keys are brought into this order at once. Heads of queries that share keys repeat them by broadcasting.
  const shared = kept === h ? [] : [1];
  const K = { shape: [b, kept, ...shared, d, n], data: permuted(values('K'), shapeOf('K'), [0, 1, 3, 2]) };
  const V = { shape: [b, kept, ...shared, n, dv], data: values('V') };
  const single = layer(
    'MatMul, Softmax, MatMul',
    (draft) => {
      const scores = draft.add('MatMul', ['Q', 'K']);
      const scaled = draft.add('Mul', [scores, draft.constant(Float32Array.of(scale), [])]);
      const added = isMasked ? draft.add('Add', [scaled, 'M']) : scaled;
      const masked = causal ? draft.add('Add', [added, draft.constant(causalMask(m, n), [m, n])]) : added;
      return draft.add('MatMul', [draft.add('Softmax', [masked], { axis: -1 }), 'V']);
    },
    { reshape: { K, V } },
  );
  return kept === h && !isMasked ? [fused, single] : [single];
}

/** What is added to scores: nothing where a query sees a key, minus infinity elsewhere. */
export function causalMask(m: number, n: number): Float32Array {
  return Float32Array.from({ length: m * n }, (_, at) =>
    at % n <= Math.floor(at / n) + n - m ? 0 : Number.NEGATIVE_INFINITY,
  );
}
