import { findOperator } from '../../src/operators/catalog.ts';
import { type ImageWindowParameters, imageWindows } from '../../src/operators/image-window.ts';
import type { Workload } from '../../src/operators/workload.ts';

/** All parameters of a workload, also those that it leaves out because they have their default. */
export function parametersOf({ operator, params }: Workload): Readonly<Record<string, number>> {
  const defaults = Object.entries(findOperator(operator).parameters).map(([name, spec]) => [name, spec.default]);
  return { ...Object.fromEntries(defaults), ...params };
}

/** How windows lie on a workload's image, in the words of ONNX. */
export interface ImageWindow {
  readonly kernel_shape: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
}

export function imageWindowOf(workload: Workload): ImageWindow {
  const { y, x } = imageWindows(parametersOf(workload) as unknown as ImageWindowParameters);
  return {
    kernel_shape: [y.taps, x.taps],
    strides: [y.stride, x.stride],
    dilations: [y.dilation ?? 1, x.dilation ?? 1],
    pads: [y.before, x.before, y.after, x.after],
  };
}
