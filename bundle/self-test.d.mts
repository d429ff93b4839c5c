/** The rule by which `test.json` of an exported module makes inputs and judges outputs, typed. `self-test.mjs` is the code. */

import type { DType } from './core.d.mts';

/** Values of an input: multiples of `step` from `low` on, `levels` of them, a share `density` of the elements; the others are 0. */
export interface InputRule {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Of this input's own stream. */
  readonly seed: number;
  readonly low: number;
  readonly step: number;
  readonly levels: number;
  readonly density: number;
}

/** Elements of an output: flat row-major positions and what must be there. */
export interface OutputExpectation {
  readonly name: string;
  readonly dtype: DType;
  readonly positions: readonly number[];
  readonly expected: readonly number[];
  /** |got - expected| <= absolute + relative * |expected|; both 0 asks for equality. */
  readonly absolute: number;
  readonly relative: number;
}

export interface SelfTest {
  readonly version: 1;
  readonly title: string;
  /** The rule of `inputValues` in words, for those who have only test.json. */
  readonly rule: string;
  readonly inputs: readonly InputRule[];
  readonly outputs: readonly OutputExpectation[];
}

/** The rule in words. */
export declare const ruleText: string;

/** Values of an input, row-major. */
export declare function inputValues(rule: InputRule): Float64Array;

/** Numbers as the bytes of a GPU buffer, padded to whole words. */
export declare function bytesOfValues(values: ArrayLike<number>, dtype: DType): Uint8Array<ArrayBuffer>;

/** The reverse. */
export declare function valuesOfBytes(bytes: ArrayBuffer, dtype: DType): ArrayLike<number>;

/** How many elements differ from what they must be, and the first of them in a sentence; null where there is none. */
export declare function judgeOutputs(
  test: SelfTest,
  outputs: Readonly<Record<string, ArrayBuffer>>,
): { readonly checked: number; readonly wrong: number; readonly first: string | null };
