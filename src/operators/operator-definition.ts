import type { Program } from '../ir/nodes.ts';
import type { Refusal } from '../support/refusal.ts';
import type { Fill, Tolerance } from './fill.ts';
import type { AttributeSpec, Example, InputValues, ParameterSpec } from './operator.ts';
import type { ElementReference } from './references.ts';
import type { Workload } from './workload.ts';

export interface FlagParameter extends ParameterSpec {
  readonly kind: 'flag';
}

/** The parameters as an operator's own functions get them: numbers, flags as booleans. */
export type Parameters<P extends Readonly<Record<string, ParameterSpec>>> = {
  readonly [K in keyof P]: P[K] extends FlagParameter ? boolean : number;
};
export type Attributes<A extends Readonly<Record<string, AttributeSpec>>> = { readonly [K in keyof A]: string };

type Dtype = Workload['dtype'];

/** What a shorthand stands for: parameters and texts that take these values instead of what was given. */
interface Written<P extends object, A extends object> {
  readonly params?: Readonly<Partial<Record<keyof P & string, number>>>;
  readonly attributes?: Readonly<Partial<Record<keyof A & string, string>>>;
}

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
  /**
   * Writes out parameters that are another way to say others (`auto_pad` for paddings), so that both ways make one workload with one key.
   * `given` names what the user said; the rest has its default. Or why that cannot be.
   */
  readonly writeOut?: (p: Parameters<P>, a: Attributes<A>, given: ReadonlySet<string>) => Written<P, A> | Refusal;
  /** Constraints between parameters (each alone is already within its bounds); null when they go together. */
  readonly check?: (p: Parameters<P>, a: Attributes<A>) => Refusal | null;
  /**
   * The tensor expression: ends in a call of `program` of tensor.ts. Sums of f16 elements may be written in either dtype: what they are kept in
   * is the workload's to say (see accumulation.ts).
   */
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
   * must be equal bit for bit, and `reals` where the operator has transcendental functions. `sums` is what sums are kept in.
   */
  readonly inputs: (p: Parameters<P>, a: Attributes<A>, dtype: Dtype, sums: Dtype) => Readonly<Record<string, Fill>>;
  /** `exact`, or how far an output may be from the reference rounded to the output's dtype. */
  readonly tolerance: (p: Parameters<P>, a: Attributes<A>, dtype: Dtype) => Tolerance;
  /**
   * The dimensions of the output that are its channels: an epilogue's inputs have one value each. The last where nothing is said.
   */
  readonly channels?: (p: Parameters<P>, a: Attributes<A>) => readonly number[];
  /**
   * Whether f16 is verified with inputs that are all 1, too, which an operator that divides by deviations cannot take. Where nothing is said,
   * where results are exact on integers.
   */
  readonly ones?: (p: Parameters<P>, a: Attributes<A>) => boolean;
  /** Why `accumulate=f16` is refused, where sums in f16 would be of no use. */
  readonly f32SumsOnly?: string | ((a: Attributes<A>) => string | undefined);
  /** What the parameters are for, shown by `wgtune ops <name>`. */
  readonly examples?: readonly Example[];
}
