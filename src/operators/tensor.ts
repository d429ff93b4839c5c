import * as ir from '../ir/builders.ts';
import type { Buffer, DType, Expr, Program, ReduceOp, Stmt } from '../ir/nodes.ts';
import { freshName, varsOf } from '../ir/visit.ts';
import { UserError } from '../support/errors.ts';
import type { AxisOf, Index, Reduction, Stage, Tensor, Value } from './definition.ts';
import { indexConstant, iterName, tensorsOf } from './expression.ts';

const nameForm = /^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$/;

function checkName(what: string, name: string): void {
  if (!nameForm.test(name))
    throw new UserError(`${what} "${name}" must be letters, digits and single underscores, starting with a letter`);
}

function checkExtent(what: string, extent: number): void {
  if (!Number.isSafeInteger(extent) || extent < 1)
    throw new UserError(`${what} must be a positive integer, got ${extent}`);
}

function makeTensor(
  name: string,
  dtype: DType,
  shape: readonly number[],
  stage: Stage | null,
  isConstant = false,
): Tensor {
  checkName('tensor name', name);
  shape.forEach((extent, dimension) => {
    checkExtent(`dimension ${dimension} of ${name}`, extent);
  });
  const tensor: Tensor = {
    name,
    dtype,
    shape,
    stage,
    isConstant,
    at: (...indices) => {
      if (indices.length !== shape.length) {
        throw new UserError(`${name} has ${shape.length} dimensions, got ${indices.length} indices`);
      }
      const all = indices.map((index) => (typeof index === 'number' ? indexConstant(index) : index));
      const exprs = all.map((index) => index.expr);
      return { kind: 'value', expr: ir.load(name, exprs), dtype, tensors: new Set([tensor, ...tensorsOf(all)]) };
    },
  };
  return tensor;
}

/**
 * A tensor that the caller provides. A scalar is a tensor of shape [1]. `constant`: it holds the same values in every run, as the weights of a
 * model do, so that schedules may lay it out anew, once.
 */
export function input(
  name: string,
  shape: readonly number[],
  dtype: DType,
  { constant: isConstant = false }: { readonly constant?: boolean } = {},
): Tensor {
  return makeTensor(name, dtype, shape, null, isConstant);
}

/**
 * Defines a tensor by the expression of one element: `compute('C', { i: m, j: n }, ({ i, j }) => sumOver(..., [k]))`.
 * `axes` names the dimensions, outermost first, with their extents; the tensor has that shape and the expression's dtype.
 * The definition is called `stage` (the block's name), by default the tensor's name and `_stage`: block, loop and buffer
 * names are one name space.
 */
export function compute<const A extends Readonly<Record<string, number>>>(
  name: string,
  axes: A,
  element: (index: { readonly [K in keyof A]: Index }) => Value | Reduction,
  options: { readonly stage?: string } = {},
): Tensor {
  const body = (index: { readonly [K in keyof A]: Index }): Definition => {
    const defined = element(index);
    return defined.kind === 'reduction' ? defined : { op: null, values: [defined], axes: [] };
  };
  return define([name], axes, body, options.stage ?? `${name}_stage`)[0] as Tensor;
}

/**
 * Defines several tensors of one shape by one reduction of tuples, e.g. the largest elements and their positions:
 * `computeTuple(['best', 'at'], { i: m }, ({ i }) => argMaxOver(X.at(i, k), [k]))`. Otherwise as `compute`.
 */
export function computeTuple<const A extends Readonly<Record<string, number>>>(
  names: readonly string[],
  axes: A,
  element: (index: { readonly [K in keyof A]: Index }) => Reduction,
  options: { readonly stage?: string } = {},
): readonly Tensor[] {
  return define(names, axes, element, options.stage ?? `${names[0]}_stage`);
}

interface Definition {
  readonly op: ReduceOp | null;
  readonly values: readonly Value[];
  readonly axes: Reduction['axes'];
}

