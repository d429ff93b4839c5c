import { UserError } from '../../src/support/errors.ts';
import type { Node } from './model.ts';
import type { Plan, Value } from './plan.ts';

/** One node with its inputs: what a mapping is made from. */
export interface Call {
  readonly node: Node;
  readonly opset: number;
  readonly plan: Plan;
}

/** Says why a case has no counterpart among our operators; the case is then skipped with this reason. */
export function notMapped(reason: string): never {
  throw new UserError(reason);
}

/** An input that must be there. */
export function inputOf({ node, plan }: Call, position: number): Value {
  const value = optionalInputOf({ node, plan }, position);
  if (value === null) return notMapped(`${node.type} has no input ${position}`);
  return value.values.length > 0 ? value : notMapped(`${node.type} of a tensor without elements`);
}

export function optionalInputOf({ node, plan }: Pick<Call, 'node' | 'plan'>, position: number): Value | null {
  const name = node.inputs[position];
  return name === undefined || name === '' ? null : plan.valueOf(name);
}

/** Integers that an input must know when the plan is made, such as axes. */
export function integersOfInput(call: Call, position: number): number[] | null {
  const value = optionalInputOf(call, position);
  return value === null ? null : [...value.values];
}

export function integerOf({ node }: Call, name: string, fallback: number): number {
  return node.attributes.get(name)?.integers[0] ?? fallback;
}

export function integersOfAttribute({ node }: Call, name: string): readonly number[] | null {
  return node.attributes.get(name)?.integers ?? null;
}

export function floatOf({ node }: Call, name: string, fallback: number): number {
  return node.attributes.get(name)?.floats[0] ?? fallback;
}

export function textOf({ node }: Call, name: string, fallback: string): string {
  return node.attributes.get(name)?.text ?? fallback;
}

/** A dimension that may be counted from the end. */
export function axisOf(axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  if (found < 0 || found > rank) throw new Error(`axis ${axis} of ${rank} dimensions`);
  return found;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** A number as elementwise expressions write it. */
export function literal(value: number): string {
  return value < 0 ? `(-${-value})` : String(value);
}
