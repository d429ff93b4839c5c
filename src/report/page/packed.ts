import type { Outcome } from '../../records/outcome.ts';
import type { Origin } from '../../records/record.ts';
import { phaseNames, type ReportData, type ReportTrial, type Subject, type TrialPhases } from './report-data.ts';

/** Trials as lists of numbers and of places in a list of texts: objects would take three times the bytes. */
interface PackedTrials {
  readonly texts: readonly string[];
  /** Names of decisions by sketch. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly rows: readonly (readonly (number | string | null | readonly (number | string)[])[])[];
}

type PackedSubject = Omit<Subject, 'trials'> & { readonly trials: PackedTrials };

/** The report's data as JSON text for the page. */
export function packReport(data: ReportData): string {
  return JSON.stringify({
    ...data,
    subjects: data.subjects.map((subject) => ({ ...subject, trials: packTrials(subject.trials) })),
  });
}

export function unpackReport(text: string): ReportData {
  const packed = JSON.parse(text) as Omit<ReportData, 'subjects'> & { readonly subjects: readonly PackedSubject[] };
  return {
    ...packed,
    subjects: packed.subjects.map((subject) => ({ ...subject, trials: unpackTrials(subject.trials) })),
  };
}

/** Digits that a figure can show. */
function short(value: number | null, digits = 5): number | null {
  return value === null ? null : Number(value.toPrecision(digits));
}

function packTrials(trials: readonly ReportTrial[]): PackedTrials {
  const texts = new Map<string, number>();
  const textAt = (text: string): number => {
    const at = texts.get(text) ?? texts.size;
    texts.set(text, at);
    return at;
  };
  const names: Record<string, readonly string[]> = {};
  const rows = trials.map((trial) => {
    const { sketch, decisions, phases } = trial;
    const own = Object.keys(decisions);
    // Sketches of different versions may have other decisions: such a trial names its own.
    const key = sketch ?? '';
    names[key] ??= own;
    const usual = names[key]?.length === own.length && own.every((name, at) => names[key]?.[at] === name);
    return [
      ...[trial.run, trial.trial, trial.line, short(trial.at, 6), textAt(trial.origin), textAt(trial.outcome)],
      ...[sketch === null ? null : textAt(sketch), short(trial.timeNs, 6), trial.counts ? 1 : 0],
      ...[
        trial.against === null ? null : textAt(trial.against),
        trial.round,
        short(trial.score),
        textAt(trial.error),
        trial.place,
        short(trial.bytes),
      ],
      phaseNames.map((phase) => short(phases[phase], 4) as number),
      usual ? Object.values(decisions) : [...own, ...Object.values(decisions)],
      usual ? 1 : 0,
    ];
  });
  return { texts: [...texts.keys()], names, rows };
}

function unpackTrials({ texts, names, rows }: PackedTrials): readonly ReportTrial[] {
  const text = (at: unknown): string => texts[at as number] as string;
  const textOrNull = (at: unknown): string | null => (at === null ? null : text(at));
  return rows.map((row) => {
    const [
      run,
      trial,
      line,
      at,
      origin,
      outcome,
      sketch,
      timeNs,
      counts,
      against,
      round,
      score,
      error,
      place,
      bytes,
      phases,
      values,
      usual,
    ] = row;
    const list = values as readonly (number | string)[];
    const own = usual === 1 ? (names[textOrNull(sketch) ?? ''] ?? []) : list.slice(0, list.length / 2).map(String);
    const held = usual === 1 ? list : list.slice(list.length / 2);
    return {
      ...{ run: run as number, trial: trial as number, line: line as number, at: at as number },
      ...{ origin: text(origin) as Origin, outcome: text(outcome) as Outcome, sketch: textOrNull(sketch) },
      ...{ timeNs: timeNs as number | null, counts: counts === 1, against: textOrNull(against) },
      ...{ round: round as number | null, score: score as number | null, error: text(error) },
      ...{ place: place as number | null, bytes: bytes as number | null },
      phases: Object.fromEntries(
        phaseNames.map((phase, p) => [phase, (phases as readonly number[])[p]]),
      ) as unknown as TrialPhases,
      decisions: Object.fromEntries(own.map((name, d) => [name, held[d] as number | string])),
    };
  });
}
