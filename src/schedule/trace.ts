/** One primitive with its arguments, as JSON: names of loops, blocks and buffers, and numbers. */
export interface TraceStep {
  readonly primitive: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The trace of primitives that turns a workload's plain program into a scheduled one. It prints as code, is JSON, and replays. */
export interface Trace {
  readonly version: 1;
  readonly steps: readonly TraceStep[];
}
