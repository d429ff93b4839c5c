import type { Program } from '../ir/nodes.ts';
import { assert, UserError } from '../support/errors.ts';
import { isRefusal } from '../support/refusal.ts';
import { accumulateAttribute, checkAccumulation, sumsOf, withAccumulation } from './accumulation.ts';
import { checkDeclaration, checkedDefinition } from './checked-definition.ts';
import { checkConstants, constantAttribute, withConstants } from './constants.ts';
import {
  checkEpilogue,
  epilogueAttribute,
  epilogueFills,
  epilogueOf,
  epilogueReference,
  epilogueTolerance,
  formulaTolerance,
  withEpilogue,
} from './epilogue.ts';
import { exact, isEquality, type Tolerance } from './fill.ts';
import { longestSum } from './keep-sums.ts';
import { boundedReference } from './layer-bound.ts';
import type { AttributeSpec, InputValues, Operator, ParameterSpec } from './operator.ts';
import type { Attributes, FlagParameter, OperatorDefinition, Parameters } from './operator-definition.ts';
import type { ElementReference } from './references.ts';
import { checkNameFree, isBuiltIn, registerOperator } from './registry.ts';
import { operatorFault } from './user-function.ts';
import type { Workload } from './workload.ts';

/** The largest value a parameter may have, so that every index fits a 32-bit integer. */
export const largestParameter = 2 ** 31 - 1;

