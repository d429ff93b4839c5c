import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgress } from '../../src/report/progress.ts';
import type { TuneEvent } from '../../src/tuner/events.ts';

type TrialEvent = Extract<TuneEvent, { readonly kind: 'trial' }>;

function trial(number: number, more: Partial<TrialEvent> = {}): TrialEvent {
  return {
    kind: 'trial',
    trial: number,
    of: 64,
    sketch: 'tiled',
    decisions: {},
    outcome: 'ok',
    error: '',
    timeNs: 5_100_000,
    bestNs: 4_560_000,
    improved: false,
    naiveNs: 13_400_000,
    elapsedMs: 1000 * number,
    remainingMs: 80_000,
    ...more,
  };
}

function record(isTTY: boolean, columns = 200) {
  const written: string[] = [];
  let clock = 0;
  const progress = createProgress({
    stream: { write: (text: string) => written.push(text), isTTY, columns },
    now: () => clock,
    environment: { TERM: 'xterm', NO_COLOR: '1' },
  });
  return {
    progress,
    text: () => written.join(''),
    /** What a terminal would show in the end: of every line, the text after it was last cleared. */
    screen: () =>
      written
        .join('')
        .split('\n')
        .map((line) => line.split('\r\x1b[2K').at(-1)),
    wait: (ms: number) => {
      clock += ms;
    },
  };
}

describe('progress in a pipe', () => {
  it('is plain lines: improvements, and every tenth trial', () => {
    const { progress, text } = record(false);
    progress.onEvent(trial(1, { improved: true, timeNs: 4_560_000 }));
    for (let i = 2; i <= 25; i++) progress.onEvent(trial(i));
    progress.close();
    expect(text()).toBe(
      [
        'trial 1/64  new best 4.56 ms, 2.94x over naive  (tiled)',
        'trial 11/64  best 4.56 ms, 2.94x over naive  1 min 20 s left  last 5.10 ms',
        'trial 21/64  best 4.56 ms, 2.94x over naive  1 min 20 s left  last 5.10 ms',
        '',
      ].join('\n'),
    );
  });

  it('gives a sign of life after ten seconds, and tells the last trial', () => {
    const { progress, text, wait } = record(false);
    progress.onEvent(trial(1));
    expect(text()).toBe('');
    wait(10_000);
    progress.onEvent(trial(2, { outcome: 'wrong-answer', timeNs: null, bestNs: null, remainingMs: null }));
    progress.onEvent(trial(3));
    progress.onEvent(trial(64, { remainingMs: 0 }));
    expect(text().split('\n')).toEqual([
      'trial 2/64  nothing right yet  last wrong-answer',
      'trial 64/64  best 4.56 ms, 2.94x over naive  last 5.10 ms',
      '',
    ]);
  });

  it('says what the run begins with', () => {
    const { progress, text } = record(false);
    progress.onEvent({ kind: 'note', message: 'XGBoost is missing' });
    progress.onEvent({
      kind: 'space',
      sketches: [
        { name: 'tiled', decisions: 9, size: 48_000 },
        { name: 'split-k', decisions: 10, size: 2000 },
      ],
    });
    progress.onEvent({ kind: 'known', records: 13, candidates: 12, bestNs: 16_200, naiveNs: 24_800 });
    progress.onEvent({ kind: 'baseline', timeNs: 24_800, outcome: 'ok', error: '', fromLog: true });
    progress.onEvent({ kind: 'baseline', timeNs: null, outcome: 'crash', error: 'SIGSEGV\nmore', fromLog: false });
    expect(text().split('\n')).toEqual([
      'note: XGBoost is missing',
      '50,000 candidates before pruning, in 2 sketches: tiled, split-k',
      'starts from 13 known trials (best 16.2 µs); no known candidate is measured again',
      'naive schedule 24.8 µs (known)',
      'the naive schedule gave no time: crash: SIGSEGV',
      '',
    ]);
  });
});

describe('progress on a terminal', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('draws one line again and again, and leaves improvements standing', () => {
    const { progress, screen } = record(true);
    expect(screen()).toEqual(['looking for a device']);
    progress.onEvent(trial(1, { improved: true, timeNs: 4_560_000 }));
    for (let i = 2; i <= 12; i++) progress.onEvent(trial(i));
    const best = 'trial 1/64  new best 4.56 ms, 2.94x over naive  (tiled)';
    expect(screen()).toEqual([best, 'trial 12/64  best 4.56 ms, 2.94x over naive  1 min 20 s left  last 5.10 ms']);
    progress.say('finishing the trial at hand');
    progress.close();
    expect(screen()).toEqual([best, 'finishing the trial at hand', '']);
  });

  it('lets the time left run while a trial takes long, and stops when closed', () => {
    const { progress, screen, text, wait } = record(true);
    progress.onEvent(trial(1));
    wait(30_000);
    vi.advanceTimersByTime(1000);
    expect(screen().at(-1)).toContain('50 s left');
    progress.close();
    const before = text();
    vi.advanceTimersByTime(5000);
    expect(text()).toBe(before);
  });

  it('never wraps: the line is shorter than the terminal', () => {
    const { progress, screen } = record(true, 30);
    progress.onEvent(trial(1));
    expect(screen().at(-1)).toBe('trial 1/64  best 4.56 ms, 2.9');
  });
});
