import type { BinaryOp, Block, Expr, Iter, Program, Stmt } from './nodes.ts';
import { paddingOf } from './strides.ts';
import { dispatchExpr, type ExprTable } from './visit.ts';

const infix: { readonly [op in BinaryOp]?: string } = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  mod: '%',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  eq: '==',
  ne: '!=',
  and: '&&',
  or: '||',
};

const precedence: { readonly [op in BinaryOp]?: number } = {
  or: 1,
  and: 2,
  eq: 3,
  ne: 3,
  lt: 3,
  le: 3,
  gt: 3,
  ge: 3,
  add: 4,
  sub: 4,
  mul: 5,
  div: 5,
  mod: 5,
};

const table: ExprTable<string> = {
  int: (e) => String(e.value),
  float: (e) => (Number.isInteger(e.value) ? `${e.value}.0` : String(e.value)),
  var: (e) => e.name,
  load: (e) => `${e.buffer}[${e.indices.map(printExpr).join(', ')}]`,
  unary: (e) => (e.op === 'neg' ? `-(${printExpr(e.a)})` : `${e.op}(${printExpr(e.a)})`),
  cast: (e) => `${e.dtype}(${printExpr(e.a)})`,
  select: (e) => `select(${printExpr(e.condition)}, ${printExpr(e.then)}, ${printExpr(e.otherwise)})`,
  binary: (e) => {
    const sign = infix[e.op];
    if (sign === undefined) return `${e.op}(${printExpr(e.a)}, ${printExpr(e.b)})`;
    const own = precedence[e.op] ?? 0;
    return `${operand(e.a, own, false)} ${sign} ${operand(e.b, own, true)}`;
  },
};

function operand(expr: Expr, around: number, right: boolean): string {
  const text = printExpr(expr);
  if (expr.kind !== 'binary') return text;
  const own = precedence[expr.op];
  if (own === undefined) return text;
  return own < around || (right && own === around) ? `(${text})` : text;
}

export function printExpr(expr: Expr): string {
  return dispatchExpr(table, expr);
}

export interface PrintOptions {
  /** Loops and blocks to mark with `>>` at the line's start. */
  readonly marked?: ReadonlySet<string>;
}

/** The program as text, one line per loop, in the manner of TVM's script; deterministic, for people and golden files. */
export function printProgram(program: Program, options: PrintOptions = {}): string {
  const lines: string[] = [];
  const roles = new Map<string, string>();
  for (const name of program.inputs) roles.set(name, 'input');
  for (const name of program.outputs) roles.set(name, 'output');
  for (const buffer of program.buffers) {
    const role = roles.get(buffer.name) ?? buffer.scope;
    const padding = paddingOf(buffer);
    const shape = `${buffer.shape.join(', ')}${padding > 0 ? ` + ${padding}` : ''}`;
    lines.push(`${role} ${buffer.name}: ${buffer.dtype}[${shape}]`);
  }
  for (const stmt of program.body) printStmt(stmt, '', lines, options.marked ?? new Set());
  return lines.map((line) => (line.startsWith('>>') ? line : options.marked ? `  ${line}` : line)).join('\n');
}

function printStmt(stmt: Stmt, indent: string, lines: string[], marked: ReadonlySet<string>): void {
  switch (stmt.kind) {
    case 'seq':
      for (const child of stmt.body) printStmt(child, indent, lines, marked);
      return;
    case 'for': {
      const mode = stmt.mode === 'serial' ? '' : `  # ${stmt.mode}`;
      lines.push(`${marked.has(stmt.name) ? '>>' : ''}${indent}for ${stmt.name} in ${stmt.extent}${mode}`);
      printStmt(stmt.body, `${indent}  `, lines, marked);
      return;
    }
    case 'block':
      for (const line of printBlock(stmt)) lines.push(`${marked.has(stmt.name) ? '>>' : ''}${indent}${line}`);
      return;
  }
}

/** The sign after an iter's name tells its type. */
const signs: Record<Iter['type'], string> = { spatial: '', reduction: '~', ordered: '>' };

const tuple = (parts: readonly string[]): string => (parts.length === 1 ? parts.join() : `(${parts.join(', ')})`);

function printBlock(block: Block): string[] {
  const iters = block.iters.map((iter) => `${iter.name}${signs[iter.type]} = ${printExpr(iter.binding)}`);
  const where = block.predicate.length === 0 ? '' : `  where ${block.predicate.map(printExpr).join(' && ')}`;
  const lines = [`block ${block.name}(${iters.join(', ')})${where}`];
  const targets = block.writes.map((write) => `${write.buffer}[${write.indices.map(printExpr).join(', ')}]`);
  const values = block.writes.map((write) => printExpr(write.value));
  if (block.reducer === null) lines.push(...targets.map((target, i) => `  ${target} = ${values[i]}`));
  else {
    const start = block.reducer.initialises ? '' : '  # initialised before';
    lines.push(`  ${tuple(targets)} ${block.reducer.op}= ${tuple(values)}${start}`);
  }
  return lines;
}
