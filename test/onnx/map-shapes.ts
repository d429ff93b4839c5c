import {
  axisOf,
  type Call,
  inputOf,
  integerOf,
  integersOfAttribute,
  integersOfInput,
  notMapped,
  sizeOf,
} from './call.ts';
import type { Plan, Value } from './plan.ts';

const dimensions = ['n', 'c', 'h', 'w'] as const;

/** The dimensions of a tensor in another order; those that stay neighbours move as one, since our operator has four. */
export function permute(plan: Plan, X: Value, order: readonly number[]): Value {
  const result = order.map((d) => X.shape[d] as number);
  const runs: number[][] = [];
  for (const d of order.filter((candidate) => X.shape[candidate] !== 1)) {
    const last = runs.at(-1);
    const between = last === undefined ? [] : X.shape.slice((last.at(-1) as number) + 1, d);
    if (last !== undefined && d > (last.at(-1) as number) && sizeOf(between) === 1) last.push(d);
    else runs.push([d]);
  }
  if (runs.length > dimensions.length) notMapped(`a transpose of ${runs.length} dimensions`);
  const inMemory = runs.toSorted(([a = 0], [b = 0]) => a - b);
  const nameOf = new Map(inMemory.map((run, i) => [run, dimensions[i + dimensions.length - runs.length] as string]));
  const spare = dimensions.slice(0, dimensions.length - runs.length);
  const extents = inMemory.map((run) => [nameOf.get(run), sizeOf(run.map((d) => X.shape[d] as number))]);
  return plan.run('transpose', {
    shape: { ...Object.fromEntries(spare.map((name) => [name, 1])), ...Object.fromEntries(extents) },
    attributes: { order: [...spare, ...runs.map((run) => nameOf.get(run))].join(',') },
    inputs: { X },
    result,
  });
}

export function mapTranspose(call: Call): Value[] {
  const X = inputOf(call, 0);
  const order = integersOfAttribute(call, 'perm') ?? X.shape.map((_, d) => X.shape.length - 1 - d);
  return [permute(call.plan, X, order)];
}

export function mapConstant({ node }: Call): Value[] {
  const value = node.attributes.get('value')?.tensor;
  if (value === undefined || value === null || value.dtype === 'other') return notMapped('a Constant of another kind');
  return [{ shape: value.shape, values: value.values, step: null }];
}

/** The same elements under another shape: nothing has to run. */
function reshaped(call: Call, shape: readonly number[]): Value[] {
  const X = inputOf(call, 0);
  if (sizeOf(shape) !== X.values.length) throw new Error(`${call.node.type} to [${shape.join(', ')}]`);
  return [{ ...X, shape }];
}

export function mapReshape(call: Call): Value[] {
  const X = inputOf(call, 0);
  const wanted = integersOfAttribute(call, 'shape') ?? integersOfInput(call, 1) ?? notMapped('Reshape without a shape');
  const copied = wanted.map((extent, d) => (extent === 0 ? (X.shape[d] as number) : extent));
  const known = copied.reduce((all, extent) => (extent === -1 ? all : all * extent), 1);
  return reshaped(
    call,
    copied.map((extent) => (extent === -1 ? X.values.length / known : extent)),
  );
}

export function mapFlatten(call: Call): Value[] {
  const { shape } = inputOf(call, 0);
  const axis = axisOf(integerOf(call, 'axis', 1), shape.length);
  return reshaped(call, [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))]);
}

export function mapSqueeze(call: Call): Value[] {
  const { shape } = inputOf(call, 0);
  const given = integersOfAttribute(call, 'axes') ?? integersOfInput(call, 1);
  const axes = given?.map((axis) => axisOf(axis, shape.length)) ?? null;
  return reshaped(
    call,
    shape.filter((extent, d) => (axes === null ? extent !== 1 : !axes.includes(d))),
  );
}

export function mapUnsqueeze(call: Call): Value[] {
  const { shape } = inputOf(call, 0);
  const given = integersOfAttribute(call, 'axes') ?? integersOfInput(call, 1) ?? [];
  const rank = shape.length + given.length;
  const axes = given.map((axis) => axisOf(axis, rank));
  const rest = [...shape];
  return reshaped(
    call,
    Array.from({ length: rank }, (_, d) => (axes.includes(d) ? 1 : (rest.shift() as number))),
  );
}

export function mapIdentity(call: Call): Value[] {
  return [inputOf(call, 0)];
}
