import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, vi } from 'vitest';
import { chooseDevice } from '../../src/device/devices.ts';
import type { Artifact } from '../../src/ir/artifact.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { Runner, TimingBudget } from '../../src/measure/runner.ts';
import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import { ranRight } from '../../src/records/outcome.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import type { TuneEvent, TuneOptions, TuneResult } from '../../src/tuner/events.ts';
import { tuneOn } from '../../src/tuner/tune.ts';
import { extent } from './planted.ts';

export const workload = makeWorkload('matmul', { shape: `m=${extent},n=${extent},k=${extent}` });

/** Short, since these runs are about outcomes; long enough for every sound kernel on a shared machine. */
export const budget: TimingBudget = {
  ...defaultBudget('cpu'),
  minSamples: 3,
  maxSamples: 3,
  minSampleMs: 2,
  buildTimeoutMs: 8_000,
  runTimeoutMs: 4_000,
};

/** What is to happen in one trial: another kernel, an order to the measuring process (sabotage.mjs), or an action of the test. */
export interface Fault {
  readonly artifact?: Artifact;
  readonly order?: Readonly<Record<string, unknown>>;
  readonly before?: () => void;
  readonly during?: () => void;
}

export interface FaultyRun {
  readonly result: TuneResult | null;
  /** What `tuneOn` rejected with. */
  readonly thrown: unknown;
  readonly events: readonly TuneEvent[];
  /** Read back from the log: trial `i` is the one that the runner was asked for the i-th time. */
  readonly records: readonly TuningRecord[];
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is removed after the tests of the file. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wgtune-faults-'));
  folders.push(folder);
  return folder;
}

/** Makes measuring processes started from now on take orders; returns a function that gives one. */
function takeOrders(): (order: Fault['order']) => void {
  const file = join(scratch(), 'order.json');
  vi.stubEnv('WGTUNE_TEST_ORDER', file);
  vi.stubEnv('NODE_OPTIONS', `--import=${new URL('./sabotage.mjs', import.meta.url).href}`);
  return (order) => (order === undefined ? rmSync(file, { force: true }) : writeFileSync(file, JSON.stringify(order)));
}

/** Tunes on real SwiftShader through the real loop, runner and log, with faults in the trials of these numbers. Trial 0 is the naive schedule. */
export async function tuneWithFaults(
  faults: ReadonlyMap<number, Fault>,
  options: Partial<TuneOptions> & { readonly logFolder: string; readonly trials: number },
): Promise<FaultyRun> {
  const device = await chooseDevice('swiftshader');
  const give = takeOrders();
  const events: TuneEvent[] = [];
  let asked = 0;
  const createRunner = async (): Promise<Runner> => {
    const real = await createDawnRunner({ device, budget });
    return {
      ...real,
      measure: async (request) => {
        const fault = faults.get(asked++);
        give(fault?.order);
        fault?.before?.();
        const result = real.measure(fault?.artifact === undefined ? request : { ...request, artifact: fault.artifact });
        fault?.during?.();
        return result;
      },
    };
  };
  try {
    const answer = await tuneOn(device, createRunner, {
      workload,
      search: 'random',
      model: 'random',
      // Trials are counted: none is to come from elsewhere.
      shippedLogs: null,
      ...options,
      onEvent: (event) => {
        events.push(event);
        options.onEvent?.(event);
      },
    }).then(
      (result) => ({ result, thrown: null }),
      (thrown: unknown) => ({ result: null, thrown }),
    );
    const { records, faults: broken } = await loadRecords([options.logFolder]);
    if (broken.some(({ severity }) => severity === 'error')) throw new Error(JSON.stringify(broken));
    return { ...answer, events, records: records.filter(({ outcome }) => outcome !== 'refused') };
  } finally {
    vi.unstubAllEnvs();
  }
}

/** Whether a trial was built, verified and timed; whether its times were steady depends on the machine. */
export function isMeasured(record: TuningRecord | undefined): boolean {
  return (
    record !== undefined &&
    ranRight(record) &&
    record.verification?.wrong === 0 &&
    record.verification.checked > 0 &&
    record.medianNs !== null
  );
}
