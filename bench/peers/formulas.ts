/**
 * The formulas that layers of the suite have after their operator or as elementwise operators, by the text that a workload holds. Peers have no such
 * language: each formula names the operators that they have for it.
 */
export interface PeerEpilogue {
  readonly activation: 'none' | 'relu' | 'relu6' | 'gelu' | 'tanh';
  /** Whether a tensor `r` of the output's shape is added before it. */
  readonly residual: boolean;
}
export type Elementwise = 'hard swish' | 'product' | 'sum';

/** Formulas of a result `x` and a bias a channel. */
const epilogues: Readonly<Record<string, PeerEpilogue>> = {
  'relu(x + bias)': { activation: 'relu', residual: false },
  'clamp(x + bias, 0, 6)': { activation: 'relu6', residual: false },
  'gelu_erf(x + bias)': { activation: 'gelu', residual: false },
  'tanh(x + bias)': { activation: 'tanh', residual: false },
  'relu(x + bias + r); r: tensor': { activation: 'relu', residual: true },
};

const elementwise: Readonly<Record<string, Elementwise>> = {
  'x * clamp(x + 3, 0, 6) / 6': 'hard swish',
  'x * y': 'product',
  'x + y': 'sum',
};

/** What peers do after an operator; null where they have no operators for it. */
export function epilogueForPeers(epilogue: string | undefined): PeerEpilogue | null {
  return epilogue === undefined ? { activation: 'none', residual: false } : (epilogues[epilogue] ?? null);
}

/** What an elementwise expression is called; null where peers have no operators for it. */
export function elementwiseOf(expression: string | undefined): Elementwise | null {
  return elementwise[expression ?? ''] ?? null;
}
