import type { Program } from '../ir/nodes.ts';
import type { Refusal } from '../support/refusal.ts';
import type { Fill, Tolerance } from './fill.ts';
import type { BoundedReference, ElementReference } from './references.ts';
import type { Workload } from './workload.ts';

/** An integer (or, as 0 and 1, a flag) that the shape of a workload gives. */
export interface ParameterSpec {
  readonly kind: 'dimension' | 'integer' | 'flag';
  /** A flag's default is 0 or 1. */
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** One line for people, e.g. `rows of A and C`. */
  readonly doc: string;
  /** Workloads leave it out where it has its default, so that workloads made before it existed keep their keys. */
  readonly optional?: boolean;
}

/** A text that a workload gives its operator, e.g. an elementwise expression. */
export interface AttributeSpec {
  readonly kind: 'attribute';
  readonly default: string;
  readonly doc: string;
  /** As in ParameterSpec. */
  readonly optional?: boolean;
}

/** A way to use some parameters. */
export interface Example {
  /** What it is good for, in one line. */
  readonly says: string;
  /** For `-s`. */
  readonly shape?: string;
  /** For `--attr`. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Buffer contents by name, packed row-major. */
export type InputValues = Readonly<Record<string, Float64Array>>;

/** An operator as the rest of wgtune sees it: it answers everything about its workloads. Made by `defineOperator`. */
export interface Operator {
  readonly name: string;
  readonly summary: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
  readonly examples: readonly Example[];
  /** The same workload with shorthands written out (see OperatorDefinition), or why that cannot be; `given` names what the user said. */
  readonly writeOut: (workload: Workload, given: ReadonlySet<string>) => Workload | Refusal;
  /** Why these parameters do not go together, or null. The functions below may be called only where this returns null. */
  readonly check: (workload: Workload) => Refusal | null;
  /** The plain program: one nest of serial loops per stage. */
  readonly build: (workload: Workload) => Program;
  /** What each output must hold, written independently of the program. */
  readonly reference: (workload: Workload, inputs: InputValues) => Readonly<Record<string, ElementReference>>;
  /** What each input is filled with for verification. */
  readonly fills: (workload: Workload) => Readonly<Record<string, Fill>>;
  /** How far outputs may be from the reference. */
  readonly tolerance: (workload: Workload) => Tolerance;
  /** Whether results, before any epilogue, are exact on the values that inputs are filled with. */
  readonly isExact: (workload: Workload) => boolean;
  /** Whether f16 may be verified with inputs that are all 1 (see OperatorDefinition.ones). */
  readonly takesOnes: (workload: Workload) => boolean;
  /**
   * The reference for any inputs: values that are not rounded, and how far a kernel with sums in f32 may be from them; `factor` times as far
   * where it computes them in a way that rounds more than sums do.
   */
  readonly boundedReference: (
    workload: Workload,
    inputs: InputValues,
    factor?: number,
  ) => Readonly<Record<string, BoundedReference>>;
}
