import type { InputValues } from '../../src/operators/operator.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { programOf } from '../../src/tuner/build.ts';
import type { OnnxGraph, OnnxNode, OnnxTensor } from './onnx-model.ts';
import { parametersOf } from './parameters.ts';

/** A way to compute a workload with ONNX operators. */
export interface OnnxLayer {
  /** The operators in words, for tables. */
  readonly name: string;
  readonly graph: OnnxGraph;
  /** The output as the workload lays it out. */
  readonly toOurs: (output: Float32Array) => Float32Array;
}

/** Operators that ONNX Runtime has beside ONNX's own. */
export const contrib = 'com.microsoft';

/** A graph under construction. */
export interface Draft {
  /** Adds a node and gives the name of its output. */
  readonly add: (
    type: string,
    inputs: readonly string[],
    attributes?: OnnxNode['attributes'],
    domain?: string,
  ) => string;
  /** Adds a constant and gives its name; a list when no shape is given. */
  readonly constant: (data: OnnxTensor['data'], shape?: readonly number[]) => string;
}

interface LayerOptions {
  readonly outputShape?: readonly number[];
  readonly toOurs?: (output: Float32Array) => Float32Array;
  /** Inputs in a shape or an order of ONNX's own. */
  readonly reshape?: Readonly<Record<string, OnnxTensor>>;
}

/** A workload and the means to draft graphs of it, which begin with its inputs by their names. */
export interface Drafting {
  readonly workload: Workload;
  readonly layer: (name: string, build: (draft: Draft) => string, options?: LayerOptions) => OnnxLayer;
  readonly at: (parameter: string) => number;
  readonly output: string;
  /** Of an input or the output; empty where there is no such tensor. */
  readonly shapeOf: (name: string) => readonly number[];
  readonly values: (name: string) => Float32Array;
  readonly inputs: InputValues;
}

const weights = new Set(['W', 'bias', 'gamma', 'beta', 'mean', 'variance', 'scales', 'cos', 'sin']);

/** `inputs`: the workload's values by name. What a network has as weights is stored in the model, so that the runtime may pack it once. */
export function draftingOf(workload: Workload, inputs: InputValues): Drafting {
  const program = programOf(workload);
  const parameters = parametersOf(workload);
  const [output = ''] = program.outputs;
  const bufferOf = (name: string) => program.buffers.find((buffer) => buffer.name === name);
  const shapeOf = (name: string): readonly number[] => bufferOf(name)?.shape ?? [];
  const dtypeOf = (name: string) => bufferOf(name)?.dtype;
  const values = (name: string): Float32Array => Float32Array.from(inputs[name] ?? []);
  const isWeight = (name: string): boolean =>
    weights.has(name) ||
    (name === 'B' && (parameters.b ?? 1) === 1) ||
    (name === 'X' && workload.operator === 'gather');
  const layer: Drafting['layer'] = (
    name,
    build,
    { outputShape = shapeOf(output), toOurs = (found: Float32Array) => found, reshape = {} } = {},
  ) => {
    const nodes: OnnxNode[] = [];
    const initializers: Record<string, OnnxTensor> = {};
    const given: Record<string, OnnxTensor> = {};
    for (const input of program.inputs)
      (isWeight(input) ? initializers : given)[input] = reshape[input] ?? {
        shape: shapeOf(input),
        data: dtypeOf(input) === 'i32' ? Int32Array.from(inputs[input] ?? []) : values(input),
      };
    const last = build({
      add: (type, from, attributes, domain) => {
        const result = `t${nodes.length}`;
        nodes.push({
          ...{ type, inputs: from, outputs: [result] },
          ...(attributes === undefined ? {} : { attributes }),
          ...(domain === undefined ? {} : { domain }),
        });
        return result;
      },
      constant: (data, shape = [data.length]) => {
        const made = `c${Object.keys(initializers).length}`;
        initializers[made] = { shape, data };
        return made;
      },
    });
    return { name, graph: { nodes, initializers, inputs: given, outputs: { [last]: outputShape } }, toOurs };
  };
  return { workload, layer, at: (name) => parameters[name] ?? Number.NaN, output, shapeOf, values, inputs };
}
