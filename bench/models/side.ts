import type { Device } from '../../src/device/devices.ts';
import type { InputValues } from '../../src/operators/operator.ts';
import type { Workload } from '../../src/operators/workload.ts';
import type { ReferenceTimes } from '../../src/records/reference-names.ts';
import type { Trace } from '../../src/schedule/trace.ts';
import type { Reading } from './gauge.ts';

export const sideNames = ['wgtune', 'onnxruntime', 'tensorflow'] as const;
export type SideName = (typeof sideNames)[number];

/** One way of one side to compute a workload on a device, in a process that it has for itself. */
export interface Side {
  /** In words. */
  readonly way: string;
  /** Where the references are to run. */
  readonly gpu: GPUDevice;
  /** Runs it once. Its time may only be known at the end. */
  readonly run: () => Promise<void>;
  /** Runs it once more and gives its output as the workload lays it out. */
  readonly output: () => Promise<Float32Array>;
  /** Ends the side: nanoseconds of every run and output so far, in order. */
  readonly finish: () => Promise<readonly number[]>;
}

/** What a side is made of. */
export interface SideOptions {
  readonly device: Device;
  readonly workload: Workload;
  readonly inputs: InputValues;
  /** Which of the ways that a side has. */
  readonly way: number;
  /** The schedule of wgtune's kernel. */
  readonly trace: Trace;
  /** Where the peers' packages are. */
  readonly peers: string;
}

export interface OpenSide extends Omit<SideOptions, 'inputs'> {
  readonly kind: 'open';
  readonly side: SideName;
  readonly quietNs: ReferenceTimes | null;
  readonly quietWait: number | undefined;
}

export type ToSide = OpenSide | { readonly kind: 'round'; readonly readings: number } | { readonly kind: 'finish' };

export type FromSide =
  /** `way`: null where the side has no such operator; `wrong`: what is wrong with its results, null where nothing is. */
  | { readonly kind: 'opened'; readonly way: string | null; readonly wrong: string | null }
  | { readonly kind: 'done' }
  | { readonly kind: 'finished'; readonly readings: readonly Reading[] }
  | { readonly kind: 'failed'; readonly error: string };
