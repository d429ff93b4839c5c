/**
 * The formulas that layers of the suite have after their operator or as elementwise operators, by the text that wgtune is given. Peers have no such
 * language: each formula names the operators that they have for it.
 */
export type Activation = 'relu' | 'relu6' | 'gelu' | 'tanh';
export type Elementwise = 'hard swish' | 'product' | 'sum' | 'gated silu';

/** Formulas of a result `x` and a bias a channel. */
const activations: Readonly<Record<string, Activation>> = {
  'relu(x + bias)': 'relu',
  'clamp(x + bias, 0, 6)': 'relu6',
  'gelu_erf(x + bias)': 'gelu',
  'tanh(x + bias)': 'tanh',
};

const elementwise: Readonly<Record<string, Elementwise>> = {
  'x * clamp(x + 3, 0, 6) / 6': 'hard swish',
  'x * y': 'product',
  'x + y': 'sum',
  'x * sigmoid(x) * y': 'gated silu',
};

/** The activation of an epilogue, null where there is none; `unknown` where peers have no operators for it. */
export function activationOf(epilogue: string | undefined): Activation | null | 'unknown' {
  return epilogue === undefined ? null : (activations[epilogue] ?? 'unknown');
}

/** What an elementwise expression is called; null where peers have no operators for it. */
export function elementwiseOf(expression: string | undefined): Elementwise | null {
  return elementwise[expression ?? ''] ?? null;
}
