/**
 * wgtune as a library. The command line is a thin layer over these functions. They throw UserError, with an exit code, for what the caller or the
 * machine must mend; so is what a function of `defineOperator` throws, gives instead of its result, or does for longer than a minute.
 *
 *     import { defineOperator, makeWorkload, tune } from 'wgtune';
 *     const result = await tune({ workload: makeWorkload('matmul', { shape: 'm=128,n=128,k=128' }), trials: 32 });
 */

export type { Requirements } from '../bundle/core.mjs';
export type { Manifest } from '../bundle/load.mjs';
export { chooseDevice, type Device, type DeviceList, listDevices } from './device/devices.ts';
export type { Artifact, BufferSpec, KernelArtifact } from './ir/artifact.ts';
export type { DeviceDescription, DeviceLimits, Profile } from './ir/limits.ts';
export { printProgram } from './ir/printer.ts';
export { requirementsOf } from './ir/requirements.ts';
export type { MeasureRequest, MeasureResult, Runner } from './measure/runner.ts';
export { findOperator, listOperators } from './operators/catalog.ts';
export {
  attribute,
  defineOperator,
  dimension,
  flag,
  integer,
  option,
} from './operators/define.ts';
export type { Condition, Index, ReductionAxis, Tensor, Value } from './operators/definition.ts';
export * as expression from './operators/expression.ts';
export { exact, exactIntegers, type Fill, integers, reals, type Tolerance } from './operators/fill.ts';
export type { Operator } from './operators/operator.ts';
export type { OperatorDefinition } from './operators/operator-definition.ts';
export { makeWorkload } from './operators/parse-workload.ts';
export { compute, computeTuple, input, program } from './operators/tensor.ts';
export { describeWorkload, type Workload, workloadKey } from './operators/workload.ts';
export { loadRecords, readLogs } from './records/log-reader.ts';
export { recordJsonSchema, type TuningRecord } from './records/record.ts';
export { primitives } from './schedule/primitives/registry.ts';
export { printTrace, replay } from './schedule/replay.ts';
export type { Trace, TraceStep } from './schedule/trace.ts';
export { exitCode, UserError } from './support/errors.ts';
export { type Refusal, refuse } from './support/refusal.ts';
export { type BestKernelOptions, bestKernel } from './tuner/best-kernel.ts';
export { artifactOf, programOf, scheduleProgram } from './tuner/build.ts';
export { checkInBrowser } from './tuner/check-in-browser.ts';
export { type Config, defineConfig } from './tuner/config.ts';
export { type AdvisedKernel, advisedKernel } from './tuner/distill/advised-kernel.ts';
export type { BestKernel, RunResult, TunedKernel, TuneEvent, TuneOptions, TuneResult } from './tuner/events.ts';
export { exportBundle } from './tuner/export.ts';
export { exportModule } from './tuner/export-module.ts';
export { type LearnResult, learnModel } from './tuner/learning/learn.ts';
export { moduleVariants } from './tuner/module-variants.ts';
export { type RunOptions, runSchedule } from './tuner/run-schedule.ts';
export type { MethodTask, MethodTrial, TransferMethod } from './tuner/transfer/user-method.ts';
export { tune } from './tuner/tune.ts';
