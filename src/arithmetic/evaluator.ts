import { type Formula, meanings, type Open } from './formula.ts';

/** The positions of open numbers among the values, and the numbers that stand in for unknown ones; without these they stay unknown. */
interface Inputs {
  readonly positionOf: (open: Open) => number;
  readonly instead?: ArrayLike<number>;
}

/**
 * Formulas as statements of JavaScript, one per operation; shared parts are computed once. Only numbers and operators become text, never
 * names. `use` writes the statement that follows a formula's value as soon as that is known.
 */
function statementsOf(
  formulas: readonly Formula[],
  { positionOf, instead }: Inputs,
  use: (value: string, at: number) => string,
): string {
  const lines: string[] = [];
  const names = new Map<string, string>();
  const seen = new Map<Formula, string>();
  const named = (key: string, text: string): string => {
    const known = names.get(key);
    if (known !== undefined) return known;
    const name = `t${names.size}`;
    names.set(key, name);
    lines.push(`const ${name} = ${text};`);
    return name;
  };
  const place = (formula: Formula): string => {
    if (typeof formula === 'number') return formula < 0 ? `(${formula})` : `${formula}`;
    const before = seen.get(formula);
    if (before !== undefined) return before;
    let name: string;
    if (formula.kind === 'open') {
      const at = positionOf(formula);
      const value = `values[${at}]`;
      name = named(value, instead === undefined ? value : `${value} === ${value} ? ${value} : ${instead[at]}`);
    } else {
      const text = meanings[formula.op](place(formula.a), place(formula.b), place(formula.c), instead !== undefined);
      name = named(text, text);
    }
    seen.set(formula, name);
    return name;
  };
  for (const [at, formula] of formulas.entries()) {
    const value = place(formula);
    lines.push(use(value, at));
  }
  return lines.join('\n');
}

/** A function that writes the values of formulas to `into` from `offset` on; NaN stands for an unknown one. It allocates nothing. */
export function createEvaluator(
  formulas: readonly Formula[],
  inputs: Inputs,
): (values: Float64Array, into: Float64Array, offset: number) => void {
  const body = statementsOf(formulas, inputs, (value, at) => `into[offset + ${at}] = ${value};`);
  return new Function('values', 'into', 'offset', body) as ReturnType<typeof createEvaluator>;
}

/** A function that gives the position of the first condition that is known to hold, or -1. It allocates nothing. */
export function createFinder(conditions: readonly Formula[], inputs: Inputs): (values: Float64Array) => number {
  const body = statementsOf(conditions, inputs, (value, at) => `if (${value} === 1) return ${at};`);
  return new Function('values', `${body}\nreturn -1;`) as ReturnType<typeof createFinder>;
}

/** Names of the open numbers that a formula depends on. */
export function openIn(formula: Formula, into = new Set<string>(), seen = new Set<Formula>()): Set<string> {
  if (typeof formula === 'number' || seen.has(formula)) return into;
  seen.add(formula);
  if (formula.kind === 'open') into.add(formula.name);
  else for (const part of [formula.a, formula.b, formula.c]) openIn(part, into, seen);
  return into;
}
