import type { SelfTest } from '../../../bundle/self-test.mjs';

/** What the page that checks exported kernels is asked. */
export interface CheckRequest {
  /** Address of the module, from that of the page's own script. */
  readonly entry: string;
  readonly test: SelfTest;
}

/** One kernel in the browser: elements compared with the reference and wrong ones, or why it does not run there. */
export interface CheckedKernel {
  readonly name: string;
  readonly checked: number;
  readonly wrong: number;
  /** The first wrong element in a sentence; null where there is none. */
  readonly first: string | null;
  readonly reason: string | null;
  /** Median nanoseconds of one run; null where it did not run. */
  readonly timeNs: number | null;
}

export interface BrowserCheck {
  readonly vendor: string;
  readonly architecture: string;
  /** The step of the device's clock, ns; null where times are by the wall. */
  readonly clockStepNs: number | null;
  /** The kernel that an app would get there. */
  readonly chosen: string;
  readonly kernels: readonly CheckedKernel[];
}