function define<const A extends Readonly<Record<string, number>>>(
  names: readonly string[],
  axes: A,
  element: (index: { readonly [K in keyof A]: Index }) => Definition,
  stage: string,
): readonly Tensor[] {
  const name = names.join(' and ');
  checkName('stage name', stage);
  if (Object.keys(axes).length === 0) throw new UserError(`${name} needs an axis; a scalar has one of extent 1`);
  const spatial = Object.entries(axes).map(([axis, extent]): AxisOf => ({ name: axis, extent, type: 'spatial' }));
  const indices = Object.fromEntries(
    spatial.map((axis) => [axis.name, { kind: 'index', expr: ir.variable(iterName(axis.name)) } satisfies Index]),
  );
  // Object.fromEntries loses the type of the keys, which are those of `axes`.
  const { op, values, axes: reduced } = element(indices as { readonly [K in keyof A]: Index });
  if (op !== null && reduced.length === 0) throw new UserError(`${name} reduces over no axis`);
  if (values.length !== names.length)
    throw new UserError(
      `${op ?? 'the expression'} gives ${values.length} values, and ${names.length} ${names.length === 1 ? 'tensor is' : 'tensors are'} named: ${name}`,
    );
  const all = [
    ...spatial,
    ...reduced.map((axis): AxisOf => ({ name: axis.name, extent: axis.extent, type: 'reduction' })),
  ];
  const known = new Set<string>();
  for (const axis of all) {
    checkName(`axis of ${name}`, axis.name);
    checkExtent(`axis ${axis.name} of ${name}`, axis.extent);
    if (known.has(iterName(axis.name))) throw new UserError(`${name} has two axes named ${axis.name}`);
    known.add(iterName(axis.name));
  }
  for (const used of values.flatMap((value) => [...varsOf(value.expr)])) {
    if (!known.has(used))
      throw new UserError(`${name} uses an axis ${used.slice(1)} that it neither has nor reduces over`);
  }
  const shape = spatial.map((axis) => axis.extent);
  const defined: Stage = { name: stage, axes: all, values, reduce: op, tensors: [] };
  defined.tensors.push(...names.map((own, i) => makeTensor(own, (values[i] as Value).dtype, shape, defined)));
  return defined.tensors;
}

/** The outputs and all tensors they depend on, each after those it depends on. */
function inOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const visit = (tensor: Tensor): void => {
    if (order.includes(tensor)) return;
    for (const { tensors } of tensor.stage?.values ?? []) for (const read of tensors) visit(read);
    // The tensors of one stage stay together.
    order.push(...(tensor.stage?.tensors ?? [tensor]));
  };
  for (const output of outputs) visit(output);
  return order;
}

/**
 * The program that computes `outputs` from `inputs` (both in binding order): one nest of serial loops per stage, all buffers in
 * storage. A loop is named after its axis; where stages share a name, the last one keeps it and the others have `rowMax_i`.
 */
export function program(inputs: readonly Tensor[], outputs: readonly Tensor[]): Program {
  const tensors = inOrder(outputs);
  for (const tensor of tensors) {
    if (tensor.stage === null && !inputs.includes(tensor))
      throw new UserError(`${tensor.name} is read but is not among the inputs`);
  }
  for (const tensor of inputs) {
    if (tensor.stage !== null) throw new UserError(`${tensor.name} is computed, so it cannot be an input`);
    if (!tensors.includes(tensor)) throw new UserError(`input ${tensor.name} is never read`);
  }
  for (const tensor of outputs) {
    if (tensor.stage === null) throw new UserError(`output ${tensor.name} is not computed`);
  }
  const between = tensors.filter((tensor) => tensor.stage !== null && !outputs.includes(tensor));
  const taken = new Set<string>();
  const stages = [...new Set(tensors.flatMap((tensor) => (tensor.stage === null ? [] : [tensor.stage])))];
  for (const { name } of [...tensors, ...stages]) {
    if (taken.has(name)) throw new UserError(`two tensors or stages are named ${name}`);
    taken.add(name);
  }
  // Last stage first: it keeps the plain axis names.
  const body: Stmt[] = [];
  for (const stage of stages.toReversed()) body.unshift(nestOf(stage, taken));
  const constants = inputs.filter((tensor) => tensor.isConstant).map((tensor) => tensor.name);
  return {
    inputs: inputs.map((tensor) => tensor.name),
    ...(constants.length > 0 ? { constants } : {}),
    outputs: outputs.map((tensor) => tensor.name),
    buffers: [...inputs, ...outputs, ...between].map(
      ({ name, dtype, shape }): Buffer => ({ name, dtype, shape, scope: 'storage' }),
    ),
    body,
  };
}

function nestOf(stage: Stage, taken: Set<string>): Stmt {
  const loops = stage.axes.map((axis) => {
    const name = taken.has(axis.name) ? freshName(taken, `${stage.tensors.at(-1)?.name}_${axis.name}`) : axis.name;
    taken.add(name);
    return { ...axis, loop: name };
  });
  const indices = loops.filter((axis) => axis.type === 'spatial').map((axis): Expr => ir.variable(iterName(axis.name)));
  const block: Stmt = {
    kind: 'block',
    name: stage.name,
    iters: loops.map(({ name, extent, type, loop }) => ({
      name: iterName(name),
      extent,
      type,
      binding: ir.variable(loop),
    })),
    predicate: [],
    writes: stage.values.map(({ expr }, i) => ({ buffer: stage.tensors[i]?.name as string, indices, value: expr })),
    reducer: stage.reduce === null ? null : { op: stage.reduce, initialises: true },
  };
  return loops.reduceRight<Stmt>((inner, axis) => ir.forLoop(axis.loop, axis.extent, inner), block);
}
