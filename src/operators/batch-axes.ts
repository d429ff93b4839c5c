import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import type { Index } from './definition.ts';
import { parseShape } from './shape-text.ts';

/** A batch dimension of a product, or several that behave alike: its length, and which operands have it (the other one repeats). */
export interface BatchAxis {
  readonly extent: number;
  readonly inA: boolean;
  readonly inB: boolean;
}

/** The batch dimensions of two operands as texts, e.g. "8,1" and "1,12"; where both are empty there is one dimension of `b`, which both have. */
export function batchAxes(b: number, batchA: string, batchB: string): readonly BatchAxis[] | Refusal {
  if (batchA.trim() === '' && batchB.trim() === '') return [{ extent: b, inA: true, inB: true }];
  const shapes = [shapeOf('batch_a', batchA), shapeOf('batch_b', batchB)];
  const [ofA, ofB] = shapes;
  if (isRefusal(ofA)) return ofA;
  if (isRefusal(ofB)) return ofB;
  const rank = Math.max(ofA?.length ?? 0, ofB?.length ?? 0);
  const merged: BatchAxis[] = [];
  for (let d = 0; d < rank; d++) {
    const a = ofA?.[d - rank + ofA.length] ?? 1;
    const b = ofB?.[d - rank + ofB.length] ?? 1;
    if (a !== b && a !== 1 && b !== 1) {
      return refuse(
        'batches-do-not-broadcast',
        () =>
          `batch_a="${batchA}" and batch_b="${batchB}" do not broadcast: ${a} and ${b} must be equal, or one of them 1`,
      );
    }
    const axis = { extent: Math.max(a, b), inA: a > 1, inB: b > 1 };
    if (axis.extent === 1) continue;
    const last = merged.at(-1);
    if (last !== undefined && last.inA === axis.inA && last.inB === axis.inB) {
      merged[merged.length - 1] = { ...axis, extent: last.extent * axis.extent };
    } else merged.push(axis);
  }
  return merged;
}

function shapeOf(name: string, text: string): readonly number[] | Refusal {
  if (text.trim() === '') return [];
  const shape = parseShape(text);
  if (!isRefusal(shape)) return shape;
  return refuse('bad-batch', () => `${name}="${text}" must be sizes of at least 1, e.g. ${name}="8,1"`);
}

/** The texts that say these axes, one extent per axis. */
export function batchTexts(axes: readonly BatchAxis[]): { readonly batch_a: string; readonly batch_b: string } {
  return {
    batch_a: axes.map(({ extent, inA }) => (inA ? extent : 1)).join(','),
    batch_b: axes.map(({ extent, inB }) => (inB ? extent : 1)).join(','),
  };
}

/** The axes of a result by name, and what an operand that has only some of them is indexed with. */
interface NamedBatch {
  readonly axes: Readonly<Record<string, number>>;
  readonly extents: (operand: 'inA' | 'inB') => readonly number[];
  readonly at: (operand: 'inA' | 'inB', index: Readonly<Record<string, Index>>) => readonly Index[];
}

export function namedBatch(axes: readonly BatchAxis[]): NamedBatch {
  const named = axes.map((axis, d) => ({ ...axis, name: axes.length === 1 ? 'b' : `b${d}` }));
  return {
    axes: Object.fromEntries(named.map(({ name, extent }) => [name, extent])),
    extents: (operand) => named.filter((axis) => axis[operand]).map(({ extent }) => extent),
    at: (operand, index) => named.filter((axis) => axis[operand]).map(({ name }) => index[name] as Index),
  };
}

/** Which batch of an operand meets a batch of the result, both counted row-major. */
export function batchOf(axes: readonly BatchAxis[], operand: 'inA' | 'inB', flat: number): number {
  let [rest, at, stride] = [flat, 0, 1];
  for (const axis of axes.toReversed()) {
    if (axis[operand]) {
      at += (rest % axis.extent) * stride;
      stride *= axis.extent;
    }
    rest = Math.floor(rest / axis.extent);
  }
  return at;
}
