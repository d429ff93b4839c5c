import { f16round } from '@petamoriken/float16';
import { variable } from '../ir/builders.ts';
import type { Block, Buffer, DType, Expr, For, Program, Reducer, Stmt } from '../ir/nodes.ts';
import { reducers } from '../ir/reducers.ts';
import { assert, InternalError } from '../support/errors.ts';
import { roundEven } from '../support/round-even.ts';
import { type Code, compileExpr, type Site } from './interpret-expr.ts';

/** Functions whose result is open where an operand is NaN, as the least friendly device computes them. */
export const ofNumbers = {
  exp: (a: number): number => (Number.isNaN(a) ? Number.POSITIVE_INFINITY : Math.exp(a)),
  max: (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b)),
} as const;

/** Contents of buffers by name, packed row-major. */
type BufferValues = Readonly<Record<string, Float64Array>>;

interface InterpretOptions {
  /** Rounds every operation and every store to its dtype (f32 or f16) as a device does; without it everything is float64. */
  readonly rounding?: boolean;
}

/** One write of a block: its buffer's dtype, and the texts of the element and of the value. */
interface Target {
  readonly dtype: DType;
  readonly element: string;
  readonly value: string;
}

/**
 * Turns any program, plain or scheduled, into a JavaScript function from the input buffers to all buffers. It is the meaning of
 * the IR: loops of every mode run in order, a block runs where its predicate holds, a select evaluates one branch. Buffers of
 * every scope have their whole declared shape (strides do not matter here) and hold NaN until written, so that reading an
 * element that was never written shows in the result. An access outside a shape, or an iter outside its extent, throws with its name.
 *
 * The function's text is made from the IR's structure alone: names are replaced by numbers, so no user's text is evaluated.
 */
