import * as ir from '../ir/builders.ts';
import type { Block, Buffer, Expr, Program, Stmt, Write } from '../ir/nodes.ts';
import { blocksOf, freshName, namesOf, replaceInProgram } from '../ir/visit.ts';
import { assert, UserError } from '../support/errors.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import type { Value } from './definition.ts';
import { dtypesOf, elementDtype } from './element-dtype.ts';
import {
  domainOf,
  fillsFor,
  integerMagnitude,
  isEverFinite,
  isExactOnIntegers,
  ownTolerance,
} from './elementwise-inputs.ts';
import { type ElementFormula, operandsOf } from './elementwise-language.ts';
import { numberOf, tensorValueOf } from './elementwise-meaning.ts';
import { type EpilogueFormula, parseEpilogue, result } from './epilogue-text.ts';
import { cast } from './expression.ts';
import { exact, exactIntegerLimit, type Fill, integers, isEquality, type Tolerance } from './fill.ts';
import type { AttributeSpec, InputValues } from './operator.ts';
import type { ElementReference } from './references.ts';
import { resultInterval } from './result-interval.ts';
import type { Workload } from './workload.ts';

/*
 * An epilogue is a formula applied to every element of an operator's output, e.g. `relu(x + bias)`: x is that element, every other
 * name a new input with one value per channel, or, where the text says so, with the output's shape. It is a stage of its own after the operator's, in f32 whatever the dtype, and
 * schedules fuse it. Any operator with one output can carry it, also a user's.
 */

/** The attribute by which workloads give an epilogue. */
export const epilogueAttribute: AttributeSpec = {
  kind: 'attribute',
  default: '',
  optional: true,
  doc:
    'applied to each result, e.g. relu(x + bias) or relu(x + r): x is the result, r and residual are inputs of its whole shape, any other ' +
    'name an input of one value a channel; "; name: tensor" or "; name: channel" behind the formula says so of any name',
};

/** What an epilogue's text says; null for the empty text. Throws UserError where checkEpilogue refuses. */
export function epilogueOf(text: string): EpilogueFormula | null {
  if (text.trim() === '') return null;
  const epilogue = parseEpilogue(text);
  if (epilogue.kind === 'epilogue-error') throw new UserError(`epilogue "${text}": ${epilogue.message}`);
  return epilogue;
}

const inputsOf = (formula: ElementFormula): string[] => operandsOf(formula).filter((name) => name !== result);

/** Why a text is no epilogue of an operator with this plain program, or null. */
export function checkEpilogue(text: string, program: Program): Refusal | null {
  const bad = (message: string): Refusal => refuse('bad-epilogue', () => `epilogue "${text}": ${message}`);
  const epilogue = parseEpilogue(text);
  if (epilogue.kind === 'epilogue-error') return bad(epilogue.message);
  const { formula } = epilogue;
  if (program.outputs.length !== 1) return bad(`the operator has ${program.outputs.length} outputs; expected one`);
  if (!operandsOf(formula).includes(result)) return bad(`it does not use ${result}, the operator's result`);
  const tensors = new Set(program.buffers.map((buffer) => buffer.name));
  const taken = namesOf(program);
  for (const { name } of epilogue.inputs) {
    if (taken.has(name)) {
      const what = tensors.has(name) ? 'tensor' : 'loop or stage';
      return bad(`the operator has a ${what} ${name} already; give the input another name`);
    }
    if (!/^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$/.test(name))
      return bad(`the input name "${name}" must be letters, digits and single underscores, starting with a letter`);
  }
  if (!isEverFinite(formula)) return bad('it gives no finite number on any input tried');
  return null;
}

const isVariable = (expr: Expr, name: string | undefined): boolean => expr.kind === 'var' && expr.name === name;

/**
 * The program without its output: the block that computes it writes an intermediate buffer instead, which is returned as `plain`. Its name
 * is none of `taken`.
 */
