import type { Program } from '../ir/nodes.ts';
import { assert, UserError } from '../support/errors.ts';
import type { Refusal } from '../support/refusal.ts';
import type { Fill, Tolerance } from './fill.ts';
import type { AttributeSpec, ElementReference, InputValues, Operator, ParameterSpec } from './operator.ts';
import { registerOperator } from './registry.ts';
import type { Workload } from './workload.ts';

/** The largest value a parameter may have, so that every index fits a 32-bit integer. */
export const largestParameter = 2 ** 31 - 1;

/** An integer parameter with bounds, e.g. a stride; `min` is 0 unless given. */
export interface IntegerParameter<K extends 'dimension' | 'integer'> extends ParameterSpec {
  readonly kind: K;
}
export interface FlagParameter extends ParameterSpec {
  readonly kind: 'flag';
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function bounded<K extends 'dimension' | 'integer'>(
  kind: K,
  fallback: number,
  doc: string,
  lowest: number,
  bounds: Bounds,
): IntegerParameter<K> {
  const min = bounds.min ?? lowest;
  const max = bounds.max ?? largestParameter;
  if (!Number.isSafeInteger(fallback) || fallback < min || fallback > max) {
    throw new UserError(`the default ${fallback} of "${doc}" must be an integer in [${min}, ${max}]`);
  }
  return { kind, default: fallback, min, max, doc };
}

/** A size: at least 1 unless told otherwise. */
export function dimension(fallback: number, doc: string, bounds: Bounds = {}): IntegerParameter<'dimension'> {
  return bounded('dimension', fallback, doc, 1, bounds);
}

/** Any other bounded integer (stride, padding): at least 0 unless told otherwise. */
export function integer(fallback: number, doc: string, bounds: Bounds = {}): IntegerParameter<'integer'> {
  return bounded('integer', fallback, doc, 0, bounds);
}

/** Yes or no; written 0 or 1 in shapes and records. */
export function flag(fallback: boolean, doc: string): FlagParameter {
  return { kind: 'flag', default: fallback ? 1 : 0, min: 0, max: 1, doc };
}

/** A text. */
export function attribute(fallback: string, doc: string): AttributeSpec {
  return { kind: 'attribute', default: fallback, doc };
}

/** The parameters as an operator's own functions get them: numbers, flags as booleans. */
export type Parameters<P extends Readonly<Record<string, ParameterSpec>>> = {
  readonly [K in keyof P]: P[K] extends FlagParameter ? boolean : number;
};
export type Attributes<A extends Readonly<Record<string, AttributeSpec>>> = { readonly [K in keyof A]: string };

type Dtype = Workload['dtype'];

/** What `defineOperator` takes. `p` are the parameters, `a` the text attributes, with the types their declarations say. */
export interface OperatorDefinition<
  P extends Readonly<Record<string, ParameterSpec>>,
  A extends Readonly<Record<string, AttributeSpec>>,
> {
  /** How the command line calls it: lower-case letters, digits, underscores. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** In the order in which workloads list them. */
  readonly parameters: P;
  readonly attributes?: A;
  /** Constraints between parameters (each alone is already within its bounds); null when they go together. */
  readonly check?: (p: Parameters<P>, a: Attributes<A>) => Refusal | null;
  /** The tensor expression: ends in a call of `program` of tensor.ts. */
  readonly build: (p: Parameters<P>, a: Attributes<A>, dtype: Dtype) => Program;
  /**
   * What the outputs must be, in plain loops over the inputs (float64, packed row-major), for each output a function of the flat
   * index: large outputs are checked at sampled positions. Write it independently of `build`: it is what programs are judged by.
   */
  readonly reference: (
    p: Parameters<P>,
    a: Attributes<A>,
    inputs: InputValues,
  ) => Readonly<Record<string, ElementReference>>;
  /**
   * What each input is filled with for verification. Use `exactIntegers` where the outputs are sums of products, so that results
   * must be equal bit for bit, and `reals` where the operator has transcendental functions.
   */
  readonly inputs: (p: Parameters<P>, a: Attributes<A>, dtype: Dtype) => Readonly<Record<string, Fill>>;
  /** `exact`, or how far an output may be from the reference rounded to the output's dtype. */
  readonly tolerance: (p: Parameters<P>, a: Attributes<A>, dtype: Dtype) => Tolerance;
}

/**
 * Declares an operator, registers it under its name and returns it; from then on workloads of it can be made, tuned and exported
 * like those of the operators that come with wgtune. Throws UserError where the declaration itself is wrong or the name taken.
 */
export function defineOperator<
  const P extends Readonly<Record<string, ParameterSpec>>,
  const A extends Readonly<Record<string, AttributeSpec>> = Readonly<Record<never, never>>,
>(definition: OperatorDefinition<P, A>): Operator {
  const { name, parameters } = definition;
  const declared: Readonly<Record<string, AttributeSpec>> = definition.attributes ?? {};
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new UserError(`operator name "${name}" must be lower-case letters, digits and underscores`);
  }
  for (const parameter of [...Object.keys(parameters), ...Object.keys(declared)]) {
    if (!/^[a-z][a-z0-9_]*$/.test(parameter)) {
      throw new UserError(`parameter "${parameter}" of ${name} must be lower-case letters, digits and underscores`);
    }
  }

  const parametersOf = (workload: Workload): Parameters<P> => {
    const entries = Object.entries(parameters).map(([key, spec]) => {
      const value = workload.params[key];
      assert(value !== undefined, () => `workload of ${workload.operator} has no parameter ${key}`);
      return [key, spec.kind === 'flag' ? value !== 0 : value] as const;
    });
    // Object.fromEntries forgets the keys, which are those of P.
    return Object.fromEntries(entries) as Parameters<P>;
  };
  const attributesOf = (workload: Workload): Attributes<A> => {
    const entries = Object.entries(declared).map(([key, spec]) => [key, workload.attributes[key] ?? spec.default]);
    return Object.fromEntries(entries) as Attributes<A>;
  };

  return registerOperator({
    name,
    summary: definition.summary,
    parameters,
    attributes: declared,
    check: (workload) => definition.check?.(parametersOf(workload), attributesOf(workload)) ?? null,
    build: (workload) => definition.build(parametersOf(workload), attributesOf(workload), workload.dtype),
    reference: (workload, inputs) => definition.reference(parametersOf(workload), attributesOf(workload), inputs),
    fills: (workload) => definition.inputs(parametersOf(workload), attributesOf(workload), workload.dtype),
    tolerance: (workload) => definition.tolerance(parametersOf(workload), attributesOf(workload), workload.dtype),
  });
}
