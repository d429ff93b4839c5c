import type { Device } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { TimingBudget, WorkloadData } from '../../src/measure/runner.ts';
import { encode } from '../../src/operators/inputs.ts';
import type { Outcome } from '../../src/records/outcome.ts';
import { ranRight } from '../../src/records/outcome.ts';
import { printTrace } from '../../src/schedule/replay.ts';
import { artifactOf } from '../../src/tuner/build.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';
import type { RandomCase } from './random-case.ts';
import { checksOf, inputsOf } from './reference.ts';

/** Only verification counts here, so one run is enough. */
const budget: TimingBudget = {
  buildTimeoutMs: 60_000,
  runTimeoutMs: 60_000,
  minSampleMs: 0,
  minSamples: 1,
  maxSamples: 1,
  maxTotalMs: 0,
  targetSpread: 1,
  warmUpMs: 0,
  extraSamples: 0,
  extraMs: 0,
};

/** How a case failed on a device, and what it takes to understand the failure. */
export interface DeviceFault {
  readonly outcome: Outcome;
  readonly why: string;
}

export interface DeviceJudge {
  /** Builds, runs and verifies a case's kernels; null when all outputs are right. */
  readonly judge: (made: RandomCase, inputSeed: number) => Promise<DeviceFault | null>;
  readonly close: () => Promise<void>;
}

function dataOf(made: RandomCase, seed: number): WorkloadData {
  const inputs = inputsOf(made, seed);
  const { program } = made;
  return {
    inputs: program.inputs.map((name) => {
      const dtype = program.buffers.find((buffer) => buffer.name === name)?.dtype ?? 'f32';
      return { buffer: name, bytes: encode(inputs[name] as Float64Array, dtype) };
    }),
    checks: checksOf(made, inputs),
  };
}

export async function createDeviceJudge(device: Device): Promise<DeviceJudge> {
  const runner = await createDawnRunner({ device, budget });
  return {
    async judge(made, inputSeed) {
      const { workload, program, scheduled, title, nonFinite } = made;
      const { data, checksFor } = nonFinite
        ? { data: dataOf(made, inputSeed), checksFor: () => [] }
        : verificationData(workload, program, inputSeed);
      await runner.prepare(data);
      const artifact = artifactOf(scheduled.program, device.description);
      const result = await runner.measure({ artifact, checks: checksFor(scheduled), bestNs: null });
      const { outcome, verification, error } = result;
      // A kernel of a microsecond may be `unstable`; its answer still counts.
      const right = ranRight({ outcome }) && verification?.wrong === 0 && verification.checked > 0;
      if (right) return null;
      const kernels = artifact.kernels.map(({ wgsl }) => wgsl).join('\n');
      return {
        outcome,
        why: `${title}: on ${device.description.name} ${outcome} ${error}\n${printTrace(scheduled.trace)}\n${kernels}`,
      };
    },
    close: () => runner.close(),
  };
}
