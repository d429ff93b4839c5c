import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { artifactKey } from '../../src/ir/artifact.ts';
import type { DeviceDescription } from '../../src/ir/limits.ts';
import type { MeasureResult, Runner } from '../../src/measure/runner.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import { createRecordedRunner } from '../../src/testing/recorded-runner.ts';
import { eventLineSchema } from '../../src/tuner/event-schema.ts';
import type { TuneEvent, TuneOptions, TuneResult } from '../../src/tuner/events.ts';
import { tuneOn } from '../../src/tuner/tune.ts';
import { makeDevice } from '../records/fixtures.ts';

export const matmul = makeWorkload('matmul', { shape: 'm=19,n=16,k=12' });

export function ok(timeNs: number): MeasureResult {
  return {
    outcome: 'ok',
    error: '',
    samplesNs: [timeNs, timeNs, timeNs],
    medianNs: timeNs,
    relative: null,
    references: null,
    clock: 'timestamp',
    stoppedEarly: false,
    verification: { checked: 304, wrong: 0, maxError: 0 },
    phasesMs: { build: 1, verify: 1, time: 1, total: 3 },
  };
}

export function failed(outcome: MeasureResult['outcome'], error: string): MeasureResult {
  const verification =
    outcome === 'wrong-answer'
      ? { checked: 304, wrong: 1, maxError: 2, firstWrong: { buffer: 'C', index: 7, expected: 1, got: 3 } }
      : null;
  return { ...ok(1), outcome, error, samplesNs: [], medianNs: null, clock: null, verification };
}

/** A time that depends only on the kernel's text, between 1 and 65 microseconds. */
export function timeOfKey(key: string): number {
  return 1000 + (Number.parseInt(key.slice(0, 8), 16) % 64_000);
}

export interface FakeRunner {
  readonly create: () => Promise<Runner>;
  /** Keys of the measured kernels, in order. */
  readonly measured: string[];
  readonly state: { made: number; closed: number; prepared: number };
}

/** A runner that answers by the number of the trial and the kernel, and notes which kernels it is asked for. */
export function fakeRunner(
  answer: (trial: number, key: string) => MeasureResult | Promise<MeasureResult> = (_, key) => ok(timeOfKey(key)),
  device: DeviceDescription = makeDevice(),
): FakeRunner {
  const measured: string[] = [];
  const state = { made: 0, closed: 0, prepared: 0 };
  const create = async (): Promise<Runner> => {
    state.made++;
    const recorded = createRecordedRunner(device, () => undefined);
    return {
      device,
      prepare: async (data) => {
        state.prepared++;
        await recorded.prepare(data);
      },
      measure: async ({ artifact }) => {
        const key = artifactKey(artifact);
        measured.push(key);
        return answer(measured.length - 1, key);
      },
      close: async () => {
        state.closed++;
        await recorded.close();
      },
    };
  };
  return { create, measured, state };
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that is removed after the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wgtune-tuner-'));
  folders.push(folder);
  return folder;
}

export interface Run {
  readonly result: TuneResult;
  readonly events: readonly TuneEvent[];
  readonly runner: FakeRunner;
}

/** Tunes on a fake device. */
export async function tuneWith(
  options: Partial<TuneOptions> & { readonly logFolder: string },
  runner: FakeRunner = fakeRunner(),
  device: DeviceDescription = makeDevice(),
): Promise<Run> {
  const events: TuneEvent[] = [];
  const result = await tuneOn({ description: device }, runner.create, {
    workload: matmul,
    trials: 12,
    model: 'analytic',
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  // Whatever a test is about: what its run told, and how it ended, is of the schema that users of --events read.
  for (const line of [...events, { kind: 'result', result, commands: [] }]) {
    const { error } = eventLineSchema.safeParse(JSON.parse(JSON.stringify({ ...line, atMs: 0 })));
    if (error !== undefined) throw new Error(`${line.kind} is no published event: ${error.message}`);
  }
  return { result, events, runner };
}

export async function recordsIn(folder: string): Promise<TuningRecord[]> {
  const { records, faults } = await loadRecords([folder]);
  if (faults.some((fault) => fault.severity !== 'note')) throw new Error(JSON.stringify(faults));
  return [...records];
}
