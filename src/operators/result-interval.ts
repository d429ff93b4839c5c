import type { Block, Expr, Program } from '../ir/nodes.ts';
import { blocksOf } from '../ir/visit.ts';
import type { Fill } from './fill.ts';
import {
  between,
  difference,
  interval,
  logarithm,
  magnitude,
  product,
  quotient,
  type Reach,
  rising,
  root,
  sum,
  type ValueInterval,
} from './interval.ts';

/** The interval of an input's elements; it includes zero where the fill is thinned. */
const ofFill = ({ low, high, density }: Fill): ValueInterval =>
  density < 1 ? interval(Math.min(low, 0), Math.max(high, 0)) : interval(low, high);

/**
 * The interval of the first output of a plain program for inputs with these fills, by interval arithmetic through its stages; null where it
 * is not known. It is wider than the truth where an expression uses a buffer twice.
 */
export function resultInterval(program: Program, fills: Readonly<Record<string, Fill>>): Reach {
  const known = new Map<string, Reach>(Object.entries(fills).map(([name, fill]) => [name, ofFill(fill)]));
  for (const block of blocksOf(program)) {
    for (const [position, write] of block.writes.entries()) known.set(write.buffer, stageOf(block, position, known));
  }
  return known.get(program.outputs[0] ?? '') ?? null;
}

function stageOf(block: Block, position: number, known: ReadonlyMap<string, Reach>): Reach {
  const element = intervalOf(block.writes[position]?.value as Expr, block, known);
  if (element === null || block.reducer === null) return element;
  switch (block.reducer.op) {
    case 'sum': {
      const terms = block.iters.reduce((all, iter) => all * (iter.type === 'reduction' ? iter.extent : 1), 1);
      return product(element, interval(terms, terms));
    }
    case 'max':
    case 'maxNumber':
    case 'min':
    case 'argmax':
    case 'argmin':
      return element;
    default:
      return null;
  }
}

function intervalOf(expr: Expr, block: Block, known: ReadonlyMap<string, Reach>): Reach {
  const of = (part: Expr): Reach => intervalOf(part, block, known);
  switch (expr.kind) {
    case 'int':
      return between(expr.value);
    case 'float':
      return Number.isFinite(expr.value) ? between(expr.value) : null;
    case 'var': {
      const iter = block.iters.find((candidate) => candidate.name === expr.name);
      return iter === undefined ? null : interval(0, iter.extent - 1);
    }
    case 'load':
      return known.get(expr.buffer) ?? null;
    case 'cast':
      return of(expr.a);
    case 'select': {
      const parts = [expr.then, expr.otherwise]
        .filter((part) => part.kind !== 'float' || Number.isFinite(part.value))
        .map(of);
      if (parts.some((part) => part === null)) return null;
      return between(...parts.flatMap((part) => [(part as ValueInterval).low, (part as ValueInterval).high]));
    }
    case 'unary': {
      const a = of(expr.a);
      return a === null ? null : (unary[expr.op]?.(a) ?? null);
    }
    case 'binary': {
      const [a, b] = [of(expr.a), of(expr.b)];
      return a === null || b === null ? null : (binary[expr.op]?.(a, b) ?? null);
    }
  }
}

const unary: Readonly<Partial<Record<string, (a: ValueInterval) => Reach>>> = {
  neg: ({ low, high }) => interval(-high, -low),
  abs: magnitude,
  exp: rising(Math.exp),
  expNumber: rising(Math.exp),
  log: logarithm,
  sqrt: root,
  tanh: rising(Math.tanh),
  floor: rising(Math.floor),
};

const binary: Readonly<Partial<Record<string, (a: ValueInterval, b: ValueInterval) => Reach>>> = {
  add: sum,
  sub: difference,
  mul: product,
  div: quotient,
  max: (a, b) => between(Math.max(a.low, b.low), Math.max(a.high, b.high)),
  maxNumber: (a, b) => between(Math.max(a.low, b.low), Math.max(a.high, b.high)),
  min: (a, b) => between(Math.min(a.low, b.low), Math.min(a.high, b.high)),
};
