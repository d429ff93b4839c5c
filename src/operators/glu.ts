import { refuse } from '../support/refusal.ts';
import { attribute, defineOperator, dimension, option } from './define.ts';
import type { Index, Tensor, Value } from './definition.ts';
import { fillsFor, isExactOnIntegers, ownTolerance } from './elementwise-inputs.ts';
import type { ElementFormula } from './elementwise-language.ts';
import { numberOf, tensorValueOf } from './elementwise-meaning.ts';
import { cast } from './expression.ts';
import { exact, exactIntegerLimit, type Fill } from './fill.ts';
import { compute, input, program } from './tensor.ts';

/** What may be applied to the gate, by the names that the elementwise language has for it. */
const activations = ['silu', 'gelu', 'gelu_tanh', 'gelu_erf', 'sigmoid', 'tanh', 'relu'] as const;
type Activation = (typeof activations)[number];

const isActivation = (text: string): text is Activation => (activations as readonly string[]).includes(text);

/** activation(x) * y: x is the gate, y what it lets through. */
function formulaOf(activation: string): ElementFormula {
  const name = isActivation(activation) ? activation : 'silu';
  const gate: ElementFormula = { kind: 'call', name, args: [{ kind: 'operand', name: 'x' }] };
  return { kind: 'binary', op: '*', a: gate, b: { kind: 'operand', name: 'y' } };
}

/**
 * Y = activation(gate) * up, element by element in f32 whatever the dtype. Two inputs, or one whose rows hold both halves one after the other.
 * After Shazeer, "GLU Variants Improve Transformer" (2020).
 */
defineOperator({
  name: 'glu',
  summary: 'gated linear unit: Y[rows,cols] = activation(gate) * up, from two inputs or from the halves of one',
  parameters: {
    rows: dimension(128, 'rows, e.g. tokens'),
    cols: dimension(256, 'columns of Y'),
    packed: option('one input X[rows,2*cols] holds gate and up, each half of a row'),
    gate_last: option('with packed: the gate is the second half of a row'),
  },
  attributes: {
    activation: attribute(
      'silu',
      'applied to the gate: silu (SwiGLU), gelu or gelu_erf (GEGLU, by tanh or by erf), sigmoid (GLU), relu (ReGLU), tanh',
    ),
  },
  examples: [
    { says: 'the feed-forward part of Llama: silu(gate) * up', shape: 'rows=128,cols=8192' },
    {
      says: 'the GLU of PyTorch: the first half times the sigmoid of the second',
      shape: 'packed=1,gate_last=1',
      attributes: { activation: 'sigmoid' },
    },
  ],
  check: (p, { activation }) => {
    if (!isActivation(activation))
      return refuse('bad-activation', () => `activation="${activation}" must be one of ${activations.join(', ')}`);
    if (!p.gate_last || p.packed) return null;
    return refuse(
      'gate-not-packed',
      () => 'gate_last=1 says which half of a row is the gate, and here it is an input of its own; give packed=1 too',
    );
  },
  build: (p, { activation }, dtype) => {
    const formula = formulaOf(activation);
    const halves = p.packed ? input('X', [p.rows, 2, p.cols], dtype) : null;
    const parts = ['gate', 'up'].map((name, part) => {
      if (halves === null) return input(name, [p.rows, p.cols], dtype);
      const half = p.gate_last ? 1 - part : part;
      return { at: (i: Index, j: Index) => halves.at(i, half, j) };
    });
    const Y = compute(
      'Y',
      { i: p.rows, j: p.cols },
      ({ i, j }) => {
        const [x, y] = parts.map((part) => cast('f32', part.at(i, j))) as [Value, Value];
        return cast(dtype, tensorValueOf(formula, { x, y }));
      },
      { stage: 'glu' },
    );
    return program(halves === null ? (parts as Tensor[]) : [halves], [Y]);
  },
  reference: (p, { activation }, { X, gate, up }) => {
    const formula = formulaOf(activation);
    return {
      Y: (flat) => {
        if (!p.packed) return numberOf(formula, { x: gate?.[flat] ?? Number.NaN, y: up?.[flat] ?? Number.NaN });
        const first = Math.floor(flat / p.cols) * 2 * p.cols + (flat % p.cols);
        const [x, y] = p.gate_last ? [first + p.cols, first] : [first, first + p.cols];
        return numberOf(formula, { x: X?.[x] ?? Number.NaN, y: X?.[y] ?? Number.NaN });
      },
    };
  },
  inputs: (p, { activation }, dtype) => {
    const fills = fillsFor(formulaOf(activation), exactIntegerLimit[dtype]);
    const [x, y] = [fills.x as Fill, fills.y as Fill];
    return p.packed ? { X: x } : { gate: x, up: y };
  },
  tolerance: (_, { activation }, dtype) => {
    const formula = formulaOf(activation);
    return isExactOnIntegers(formula, exactIntegerLimit[dtype]) ? exact : ownTolerance(formula, dtype);
  },
});
