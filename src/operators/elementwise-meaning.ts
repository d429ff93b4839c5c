import type { Value } from './definition.ts';
import { comparisons, formulaFunctions, isComparison } from './elementwise-functions.ts';
import type { ElementFormula } from './elementwise-language.ts';
import * as te from './expression.ts';

/** The formula as a tensor expression in f32. */
export function tensorValueOf(formula: ElementFormula, operands: Readonly<Record<string, Value>>): Value {
  const value = (node: ElementFormula): Value => {
    switch (node.kind) {
      case 'number':
        return te.constant(node.value);
      case 'operand':
        // Every operand the formula uses has a tensor.
        return operands[node.name] as Value;
      case 'negate': {
        const a = value(node.a);
        return a.expr.kind === 'float' ? te.constant(-a.expr.value) : te.neg(a);
      }
      case 'binary': {
        const [a, b] = [value(node.a), value(node.b)];
        if (isComparison(node.op)) return te.select(comparisons[node.op].value(a, b), te.constant(1), te.constant(0));
        if (node.op === '+') return te.add(a, b);
        if (node.op === '-') return te.sub(a, b);
        return node.op === '*' ? te.mul(a, b) : te.div(a, b);
      }
      case 'call':
        return formulaFunctions[node.name].value(...node.args.map(value));
    }
  };
  return value(formula);
}

/** The formula's number for given operands, in float64; functions that jump are given arguments rounded as kernels round them. */
export function numberOf(formula: ElementFormula, operands: Readonly<Record<string, number>>): number {
  return evaluate(formula, operands, false);
}

function evaluate(formula: ElementFormula, operands: Readonly<Record<string, number>>, rounds: boolean): number {
  const rounded = (value: number): number => (rounds ? Math.fround(value) : value);
  switch (formula.kind) {
    case 'number':
      return rounded(formula.value);
    case 'operand':
      return operands[formula.name] ?? Number.NaN;
    case 'negate':
      return -evaluate(formula.a, operands, rounds);
    case 'binary': {
      const { op } = formula;
      const exactly = rounds || isComparison(op);
      const [a, b] = [evaluate(formula.a, operands, exactly), evaluate(formula.b, operands, exactly)];
      if (isComparison(op)) return Number(comparisons[op].number(a, b));
      if (op === '+') return rounded(a + b);
      if (op === '-') return rounded(a - b);
      return rounded(op === '*' ? a * b : a / b);
    }
    case 'call': {
      const { number, jumps } = formulaFunctions[formula.name];
      const args = formula.args.map((arg) => evaluate(arg, operands, rounds || jumps === true));
      return rounded(number(...args));
    }
  }
}
