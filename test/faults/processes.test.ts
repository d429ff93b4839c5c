import { beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/records/outcome.ts';
import { type Fault, type FaultyRun, isMeasured, scratch, tuneWithFaults } from './tune-with-faults.ts';

interface Accident {
  readonly title: string;
  readonly fault: Fault;
  readonly outcome: Outcome;
  readonly error: RegExp;
}

/** `run` and `verify` are the two halves of verification, `sample` is timing (see Stage). */
const stages = ['build', 'run', 'verify', 'sample'] as const;

const killed: readonly Accident[] = stages.flatMap((at) =>
  (['SIGKILL', 'SIGSEGV'] as const).map((signal) => ({
    title: `its process dies of ${signal} in stage ${at}`,
    fault: { order: { at, signal } },
    outcome: 'crash',
    error: new RegExp(`^the measuring process died while it was in stage ${at}: ${signal}$`),
  })),
);

const lost: readonly Accident[] = (['build', 'run', 'sample'] as const).map((at) => ({
  title: `its device is lost in stage ${at}`,
  fault: { order: { at, lose: true } },
  outcome: 'device-lost',
  error: /^the device was lost: .*destroyed/s,
}));

const accidents: readonly Accident[] = [
  ...killed,
  ...lost,
  {
    title: 'native code gives up with a message',
    fault: { order: { at: 'run', say: 'free(): invalid pointer\n', signal: 'SIGABRT' } },
    outcome: 'crash',
    error:
      /^the measuring process died while it was in stage run: SIGABRT; it said last: .*free\(\): invalid pointer$/s,
  },
  {
    title: 'its process hangs while it compiles',
    fault: { order: { at: 'build', hang: true } },
    outcome: 'build-timeout',
    error: /^compiling took longer than \d+ ms$/,
  },
  {
    title: 'its process hangs while it is timed',
    fault: { order: { at: 'sample', hang: true } },
    outcome: 'run-timeout',
    error: /^the kernels did not end within \d+ ms \(stage sample\); the process was killed$/,
  },
];

/** Every second trial has an accident, so that a sound one follows each. */
const trialOf = (index: number): number => 2 * index + 1;

describe('an accident in a trial gives a record, and the run goes on with another process', () => {
  let run: FaultyRun;
  beforeAll(async () => {
    const faults = new Map(accidents.map(({ fault }, index) => [trialOf(index), fault]));
    run = await tuneWithFaults(faults, { logFolder: scratch(), trials: 2 * accidents.length });
  }, 900_000);

  it.each(accidents.map((accident, index) => [accident.title, accident, index] as const))(
    '%s',
    (_, { outcome, error }, index) => {
      const record = run.records[trialOf(index)];
      expect(record).toMatchObject({ outcome, medianNs: null, samplesNs: [] });
      expect(record?.error).toMatch(error);
      expect(isMeasured(run.records[trialOf(index) + 1]), run.records[trialOf(index) + 1]?.error).toBe(true);
    },
  );

  it('no such record is lost, and none becomes the best', () => {
    expect(run.thrown).toBeNull();
    expect(run.result).toMatchObject({ trials: 2 * accidents.length, stoppedBy: 'trials' });
    expect(run.records.map(({ trial }) => trial)).toEqual(run.records.map((_, index) => index));
    expect(isMeasured(run.records.find(({ id }) => id === run.result?.best?.record))).toBe(true);
  });
});

describe('a trial that is only disturbed is still measured', () => {
  it('the device’s clock runs backwards: times are those of the wall clock', async () => {
    const faults = new Map([[2, { order: { at: 'build', backwards: true } }]]);
    const { records } = await tuneWithFaults(faults, { logFolder: scratch(), trials: 3 });
    expect(records.slice(0, 4).map(({ clock }) => clock)).toEqual(['timestamp', 'timestamp', 'wall', 'timestamp']);
    expect(records.every(isMeasured)).toBe(true);
  });

  it('the tuner itself is stopped for longer than a stage may take, after the answer has arrived', async () => {
    // As if the machine were suspended, except that the measuring process goes on and its answer waits.
    const stop = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 9_000);
    const faults = new Map([[1, { during: () => void setTimeout(stop, 20) }]]);
    const { records } = await tuneWithFaults(faults, { logFolder: scratch(), trials: 2 });
    expect(records.length).toBeGreaterThanOrEqual(3);
    for (const record of records) expect(isMeasured(record), record.error).toBe(true);
  });
});

describe('a device that no process can use any longer', () => {
  it('ends the run with one sentence; what was measured is kept, and the same command goes on from there', async () => {
    const logFolder = scratch();
    const faults = new Map<number, Fault>([
      [2, { order: { at: 'run', signal: 'SIGKILL' } }],
      [3, { order: { at: 'opened', say: 'driver: giving up\n', signal: 'SIGABRT' } }],
    ]);
    const { records, thrown } = await tuneWithFaults(faults, { logFolder, trials: 6 });
    expect(thrown).toMatchObject({
      name: 'UserError',
      exitCode: 3,
      message: expect.stringMatching(
        /^device swiftshader failed to start 3 times in a row \(SIGABRT.*\); choose another with --device$/,
      ),
    });
    expect(records.map(({ outcome }) => outcome === 'crash')).toEqual([false, false, true]);

    const again = await tuneWithFaults(new Map(), { logFolder, trials: 2 });
    expect(again.events.find(({ kind }) => kind === 'known')).toMatchObject({ records: 3 });
    // Besides the two new trials, kernels were measured again: one that was far ahead, and those of the race at the end.
    expect(again.records.filter(({ origin }) => origin === 'search')).toHaveLength(2 + 2);
    expect(again.records.filter(({ race }) => race !== null).length).toBeGreaterThanOrEqual(2);
    expect(again.records.slice(3).every(isMeasured)).toBe(true);
  });
});