function withoutOutput(
  program: Program,
  block: Block,
  write: Write,
  output: Buffer,
  taken: ReadonlySet<string>,
): { program: Program; plain: Buffer } {
  const find = (stmt: Stmt): boolean => stmt === block;
  const others = program.buffers.filter((buffer) => buffer !== output);
  // A value that was computed in f32 and only stored in f16 is not rounded before the epilogue.
  const wide =
    block.reducer === null &&
    write.value.kind === 'cast' &&
    elementDtype(write.value.a, dtypesOf(program.buffers)) === 'f32'
      ? write.value.a
      : null;
  if (wide?.kind === 'load') {
    const copied = others.find((buffer) => buffer.name === wide.buffer && !program.inputs.includes(buffer.name));
    const plainly = wide.indices.every((index, d) => isVariable(index, nameOf(write.indices[d])));
    // A stage that only did this rounding is left out.
    if (copied !== undefined && plainly && copied.shape.join() === output.shape.join())
      return { program: { ...replaceInProgram(program, find, () => null), buffers: others }, plain: copied };
  }
  const name = freshName(taken, `${output.name}_plain`);
  const plain: Buffer = { ...output, name, dtype: wide === null ? output.dtype : 'f32' };
  const writes = block.writes.map((own) => (own === write ? { ...own, buffer: name, value: wide ?? own.value } : own));
  const instead: Block = { ...block, writes };
  return { program: { ...replaceInProgram(program, find, () => instead), buffers: [...others, plain] }, plain };
}

const nameOf = (expr: Expr | undefined): string | undefined => (expr?.kind === 'var' ? expr.name : undefined);

/**
 * C = f(..)   ->   C_plain = f(..); C = formula(C_plain, bias[channel])
 * `channels` are the dimensions of the output that inputs follow unless they are tensors; the output keeps its name, the block of the formula
 * is called `epilogue` and its loops `epilogue_i`. An output of integers (positions) becomes one of `dtype`.
 */
export function withEpilogue(
  program: Program,
  { formula, inputs }: EpilogueFormula,
  channels: readonly number[],
  dtype: Workload['dtype'],
): Program {
  const made = program.buffers.find((buffer) => buffer.name === program.outputs[0]);
  const block = blocksOf(program).find((candidate) => candidate.writes.some((write) => write.buffer === made?.name));
  const write = block?.writes.find((own) => own.buffer === made?.name);
  assert(made !== undefined && block !== undefined && write !== undefined, 'a plain program writes its output');
  const taken = namesOf(program);
  for (const { name } of inputs) taken.add(name);
  const { program: before, plain } = withoutOutput(program, block, write, made, taken);
  const output: Buffer = made.dtype === 'f32' || made.dtype === 'f16' ? made : { ...made, dtype };

  taken.add(plain.name);
  const iters = write.indices.map((index, d) => nameOf(index) ?? `v${d}`);
  const indices = iters.map((iter) => ir.variable(iter));
  const loops = iters.map((iter) => {
    const loop = freshName(taken, `epilogue_${iter.replace(/^v/, '')}`);
    taken.add(loop);
    return loop;
  });
  const added = inputs.map(({ name, isTensor }) => {
    const followed = isTensor ? output.shape.map((_, d) => d) : channels;
    const shape = followed.map((d) => output.shape[d] as number);
    const buffer: Buffer = { name, dtype: output.dtype, shape, scope: 'storage' };
    return { buffer, at: followed.map((d) => indices[d] as Expr) };
  });
  const elementOf = (buffer: Buffer, at: readonly Expr[]): Value =>
    cast('f32', { kind: 'value', expr: ir.load(buffer.name, at), dtype: buffer.dtype, tensors: new Set() });
  const operands = Object.fromEntries([
    [result, elementOf(plain, indices)],
    ...added.map(({ buffer, at }) => [buffer.name, elementOf(buffer, at)] as const),
  ]);
  const body: Block = {
    kind: 'block',
    name: freshName(taken, 'epilogue'),
    iters: iters.map((name, d) => ({
      name,
      extent: output.shape[d] as number,
      type: 'spatial',
      binding: ir.variable(loops[d] as string),
    })),
    predicate: [],
    writes: [{ buffer: output.name, indices, value: cast(output.dtype, tensorValueOf(formula, operands)).expr }],
    reducer: null,
  };
  const nest = loops.reduceRight<Stmt>((inner, loop, d) => ir.forLoop(loop, output.shape[d] as number, inner), body);
  const isInput = (buffer: Buffer): boolean => program.inputs.includes(buffer.name);
  return {
    inputs: [...program.inputs, ...added.map(({ buffer }) => buffer.name)],
    outputs: program.outputs,
    buffers: [
      ...before.buffers.filter(isInput),
      ...added.map(({ buffer }) => buffer),
      output,
      ...before.buffers.filter((buffer) => !isInput(buffer)),
    ],
    body: [...before.body, nest],
  };
}

