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

/** What a shorthand stands for: parameters and texts that replace those that were given. */
interface Written<P extends object, A extends object> {
  readonly params?: Readonly<Partial<Record<keyof P & string, number>>>;
  readonly attributes?: Readonly<Partial<Record<keyof A & string, string>>>;
}

/** The argument of `defineOperator`. `p` are the parameters, `a` the text attributes, typed by their declarations. */
export interface OperatorDefinition<
  P extends Readonly<Record<string, ParameterSpec>>,
  A extends Readonly<Record<string, AttributeSpec>>,
> {
  /** The operator's name on the command line: lower-case letters, digits, underscores. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** In the order in which workloads list them. */
  readonly parameters: P;
  readonly attributes?: A;
  /**
   * Writes out shorthands (`auto_pad` for paddings) as the parameters they stand for, so that both ways make one workload with one key, or
   * says why that cannot be. `given` names what the user said; the rest has its default.
   */
  readonly writeOut?: (p: Parameters<P>, a: Attributes<A>, given: ReadonlySet<string>) => Written<P, A> | Refusal;
  /** Constraints between parameters (each alone is already within its bounds); null when they go together. */
  readonly check?: (p: Parameters<P>, a: Attributes<A>) => Refusal | null;
  /**
   * The tensor expression; it ends in a call of `program` of tensor.ts. Sums of f16 elements may be written in either dtype: the workload
   * says in which they are kept (see accumulation.ts).
   */
  readonly build: (p: Parameters<P>, a: Attributes<A>, dtype: Dtype) => Program;
  /**
   * What the outputs must be, in plain loops over the inputs (float64, packed row-major): for each output a function of the flat
   * index, because large outputs are checked at sampled positions. Write it independently of `build`: programs are judged by it.
   */
  readonly reference: (
    p: Parameters<P>,
    a: Attributes<A>,
    inputs: InputValues,
  ) => Readonly<Record<string, ElementReference>>;
  /**
   * What each input is filled with for verification. Use `exactIntegers` where the outputs are sums of products, so that results
   * must be equal bit for bit, and `reals` where the operator has transcendental functions. `sums` is the dtype in which sums are kept.
   */
  readonly inputs: (p: Parameters<P>, a: Attributes<A>, dtype: Dtype, sums: Dtype) => Readonly<Record<string, Fill>>;
  /** `exact`, or how far an output may be from the reference rounded to the output's dtype. */
  readonly tolerance: (p: Parameters<P>, a: Attributes<A>, dtype: Dtype) => Tolerance;
  /**
   * The dimensions of the output that are its channels: an epilogue's inputs have one value per channel. By default the last dimension.
   */
  readonly channels?: (p: Parameters<P>, a: Attributes<A>) => readonly number[];
  /**
   * Whether f16 is also verified with inputs that are all 1, which an operator that divides by deviations cannot take. By default it is
   * where results are exact on integers.
   */
  readonly ones?: (p: Parameters<P>, a: Attributes<A>) => boolean;
  /** Why `accumulate=f16` is refused, where sums in f16 would be of no use. */
  readonly f32SumsOnly?: string | ((a: Attributes<A>) => string | undefined);
  /** Examples of what the parameters are for, shown by `wgtune ops <name>`. */
  readonly examples?: readonly Example[];
}
