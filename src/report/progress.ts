import { hasColdCaches } from '../device/caches.ts';
import { printable } from '../support/printable.ts';
import type { TuneEvent } from '../tuner/events.ts';
import { passedOverSentences } from './passed-over.ts';
import { formatCount, formatDuration, formatFactor, formatTime } from './quantities.ts';
import { coloursFor, isTerminal, type TextStream } from './terminal.ts';

type TrialEvent = Extract<TuneEvent, { readonly kind: 'trial' }>;

/** Shows a tuning run while it goes on. */
export interface Progress {
  onEvent(event: TuneEvent): void;
  /** A line that stays. */
  say(line: string): void;
  /** Takes the moving line away. Nothing may be shown afterwards. */
  close(): void;
}

export interface ProgressOptions {
  readonly stream: TextStream;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Without a terminal a line is due after this many trials or milliseconds, whichever comes first. */
const quietTrials = 10;
const quietMs = 10_000;
const redrawMs = 1000;

/**
 * On a terminal one line that is drawn again and again, and a line that stays for each improvement. Elsewhere (a pipe, a file)
 * only lines that stay: improvements, and a sign of life now and then.
 */
export function createProgress(options: ProgressOptions): Progress {
  const { stream, now = () => performance.now(), environment = process.env } = options;
  const colours = coloursFor(stream, environment);
  const live = isTerminal(stream, environment);
  let status = 'looking for a device';
  let last: { readonly event: TrialEvent; readonly at: number } | null = null;
  let saidAt = now();
  let saidTrial = 0;
  let closed = false;

  const draw = (): void => {
    if (!live || closed) return;
    const text = last === null ? status : trialStatus(last.event, now() - last.at);
    stream.write(`\r\x1b[2K${colours.dim(text.slice(0, (stream.columns || 80) - 1))}`);
  };
  const say = (line: string): void => {
    stream.write(`${live ? '\r\x1b[2K' : ''}${line}\n`);
    saidAt = now();
    draw();
  };
  // The time left counts down during long trials too. The timer must not keep the process alive.
  const timer = live ? setInterval(draw, redrawMs) : null;
  timer?.unref();
  draw();

  const onTrial = (event: TrialEvent): void => {
    last = { event, at: now() };
    if (event.improved && event.timeNs !== null) {
      saidTrial = event.trial;
      say(colours.green(improvement(event, event.timeNs)));
      return;
    }
    if (live) draw();
    else if (event.trial - saidTrial >= quietTrials || now() - saidAt >= quietMs || event.trial === event.of) {
      saidTrial = event.trial;
      say(trialStatus(event, 0));
    }
  };

  return {
    onEvent: (event) => {
      if (event.kind === 'trial') onTrial(event);
      else {
        status = statusAfter(event) ?? status;
        const line = lineOf(event);
        if (line !== null) say(warnings.has(event.kind) ? colours.yellow(line) : line);
        else draw();
      }
    },
    say,
    close: () => {
      if (live && !closed) stream.write('\r\x1b[2K');
      closed = true;
      if (timer !== null) clearInterval(timer);
    },
  };
}

/** `trial 12/64  best 4.56 ms, 2.93x over naive  1 min 20 s left  last 5.10 ms`; what a narrow terminal cuts off comes last. */
function trialStatus(event: TrialEvent, sinceMs: number): string {
  const { trial, of, bestNs, naiveNs, timeNs, outcome, remainingMs } = event;
  const best = bestNs === null ? 'nothing right yet' : `best ${formatTime(bestNs)}${overNaive(bestNs, naiveNs)}`;
  const latest = `last ${timeNs === null ? outcome : formatTime(timeNs)}`;
  const left =
    remainingMs === null || trial === of ? [] : [`${formatDuration(Math.max(0, remainingMs - sinceMs))} left`];
  return [`trial ${trial}/${of}`, best, ...left, latest].join('  ');
}

function improvement({ trial, of, naiveNs, sketch }: TrialEvent, timeNs: number): string {
  return `trial ${trial}/${of}  new best ${formatTime(timeNs)}${overNaive(timeNs, naiveNs)}  (${sketch})`;
}

function overNaive(timeNs: number, naiveNs: number | null): string {
  return naiveNs === null ? '' : `, ${formatFactor(naiveNs / timeNs)} over naive`;
}

const warnings: ReadonlySet<TuneEvent['kind']> = new Set(['note', 'drift', 'passed-over', 'disbelieved']);

/** What the run is waiting for after this event. */
function statusAfter(event: TuneEvent): string | null {
  switch (event.kind) {
    case 'device':
      return 'preparing the device';
    case 'known':
    case 'reuse':
    case 'sources':
    case 'space':
      return 'timing the naive schedule';
    case 'baseline':
      return 'first trials';
    default:
      return null;
  }
}

function lineOf(event: TuneEvent): string | null {
  switch (event.kind) {
    case 'note':
      return `note: ${event.message}`;
    case 'passed-over':
      return passedOverSentences(event.records)
        .map((sentence) => `note: ${sentence}`)
        .join('\n');
    case 'disbelieved':
      return `note: the time of ${printable(event.record)} (${formatTime(event.timeNs)}) does not count: ${event.why}`;
    case 'device':
      return `device ${event.device.name}: ${event.device.driver}${hasColdCaches(event.device) ? ', timed with cold caches' : ''}`;
    case 'space': {
      const size = event.sketches.reduce((total, sketch) => total + sketch.size, 0);
      const names = event.sketches.map((sketch) => sketch.name).join(', ');
      return `${formatCount(size)} candidates before pruning, in ${plural(event.sketches.length, 'sketch', 'sketches')}: ${names}`;
    }
    case 'known': {
      const best = event.bestNs === null ? 'none of them right' : `best ${formatTime(event.bestNs)}`;
      return `starts from ${plural(event.records, 'known trial', 'known trials')} (${best}); no known candidate is measured again`;
    }
    case 'reuse': {
      const unfit = event.unfit === 0 ? '' : `${formatCount(event.unfit)} more do not fit this device`;
      if (event.schedules === 0)
        return `no schedule of another device fits this one (${formatCount(event.unfit)} tried)`;
      const from = printable(event.devices.join(', '));
      return `measures first ${plural(event.schedules, 'schedule', 'schedules')} that were fast on ${from}${unfit === '' ? '' : `; ${unfit}`}`;
    }
    case 'sources': {
      const records = event.sources.reduce((sum, source) => sum + source.records, 0);
      const names = event.sources.map(({ name }) => printable(name)).join(', ');
      const learned =
        records === 0
          ? []
          : [`learned from ${plural(records, 'record', 'records')} in ${formatDuration(event.spentMs)}: ${names}`];
      const { length } = event.neighbours;
      const first = printable(event.neighbours[0] ?? '');
      const measured =
        length === 0
          ? []
          : [
              `measures first ${plural(length, 'schedule', 'schedules')} of near shapes, refitted (the nearest is ${first})`,
            ];
      return [...learned, ...measured].join('\n');
    }
    case 'baseline':
      if (event.timeNs === null) return `the naive schedule gave no time: ${event.outcome}: ${firstLine(event.error)}`;
      return `naive schedule ${formatTime(event.timeNs)}${event.fromLog ? ' (known)' : ''}`;
    case 'drift':
      return driftText(event);
    case 'trial':
    case 'learned':
      return null;
  }
}

/** The sentence is about the run and not about the kernel, because the machine is to blame. */
function driftText({ beforeNs, timeNs, ratio }: Extract<TuneEvent, { readonly kind: 'drift' }>): string {
  const how = ratio > 1 ? `${formatFactor(ratio)} slower` : `${formatFactor(1 / ratio)} faster`;
  return `drift: a kernel that took ${formatTime(beforeNs)} takes ${formatTime(timeNs)} now, ${how} than its samples explain; times before and after are hard to compare`;
}

function plural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