function compileProgram(program: Program, options: InterpretOptions = {}): (inputs: BufferValues) => BufferValues {
  const rounding = options.rounding ?? false;
  const buffers = new Map(program.buffers.map((buffer, slot) => [buffer.name, { buffer, slot }]));
  const sites: Site[] = [];
  const lines: string[] = [];
  let variables = 0;

  const expression = (expr: Expr, scope: ReadonlyMap<string, Code>, block: string): Code =>
    compileExpr(expr, { scope, buffers, sites, rounding, block });

  const stored = (text: string, dtype: DType): string => {
    if (dtype === 'bool') return `+(${text})`;
    return rounding && (dtype === 'f32' || dtype === 'f16') ? `${dtype}(${text})` : text;
  };

  /** All old elements and all new values are read before anything is stored. */
  const emitReduction = ({ name }: Block, reducer: Reducer, targets: readonly Target[], first: string): void => {
    const { identity, combine } = reducers[reducer.op];
    const dtypes = targets.map(({ dtype }) => dtype);
    if (reducer.initialises) {
      const stores = identity(dtypes).map(({ value }, i) => `${targets[i]?.element} = ${value};`);
      lines.push(`if (${first}) { ${stores.join(' ')} }`);
    }
    const scope = new Map<string, Code>();
    const named = (text: string, type: DType): Expr => {
      const known = `v${variables++}`;
      lines.push(`const ${known} = ${text};`);
      scope.set(known, { text: known, type });
      return variable(known);
    };
    const old = targets.map(({ element, dtype }) => named(element, dtype));
    const added = targets.map(({ value, dtype }) => named(value, dtype));
    combine(old, added, dtypes).forEach((result, i) => {
      const { element, dtype } = targets[i] as Target;
      lines.push(`${element} = ${stored(expression(result, scope, name).text, dtype)};`);
    });
  };

  const emitBlock = (block: Block, scope: ReadonlyMap<string, Code>): void => {
    const conditions = block.predicate.map((conjunct) => expression(conjunct, scope, block.name).text);
    lines.push(conditions.length > 0 ? `if (${conditions.join(' && ')}) {` : '{');
    const iters = new Map<string, Code>();
    const reductionIters: string[] = [];
    for (const iter of block.iters) {
      const binding = expression(iter.binding, scope, block.name);
      const text = `v${variables++}`;
      const proved = binding.range !== undefined && binding.range.low >= 0 && binding.range.high < iter.extent;
      if (!proved) sites.push({ block: block.name, what: `iter ${iter.name}` });
      lines.push(
        `const ${text} = ${proved ? binding.text : `check(${binding.text}, ${iter.extent}, ${sites.length - 1})`};`,
      );
      iters.set(iter.name, { text, type: 'index', range: { low: 0, high: iter.extent - 1 } });
      if (iter.type === 'reduction') reductionIters.push(text);
    }
    const targets = block.writes.map((write): Target => {
      const dtype = buffers.get(write.buffer)?.buffer.dtype;
      assert(
        dtype !== undefined,
        () => `block ${block.name} writes ${write.buffer}, which the program does not declare`,
      );
      const element = expression({ kind: 'load', buffer: write.buffer, indices: write.indices }, iters, block.name);
      const value = expression(write.value, iters, block.name);
      return { dtype, element: element.text, value: value.text };
    });
    if (block.reducer === null) {
      for (const { dtype, element, value } of targets) lines.push(`${element} = ${stored(value, dtype)};`);
    } else {
      const first = reductionIters.map((iter) => `${iter} === 0`).join(' && ') || 'true';
      emitReduction(block, block.reducer, targets, first);
    }
    lines.push('}');
  };

  const emitLoop = (loop: For, scope: ReadonlyMap<string, Code>): void => {
    const text = `l${variables++}`;
    lines.push(`for (let ${text} = 0; ${text} < ${loop.extent}; ${text}++) {`);
    const inner = new Map(scope);
    inner.set(loop.name, { text, type: 'index', range: { low: 0, high: loop.extent - 1 } });
    emit(loop.body, inner);
    lines.push('}');
  };

  const emit = (stmt: Stmt, scope: ReadonlyMap<string, Code>): void => {
    if (stmt.kind === 'for') emitLoop(stmt, scope);
    else if (stmt.kind === 'block') emitBlock(stmt, scope);
    else for (const child of stmt.body) emit(child, scope);
  };

  for (const stmt of program.body) {
    // One function per top-level statement, because V8 optimises each by itself.
    lines.push('(() => {');
    emit(stmt, new Map());
    lines.push('})();');
  }

  const check = (index: number, extent: number, site: number): number => {
    if (index >= 0 && index < extent) return index;
    const found = sites[site];
    throw new InternalError(`block ${found?.block}: ${found?.what} is ${index}, outside [0, ${extent})`);
  };
  const names = program.buffers.map((_, slot) => `b${slot}`);
  const run = new Function(
    ...names,
    'check',
    'f32',
    'f16',
    'roundEven',
    'number',
    `'use strict';\n${lines.join('\n')}`,
  );

  return (inputs) => {
    const values: Record<string, Float64Array> = {};
    for (const buffer of program.buffers) values[buffer.name] = contentsOf(buffer, program, inputs);
    run(...program.buffers.map((buffer) => values[buffer.name]), check, Math.fround, f16round, roundEven, ofNumbers);
    return values;
  };
}

/** Runs a program once: the input buffers' values in, all buffers' values out. */
export function interpret(program: Program, inputs: BufferValues, options: InterpretOptions = {}): BufferValues {
  return compileProgram(program, options)(inputs);
}

function contentsOf(buffer: Buffer, program: Program, inputs: BufferValues): Float64Array {
  const size = buffer.shape.reduce((product, extent) => product * extent, 1);
  if (!program.inputs.includes(buffer.name)) return new Float64Array(size).fill(Number.NaN);
  const given = inputs[buffer.name];
  assert(given !== undefined, () => `interpret: input ${buffer.name} has no values`);
  assert(given.length === size, () => `interpret: input ${buffer.name} has ${given.length} values, expected ${size}`);
  return given;
}
