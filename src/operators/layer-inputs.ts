import { f16round } from '@petamoriken/float16';
import type { DType, Program } from '../ir/nodes.ts';
import { createRandom } from '../support/random.ts';
import { sumsOf } from './accumulation.ts';
import { findOperator } from './catalog.ts';
import type { Fill } from './fill.ts';
import { generateInputs } from './inputs.ts';
import { longestSum } from './keep-sums.ts';
import type { InputValues } from './operator.ts';
import type { Workload } from './workload.ts';

/*
 * Sums of small integers are exact in f16 too, so they do not show whether a kernel sums in f16. Therefore f16 workloads are also verified
 * with inputs like those of a layer, against float64 and within a bound that sums in f16 exceed (layer-bound.ts).
 */

export interface LayerInputs {
  /** `normal`: a standard normal distribution; `ones`: every element 1, which a sum in f16 stops counting at 2,048. */
  readonly name: 'normal' | 'ones';
  readonly values: InputValues;
}

/** Different values of a normal distribution: enough to make millions of different products of two. */
const differentValues = 4096;
/** A device may take f16 numbers below this for 0. */
const leastNormal = 2 ** -14;
/** Of 4,096 normal numbers few are further out than this. */
const reach = 4;

/** Inputs like those of a layer; none where nothing is summed, where all is f32, and where sums in f16 were asked for. */
export function layerInputsOf(workload: Workload, seed: number, program: Program): readonly LayerInputs[] {
  if (workload.dtype !== 'f16' || sumsOf(workload) === 'f16' || longestSum(program) < 2) return [];
  const operator = findOperator(workload.operator);
  const fills = operator.fills(workload);
  const isExact = operator.isExact(workload);
  // Inputs that have bounds of their own (a divisor, packed weights) keep the operator's fills.
  const own = generateInputs(workload, seed, program);
  const random = createRandom(seed).fork('layer inputs');
  const values = (name: string, make: (size: number, fill: Fill) => Float64Array): Float64Array => {
    const fill = fills[name] as Fill;
    const dtype = program.buffers.find((buffer) => buffer.name === name)?.dtype;
    const given = own[name] as Float64Array;
    return isFreeOf(fill, dtype) ? make(given.length, fill) : given;
  };
  const all = (make: (size: number, fill: Fill) => Float64Array): InputValues =>
    Object.fromEntries(program.inputs.map((name) => [name, values(name, make)]));
  const normal: LayerInputs = {
    name: 'normal',
    values: all((size, { high }) => {
      // The tolerance of an operator that is not exact holds only for inputs of the size that it asks for.
      const deviation = isExact ? 1 : Math.min(1, high / reach);
      const table = normalTable(random, deviation);
      return Float64Array.from({ length: size }, () => table[random.below(differentValues)] as number);
    }),
  };
  if (!operator.takesOnes(workload)) return [normal];
  return [normal, { name: 'ones', values: all((size) => new Float64Array(size).fill(1)) }];
}

const isFreeOf = ({ low, high }: Fill, dtype: DType | undefined): boolean => dtype === 'f16' && low < 0 && high > 0;

/** Normal numbers rounded to f16, by Box and Muller's transform. */
function normalTable(random: ReturnType<typeof createRandom>, deviation: number): Float64Array {
  return Float64Array.from({ length: differentValues }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.unit()));
    const value = f16round(deviation * radius * Math.cos(2 * Math.PI * random.unit()));
    return Math.abs(value) < leastNormal ? 0 : value;
  });
}
