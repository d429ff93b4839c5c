import { findOperator } from '../../src/operators/catalog.ts';
import { expectedAt } from '../../src/operators/inputs.ts';
import type { InputValues } from '../../src/operators/operator.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { UserError } from '../../src/support/errors.ts';
import { notMapped, sizeOf } from './call.ts';
import { mappings } from './mappings.ts';
import type { Model, Tensor } from './model.ts';

/** A tensor of the graph; `step` is the step that computes it, null where nothing has to run. */
export interface Value {
  readonly shape: readonly number[];
  /** What the operator's reference says, rounded to f32: the inputs of the steps that read this tensor. */
  readonly values: Float64Array;
  readonly step: Step | null;
}

/** One workload of ours with its data. A case is a list of them. */
export interface Step {
  readonly workload: Workload;
  readonly inputs: InputValues;
  readonly output: string;
  readonly reference: Float64Array;
}

export interface StepWish {
  readonly shape: Readonly<Record<string, number>>;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, Value>>;
  /** Of the result as the graph sees it. */
  readonly result: readonly number[];
}

/** The means by which mappings add steps. */
export interface Plan {
  readonly valueOf: (name: string) => Value;
  /** Adds a step that runs a workload, and returns what it computes. */
  readonly run: (operator: string, wish: StepWish) => Value;
}

/** A step whose output the graph's author states: the expected values are theirs, not ours. */
export interface Check {
  readonly step: Step;
  /** Flat positions that are compared; WGSL promises nothing about infinities and NaN. */
  readonly positions: Uint32Array;
  readonly expected: Float64Array;
}

export interface PlannedCase {
  readonly steps: readonly Step[];
  readonly checks: readonly Check[];
}

function runnerOf(steps: Step[]): Plan['run'] {
  return (operator, { shape, attributes = {}, inputs, result }) => {
    const workload = makeWorkload(operator, { shape, attributes });
    const program = findOperator(operator).build(workload);
    const values: Record<string, Float64Array> = {};
    for (const name of program.inputs) {
      const given = inputs[name]?.values;
      const size = sizeOf(program.buffers.find((buffer) => buffer.name === name)?.shape ?? []);
      if (given?.length !== size)
        throw new Error(`${operator}: ${name} has ${given?.length} values instead of ${size}`);
      values[name] = given;
    }
    const [output = ''] = program.outputs;
    const reference = expectedAt(workload, values, output, null, program);
    if (reference.length !== sizeOf(result))
      throw new Error(`${operator}: ${reference.length} results where the graph has [${result.join(', ')}]`);
    const step = { workload, inputs: values, output, reference };
    steps.push(step);
    return { shape: result, values: reference, step };
  };
}

function valueOfTensor(tensor: Tensor): Value {
  if (tensor.dtype === 'other') return notMapped(`tensor "${tensor.name}" is neither float nor an integer`);
  return { shape: tensor.shape, values: tensor.values, step: null };
}

/** Why a case is not run. */
export interface NotMapped {
  readonly reason: string;
}

/** The operators of a graph that have no counterpart among ours, or null. */
export function unknownOperators(model: Model): NotMapped | null {
  if (model.hasOtherThanTensors) return { reason: 'its inputs and outputs are not all tensors' };
  const unknown = model.nodes
    .filter(({ type, domain }) => !['', 'ai.onnx'].includes(domain) || !Object.hasOwn(mappings, type))
    .map(({ type }) => type);
  return unknown.length === 0 ? null : { reason: `nothing here is ${[...new Set(unknown)].join(', ')}` };
}

/** The steps that compute a graph from given inputs, and what its outputs must be; or why there are none. */
export function planCase(model: Model, inputs: readonly Tensor[], outputs: readonly Tensor[]): PlannedCase | NotMapped {
  const unknown = unknownOperators(model);
  if (unknown !== null) return unknown;
  try {
    return planKnown(model, inputs, outputs);
  } catch (error) {
    if (error instanceof UserError) return { reason: error.message };
    throw error;
  }
}

function planKnown(model: Model, inputs: readonly Tensor[], outputs: readonly Tensor[]): PlannedCase {
  const integral = [...inputs, ...outputs].find(({ dtype }) => dtype === 'other');
  if (integral !== undefined || outputs.some(({ dtype }) => dtype !== 'float'))
    return notMapped('it computes something else than f32');
  const values = new Map<string, Value>();
  for (const [name, tensor] of model.initializers) values.set(name, valueOfTensor(tensor));
  model.inputs.forEach((name, i) => {
    const tensor = inputs[i];
    if (tensor !== undefined) values.set(name, valueOfTensor(tensor));
  });
  const steps: Step[] = [];
  const plan: Plan = {
    valueOf: (name) => values.get(name) ?? notMapped(`the data set has no value of "${name}"`),
    run: runnerOf(steps),
  };
  for (const node of model.nodes) {
    const results = mappings[node.type]?.({ node, opset: model.opset, plan }) ?? [];
    node.outputs.forEach((name, i) => {
      const result = results[i];
      if (name === '') return;
      if (result === undefined) notMapped(`output ${i} of ${node.type} is not computed`);
      values.set(name, result);
    });
  }
  const checks = model.outputs.map((name, i): Check => {
    const { step, shape } = plan.valueOf(name);
    const tensor = outputs[i];
    if (step === null) return notMapped(`output "${name}" needs no computation`);
    if (tensor === undefined || tensor.shape.join() !== shape.join())
      throw new Error(`output "${name}" is [${tensor?.shape.join(', ')}] in the data set, [${shape.join(', ')}] here`);
    const positions = Uint32Array.from(tensor.values.keys()).filter((at) => Number.isFinite(tensor.values[at]));
    if (positions.length === 0) return notMapped('nothing but infinities and NaN is expected');
    return { step, positions, expected: Float64Array.from(positions, (at) => tensor.values[at] as number) };
  });
  return { steps, checks };
}
