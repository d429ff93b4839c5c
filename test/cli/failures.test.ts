import { afterEach, describe, expect, it, vi } from 'vitest';
import { exitCode, InternalError } from '../../src/support/errors.ts';
import type { RunResult, TuneResult } from '../../src/tuner/events.ts';
import { device } from '../report/fixtures.ts';
import { wgtuneHere } from './wgtune.ts';

/** Failures that no legal schedule causes: the tuner is replaced by one that reports them. */
const tuner = vi.hoisted(() => ({ runSchedule: vi.fn(), tune: vi.fn() }));
vi.mock('../../src/tuner/run-schedule.ts', () => ({ runSchedule: tuner.runSchedule }));
vi.mock('../../src/tuner/tune.ts', () => ({ tune: tuner.tune }));
afterEach(() => void vi.resetAllMocks());

const workload = { operator: 'softmax', params: {}, attributes: {}, dtype: 'f32' as const };

const wrong: RunResult = {
  workload,
  device: device('anvil'),
  trace: { version: 1, steps: [] },
  artifact: { buffers: [], kernels: [] },
  flopsPerSecond: null,
  known: null,
  nearest: null,
  bytesPerSecond: null,
  result: {
    outcome: 'wrong-answer',
    error: 'Y[3] is 4, expected 5',
    samplesNs: [],
    medianNs: null,
    relative: null,
    references: null,
    clock: null,
    stoppedEarly: false,
    verification: { checked: 10, wrong: 1, maxError: 1 },
    phasesMs: { build: 0, verify: 0, time: 0, total: 0 },
  },
};

describe('a kernel that is wrong', () => {
  it('run reports it, says why and exits with 1', async () => {
    tuner.runSchedule.mockResolvedValue(wrong);
    const { code, stdout, stderr } = await wgtuneHere(['run', 'softmax', '--naive']);
    expect(stdout).toMatch(/^outcome +wrong-answer$/m);
    expect(stdout).toMatch(/^verified +10 outputs compared, 1 wrong/m);
    expect(stderr).toBe('error: the kernel ended in wrong-answer: Y[3] is 4, expected 5\n');
    expect(code).toBe(exitCode.failed);
    expect(tuner.runSchedule).toHaveBeenCalledWith(expect.objectContaining({ trace: 'naive', profile: 'browser' }));
  });

  it('run notes times that scatter and exits with 0 where the answers are right', async () => {
    const result = {
      ...wrong.result,
      outcome: 'unstable' as const,
      error: 'the samples differ',
      medianNs: 5,
      samplesNs: [4, 5, 9],
    };
    tuner.runSchedule.mockResolvedValue({
      ...wrong,
      result: { ...result, verification: { checked: 10, wrong: 0, maxError: 0 } },
    });
    const { code, stdout, stderr } = await wgtuneHere(['run', 'softmax', '--naive']);
    expect(stdout).toMatch(/^outcome +unstable$/m);
    expect(stderr).toBe('note: the times scatter too much to be trusted: the samples differ\n');
    expect(code).toBe(0);
  });

  it.each([
    [{ crash: 3 }, 'no kernel was built, run and verified: 3 crashed the device process; '],
    [
      { 'run-timeout': 3 },
      'no kernel was built, run and verified: 3 took too long to run; .*--trial-timeout <seconds>',
    ],
    [
      { 'build-error': 1, refused: 4 },
      'no kernel was built, run and verified: 4 refused before building, 1 did not build; ',
    ],
    [{ 'wrong-answer': 3 }, 'no kernel gave the right answer; '],
  ])('tune that found nothing right says so for %j, offers no commands and exits with 1', async (outcomes, why) => {
    const answer: TuneResult = {
      workload,
      device: device('anvil'),
      best: null,
      bestFromLog: false,
      naiveNs: null,
      peaks: null,
      drift: { remeasured: 0, drifted: 0, worst: null },
      disturbance: null,
      race: null,
      packing: null,
      builtAhead: null,
      speedup: null,
      flopsPerSecond: null,
      bytesPerSecond: null,
      trials: 2,
      reuse: null,
      learning: null,
      outcomes,
      pruned: { looked: 2, reasons: [], judged: 0, cut: [], deaths: [] },
      elapsedMs: 1000,
      spentMs: { measure: 900, propose: 1, fit: 0 },
      stoppedBy: 'trials',
      search: 'beam',
      model: 'xgboost',
      seed: 1,
      logPath: 'x.jsonl',
      logFolder: '.',
    };
    tuner.tune.mockResolvedValue(answer);
    const { code, stdout, stderr } = await wgtuneHere(['tune', 'softmax', '--trials', '2']);
    expect(stdout).toMatch(/^outcomes +\d [a-z-]+/m);
    expect(stdout).not.toContain('next');
    expect(stderr).toMatch(new RegExp(`^error: ${why}`, 'm'));
    expect(code).toBe(exitCode.failed);
  });
});

describe('what tune asks of the tuner', () => {
  it.each([
    [[], { trials: 64, timeLimit: 90, seed: 1, search: 'auto', model: 'xgboost', useKnown: true }],
    [['--trials', '7'], { trials: 7, timeLimit: undefined }],
    [['--trials', '7', '--time-limit', '5'], { trials: 7, timeLimit: 5 }],
    [['--time-limit', '600'], { trials: 64, timeLimit: 600 }],
    [['--trial-timeout', '60'], { trialTimeout: 60 }],
    [['--fresh', '--seed', '3', '--profile', 'native'], { useKnown: false, seed: 3, profile: 'native' }],
    [
      ['--search', 'random', '--model', 'analytic', '--log', 'x'],
      { search: 'random', model: 'analytic', logFolder: 'x' },
    ],
  ])('%j', async (args, wanted) => {
    tuner.tune.mockRejectedValue(new InternalError('enough'));
    await wgtuneHere(['tune', 'softmax', '-s', 'rows=3', ...args]);
    const asked = tuner.tune.mock.calls[0]?.[0] as Record<string, unknown>;
    expect({ ...wanted, ...asked }).toMatchObject(wanted);
    expect(asked.workload).toMatchObject({ operator: 'softmax', params: { rows: 3, cols: 256 } });
    expect(asked).not.toHaveProperty('device');
  });
});

describe('a fault of ours', () => {
  it('is told apart from a mistake, and shows its place only when asked', async () => {
    tuner.tune.mockRejectedValue(new InternalError('a loop has no end'));
    const quiet = await wgtuneHere(['tune', 'softmax']);
    expect(quiet.code).toBe(exitCode.failed);
    expect(quiet.stderr).toMatch(/error: this is a fault of wgtune: a loop has no end \(run it again with --verbose/);
    expect(quiet.stderr).not.toMatch(/^ +at /m);
    expect((await wgtuneHere(['tune', 'softmax', '--verbose'])).stderr).toMatch(/^ +at .*failures\.test/m);
  });
});