/** An integer parameter with bounds, e.g. a stride; `min` is 0 unless given. */
export interface IntegerParameter<K extends 'dimension' | 'integer'> extends ParameterSpec {
  readonly kind: K;
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

/** A parameter that workloads leave out where it has its default: the way to add one to an operator that has records. */
export function optional<S extends ParameterSpec | AttributeSpec>(spec: S): S {
  return { ...spec, optional: true };
}

/** A flag that is off unless asked for, and that workloads leave out where it is off. */
export function option(doc: string): FlagParameter {
  return optional(flag(false, doc));
}

/** A text attribute. */
export function attribute(fallback: string, doc: string): AttributeSpec {
  return { kind: 'attribute', default: fallback, doc };
}

/** Attributes that every operator takes. */
const common = { accumulate: accumulateAttribute, epilogue: epilogueAttribute, constant: constantAttribute } as const;

/**
 * Declares an operator (every one takes `accumulate`, see accumulation.ts, an `epilogue`, see epilogue.ts, and `constant`, see constants.ts), registers it under its name and
 * returns it; from then on workloads of it can be made, tuned and exported like those of the operators that come with wgtune. Throws
 * UserError where the declaration itself is wrong or the name taken.
 */
export function defineOperator<
  const P extends Readonly<Record<string, ParameterSpec>>,
  const A extends Readonly<Record<string, AttributeSpec>> = Readonly<Record<never, never>>,
>(given: OperatorDefinition<P, A>): Operator {
  checkNameFree(given.name);
  checkDeclaration(given);
  const definition = checkedDefinition(given);
  const { name, parameters } = definition;
  const declared: Readonly<Record<string, AttributeSpec>> = {
    ...definition.attributes,
    ...common,
  };
  for (const own of Object.keys(common)) {
    if (Object.hasOwn({ ...parameters, ...definition.attributes }, own))
      throw new UserError(`parameter "${own}" of ${name} is every operator's own; give it another name`);
  }
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
      const value = workload.params[key] ?? (spec.optional ? spec.default : undefined);
      assert(value !== undefined, () => `workload of ${workload.operator} has no parameter ${key}`);
      return [key, spec.kind === 'flag' ? value !== 0 : value] as const;
    });
    // Object.fromEntries loses the type of the keys, which are those of P.
    return Object.fromEntries(entries) as Parameters<P>;
  };
  const attributesOf = (workload: Workload): Attributes<A> => {
    const entries = Object.entries(declared).map(([key, spec]) => [key, workload.attributes[key] ?? spec.default]);
    return Object.fromEntries(entries) as Attributes<A>;
  };

  const ownEpilogue = (workload: Workload) => epilogueOf(workload.attributes.epilogue ?? '');
  const writtenProgram = (workload: Workload): Program =>
    definition.build(parametersOf(workload), attributesOf(workload), workload.dtype);
  const plainProgram = (workload: Workload): Program => withAccumulation(workload, writtenProgram(workload));
  const plainTolerance = (workload: Workload): Tolerance =>
    definition.tolerance(parametersOf(workload), attributesOf(workload), workload.dtype);
  const outputOf = (program: Program) => {
    const output = program.buffers.find((buffer) => buffer.name === program.outputs[0]);
    assert(output !== undefined, () => `the program of ${name} has no output`);
    return output;
  };
  const channelsOf = (workload: Workload, rank: number): readonly number[] => {
    const channels = definition.channels?.(parametersOf(workload), attributesOf(workload)) ?? [rank - 1];
    const outside = channels.find((dimension) => dimension >= rank);
    if (outside === undefined) return channels;
    throw operatorFault(name, 'channels', `names dimension ${outside} of an output that has ${rank}, counted from 0`);
  };
  const wholeProgram = (workload: Workload): Program => {
    const plain = plainProgram(workload);
    const epilogue = ownEpilogue(workload);
    if (epilogue === null) return plain;
    return withEpilogue(plain, epilogue, channelsOf(workload, outputOf(plain).shape.length), workload.dtype);
  };
  /** Tells at once what a user's definition forgot; tests do so for the operators that come with wgtune. */
  const requireAll = (workload: Workload, part: string, kind: 'inputs' | 'outputs', named: object): void => {
    if (isBuiltIn(name)) return;
    const missing = writtenProgram(workload)[kind].find((tensor) => !Object.hasOwn(named, tensor));
    if (missing === undefined) return;
    const known = Object.keys(named).join(', ') || 'none';
    throw operatorFault(name, part, `says nothing of ${missing}, one of the ${kind} of its program; it names ${known}`);
  };
  const referencesOf = (workload: Workload, inputs: InputValues): Readonly<Record<string, ElementReference>> => {
    const references = definition.reference(parametersOf(workload), attributesOf(workload), inputs);
    requireAll(workload, 'reference', 'outputs', references);
    return references;
  };

  return registerOperator({
    name,
    summary: definition.summary,
    parameters,
    attributes: declared,
    examples: definition.examples ?? [],
    writeOut: (workload, given) => {
      const written = definition.writeOut?.(parametersOf(workload), attributesOf(workload), given) ?? {};
      if (isRefusal(written)) return written;
      // `written` holds only names of P and A, and no undefined values.
      const params = { ...workload.params, ...(written.params as Record<string, number> | undefined) };
      const attributes = { ...workload.attributes, ...(written.attributes as Record<string, string> | undefined) };
      return { ...workload, params, attributes };
    },
    check: (workload) => {
      const texts = attributesOf(workload);
      const { f32SumsOnly } = definition;
      const f32Only = typeof f32SumsOnly === 'function' ? f32SumsOnly(texts) : f32SumsOnly;
      const refusal =
        definition.check?.(parametersOf(workload), texts) ??
        checkAccumulation(workload, () => writtenProgram(workload), f32Only);
      if (refusal !== null) return refusal;
      const { epilogue = '', constant = '' } = workload.attributes;
      const unfit = epilogue.trim() === '' ? null : checkEpilogue(epilogue, plainProgram(workload));
      if (unfit !== null || constant.trim() === '') return unfit;
      return checkConstants(constant, wholeProgram(workload));
    },
    build: (workload) => withConstants(wholeProgram(workload), workload.attributes.constant ?? ''),
    reference: (workload, inputs) => {
      const plain = referencesOf(workload, inputs);
      const epilogue = ownEpilogue(workload);
      if (epilogue === null) return plain;
      const output = outputOf(plainProgram(workload));
      const element = plain[output.name];
      assert(element !== undefined, () => `${name} has no reference of its output ${output.name}`);
      const channels = channelsOf(workload, output.shape.length);
      return { [output.name]: epilogueReference(element, epilogue, inputs, output.shape, channels) };
    },
    fills: (workload) => {
      const plain = definition.inputs(parametersOf(workload), attributesOf(workload), workload.dtype, sumsOf(workload));
      requireAll(workload, 'inputs', 'inputs', plain);
      const epilogue = ownEpilogue(workload);
      return epilogue === null
        ? plain
        : epilogueFills(epilogue.formula, plainTolerance(workload), plain, plainProgram(workload));
    },
    tolerance: (workload) => {
      const plain = plainTolerance(workload);
      const epilogue = ownEpilogue(workload);
      return epilogue === null ? plain : epilogueTolerance(epilogue.formula, plain, workload.dtype);
    },
    isExact: (workload) => isEquality(plainTolerance(workload)),
    takesOnes: (workload) =>
      definition.ones?.(parametersOf(workload), attributesOf(workload)) ?? isEquality(plainTolerance(workload)),
    boundedReference: (workload, inputs, factor = 1) => {
      const epilogue = ownEpilogue(workload);
      const program = plainProgram(workload);
      // The tolerance of arithmetic in f32; boundedReference adds the rounding of stored results.
      const tolerance = plainTolerance({ ...workload, dtype: 'f32' });
      const references = referencesOf(workload, inputs);
      return Object.fromEntries(
        Object.entries(references).map(([output, plain]) => {
          const shape = program.buffers.find((buffer) => buffer.name === output)?.shape ?? [];
          const channels = channelsOf(workload, shape.length);
          const bounded = boundedReference({
            plain,
            finished: (flat, added) => {
              const moved = plain(flat) + added;
              return epilogue === null
                ? moved
                : epilogueReference(() => moved, epilogue, inputs, shape, channels)(flat);
            },
            size: shape.reduce((all, next) => all * next, 1),
            terms: longestSum(program),
            dtype: workload.dtype,
            factor,
            tolerance: isEquality(tolerance) ? null : tolerance,
            epilogue: epilogue === null ? exact : formulaTolerance(epilogue.formula, tolerance, workload.dtype),
          });
          return [output, bounded];
        }),
      );
    },
  });
}
