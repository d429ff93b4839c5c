import type { TuningRecord } from '../records/record.ts';
import { timeOf } from '../records/relative-time.ts';
import { printable } from '../support/printable.ts';
import { createRunView, improvementLine, runTitle, type SeenRecord, stateLine } from './run-view.ts';
import { coloursFor, isTerminal, type TextStream } from './terminal.ts';

/** Shows runs by the records of their logs, one run after the other. */
export interface WatchScreen {
  /** The records that follow are of this log. */
  begin(file: string): void;
  show(record: TuningRecord): void;
  /** A line that stays. */
  note(text: string): void;
  /** To be called when all that is new was shown. */
  draw(): void;
  /** Says where the run is, and takes the moving line away. */
  end(): void;
}

/** Without a terminal a line is due after this many trials. */
const quietTrials = 10;

/** On a terminal a line that is drawn again and again, and lines that stay; elsewhere only these. With `json` a line of JSON for each log and record. */
export function createWatchScreen(stream: TextStream, json: boolean): WatchScreen {
  const live = !json && isTerminal(stream);
  const colours = coloursFor(stream);
  let view = createRunView();
  let file = '';
  let latest: TuningRecord | null = null;
  let saidTrial = 0;
  let hasEnded = false;
  const say = (line: string): void => {
    stream.write(`${live ? '\r\x1b[2K' : ''}${line}\n`);
  };
  const status = (): string => stateLine(view.state(), latest);

  const asJson = ({ record, improved, trials, bestNs, naiveNs, elapsedMs }: SeenRecord): object => {
    const { id, origin, sketch, decisions, outcome, error, startedAt, race } = record;
    return {
      ...{ kind: 'trial', trials, id, origin, sketch, decisions, outcome, error, timeNs: timeOf(record) },
      ...{ bestNs, naiveNs, improved, startedAt, elapsedMs, race: race === null ? null : { place: race.place } },
    };
  };

  const asText = (seen: SeenRecord): void => {
    const line = improvementLine(seen);
    if (line !== null) {
      saidTrial = seen.trials;
      say(seen.improved ? colours.green(line) : line);
    } else if (!live && seen.trials - saidTrial >= quietTrials) {
      saidTrial = seen.trials;
      say(status());
    }
  };

  return {
    begin: (next) => {
      [view, file, latest, saidTrial, hasEnded] = [createRunView(), next, null, 0, false];
    },
    show: (record) => {
      if (latest === null) {
        const { workload, device } = record;
        if (json) say(JSON.stringify({ kind: 'log', file, workload, device }));
        else say(`${colours.bold(runTitle(record))}  ${printable(file)}`);
      }
      latest = record;
      const seen = view.add(record);
      if (json) say(JSON.stringify(asJson(seen)));
      else asText(seen);
    },
    note: (text) => {
      if (!json) say(colours.yellow(text));
    },
    draw: () => {
      if (json || latest === null) return;
      const { ended } = view.state();
      if (ended && !hasEnded && !live) say(status());
      hasEnded = ended;
      if (live) stream.write(`\r\x1b[2K${colours.dim(status().slice(0, (stream.columns || 80) - 1))}`);
    },
    end: () => {
      if (json || latest === null || (!live && hasEnded)) return;
      say(status());
    },
  };
}
