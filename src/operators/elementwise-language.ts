import { UserError } from '../support/errors.ts';
import { type Comparison, type FunctionName, formulaFunctions, isComparison } from './elementwise-functions.ts';

/*
 * The small language of elementwise expressions: numbers, operands (x, y, z ..., or in an epilogue any name), + - * /, unary minus, comparisons
 * (1 where they hold, else 0), parentheses and the functions of elementwise-functions.ts. It is parsed into a tree and never evaluated as code.
 *
 *   expression = sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
 *   sum        = product (("+" | "-") product)*
 *   product    = factor (("*" | "/") factor)*
 *   factor     = "-" factor | number | operand | function "(" expression ("," expression)* ")" | "(" expression ")"
 */

/** With the result these make eight buffers, as many as every WebGPU device can bind. */
export const operandNames = ['x', 'y', 'z', 'u', 'v', 'p', 'q'] as const;
export type OperandName = (typeof operandNames)[number];

type Sign = '+' | '-' | '*' | '/' | Comparison;

export type ElementFormula =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'operand'; readonly name: string }
  | { readonly kind: 'negate'; readonly a: ElementFormula }
  | { readonly kind: 'binary'; readonly op: Sign; readonly a: ElementFormula; readonly b: ElementFormula }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly ElementFormula[] };

/** A text that is no expression: the sentence says what was expected and at which character, counted from 1. */
interface FormulaError {
  readonly kind: 'formula-error';
  readonly message: string;
}

const longestText = 500;

interface Token {
  readonly text: string;
  readonly kind: 'number' | 'name' | 'sign' | 'end';
  readonly at: number;
}

const tokenForm =
  /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(<=|>=|==|!=|[-+*/(),<>]))/y;

function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(formulaFunctions, name);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  tokenForm.lastIndex = 0;
  const end = text.trimEnd().length;
  while (tokenForm.lastIndex < end) {
    const start = tokenForm.lastIndex;
    const match = tokenForm.exec(text);
    if (match === null) {
      const at = start + (text.slice(start).length - text.slice(start).trimStart().length);
      throw new UserError(`"${text[at]}" at character ${at + 1} has no meaning here`);
    }
    const [number, name, sign] = match.slice(1);
    const found = number ?? name ?? sign ?? '';
    const kind = number !== undefined ? 'number' : name !== undefined ? 'name' : 'sign';
    tokens.push({ text: found, kind, at: tokenForm.lastIndex - found.length });
  }
  tokens.push({ text: '', kind: 'end', at: end });
  return tokens;
}

/** The tree of an expression over these operands (null: any name that is not a function's), or what is wrong with its text. */
export function parseFormula(
  text: string,
  operands: readonly string[] | null = operandNames,
): ElementFormula | FormulaError {
  try {
    if (text.trim() === '') throw new UserError('it is empty');
    if (text.length > longestText) throw new UserError(`it is longer than ${longestText} characters`);
    return parseTokens(tokensOf(text), operands);
  } catch (fault) {
    if (fault instanceof UserError) return { kind: 'formula-error', message: fault.message };
    throw fault;
  }
}

function parseTokens(tokens: readonly Token[], operands: readonly string[] | null): ElementFormula {
  let next = 0;
  const peek = (): Token => tokens[Math.min(next, tokens.length - 1)] as Token;
  const describe = (token: Token): string =>
    token.kind === 'end' ? 'the expression ends' : `"${token.text}" stands at character ${token.at + 1}`;
  const expect = (sign: string): void => {
    if (peek().text !== sign) throw new UserError(`expected "${sign}" where ${describe(peek())}`);
    next++;
  };

  const chain = (signs: readonly string[], part: () => ElementFormula): ElementFormula => {
    let left = part();
    while (peek().kind === 'sign' && signs.includes(peek().text)) {
      const op = peek().text as '+' | '-' | '*' | '/';
      next++;
      left = { kind: 'binary', op, a: left, b: part() };
    }
    return left;
  };
  const expression = (): ElementFormula => {
    const a = sum();
    if (peek().kind !== 'sign' || !isComparison(peek().text)) return a;
    const op = peek().text as Comparison;
    next++;
    return { kind: 'binary', op, a, b: sum() };
  };
  const sum = (): ElementFormula => chain(['+', '-'], product);
  const product = (): ElementFormula => chain(['*', '/'], factor);

  const call = (name: Token): ElementFormula => {
    if (!isFunctionName(name.text)) {
      throw new UserError(
        `there is no function "${name.text}"; the functions are ${Object.keys(formulaFunctions).join(', ')}`,
      );
    }
    expect('(');
    const args = [expression()];
    while (peek().text === ',') {
      next++;
      args.push(expression());
    }
    expect(')');
    const { arity } = formulaFunctions[name.text];
    if (args.length !== arity) {
      throw new UserError(`${name.text} takes ${arity} argument${arity > 1 ? 's' : ''}, got ${args.length}`);
    }
    return { kind: 'call', name: name.text, args };
  };

  const factor = (): ElementFormula => {
    const token = peek();
    next++;
    if (token.kind === 'number') {
      const value = Number(token.text);
      // No WGSL literal can be printed for a number beyond f32.
      if (value > 3.4e38) throw new UserError(`${token.text} is too large`);
      return { kind: 'number', value };
    }
    if (token.text === '-') return { kind: 'negate', a: factor() };
    if (token.text === '(') {
      const inner = expression();
      expect(')');
      return inner;
    }
    if (token.kind === 'name') {
      if (peek().text === '(' || isFunctionName(token.text)) return call(token);
      if (operands === null || operands.includes(token.text)) return { kind: 'operand', name: token.text };
      throw new UserError(`there is no operand "${token.text}"; the operands are ${operands.join(', ')}`);
    }
    throw new UserError(`expected a value where ${describe(token)}`);
  };

  const formula = expression();
  if (peek().kind !== 'end') throw new UserError(`expected an operator where ${describe(peek())}`);
  return formula;
}

/** The operands a formula uses, in the order of their first use. */
export function operandsOf(formula: ElementFormula): string[] {
  const used = new Set<string>();
  const visit = (node: ElementFormula): void => {
    if (node.kind === 'operand') used.add(node.name);
    if (node.kind === 'negate') visit(node.a);
    if (node.kind === 'call') node.args.forEach(visit);
    if (node.kind === 'binary') {
      visit(node.a);
      visit(node.b);
    }
  };
  visit(formula);
  return [...used];
}