/** The reference of an operator's output with an epilogue, made from the one without. `shape` is the output's. */
export function epilogueReference(
  plain: ElementReference,
  { formula, inputs: declared }: EpilogueFormula,
  inputs: InputValues,
  shape: readonly number[],
  channels: readonly number[],
): ElementReference {
  return (flat) => {
    const coordinates: number[] = [];
    let rest = flat;
    for (let d = shape.length - 1; d >= 0; d--) {
      const extent = shape[d] as number;
      coordinates[d] = rest % extent;
      rest = Math.floor(rest / extent);
    }
    const channel = channels.reduce((at, d) => at * (shape[d] as number) + (coordinates[d] as number), 0);
    const operands: Record<string, number> = { [result]: plain(flat) };
    for (const { name, isTensor } of declared) operands[name] = inputs[name]?.[isTensor ? flat : channel] ?? Number.NaN;
    return numberOf(formula, operands);
  };
}

/**
 * Fills for the operator's and the formula's inputs: integers where everything stays exact; else the operator's own fills, made positive or
 * negative where its results lie in the formula's domain only then. Where neither helps, results that are not finite are compared as such.
 */
export function epilogueFills(
  formula: ElementFormula,
  plain: Tolerance,
  own: Readonly<Record<string, Fill>>,
  program: Program,
): Readonly<Record<string, Fill>> {
  if (isExact(formula, plain)) {
    const fill = integers(-integerMagnitude, integerMagnitude);
    return { ...own, ...Object.fromEntries(inputsOf(formula).map((name) => [name, fill])) };
  }
  for (const change of [same, positive, negative]) {
    const fills = Object.fromEntries(Object.entries(own).map(([name, fill]) => [name, change(fill)]));
    const given = resultInterval(program, fills);
    if (given === null || domainOf(formula, { [result]: given }) === null) continue;
    return { ...fills, ...fillsFor(formula, 0, { [result]: given }) };
  }
  const { [result]: _, ...fills } = fillsFor(formula, 0);
  return { ...own, ...fills };
}

const same = (fill: Fill): Fill => fill;
/** A fill's values above zero; a thinned fill stays as it is, because sums are exact only with its zeros. */
const positive = (fill: Fill): Fill =>
  fill.density === 1 && fill.high >= fill.step ? { ...fill, low: Math.max(fill.low, fill.step) } : fill;
const negative = (fill: Fill): Fill =>
  fill.density === 1 && fill.low <= -fill.step ? { ...fill, high: Math.min(fill.high, -fill.step) } : fill;

/** An exact operator's results are assumed to stay below this: a sum of products of small integers comes nowhere near it. */
const largestResult = 2 ** 20;

/** Whether operator and formula are exact on integers: arithmetic is in f32, and the expectation rounds as the store does. */
function isExact(formula: ElementFormula, plain: Tolerance): boolean {
  if (!isEquality(plain)) return false;
  const magnitude = (operand: string): number => (operand === result ? largestResult : integerMagnitude);
  return isExactOnIntegers(formula, exactIntegerLimit.f32, magnitude);
}

/** The tolerance that the formula's arithmetic needs: none where it is exact on integers. */
export function formulaTolerance(formula: ElementFormula, plain: Tolerance, dtype: Workload['dtype']): Tolerance {
  return isExact(formula, plain) ? exact : ownTolerance(formula, dtype);
}

/** The size that results of operators that are not exact are assumed to have where a formula may cancel them. */
const typicalResult = 8;

/**
 * How far outputs may be off: not at all where operator and formula are exact on integers. Else by the operator's own error, which a
 * formula enlarges (up to fourfold allowed) and which is absolute where an addition cancels, and the formula's, as in `elementwise`.
 */
export function epilogueTolerance(formula: ElementFormula, plain: Tolerance, dtype: Workload['dtype']): Tolerance {
  if (isExact(formula, plain)) return plain;
  const own = formulaTolerance(formula, plain, dtype);
  return {
    absolute: own.absolute + 4 * (plain.absolute + typicalResult * plain.relative),
    relative: own.relative + 4 * plain.relative,
  };
}
