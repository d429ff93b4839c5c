import { describeWorkload } from '../../operators/workload.ts';
import type { LogFault } from '../../records/log-fault.ts';
import type { ReadSummary } from '../../records/log-reader.ts';
import { createStats } from '../../records/log-stats.ts';
import { cellOf, type Skim, skimLogs } from '../../records/skim.ts';
import { readStanding } from '../../records/standing.ts';
import { exitCode, UserError } from '../../support/errors.ts';
import { toolVersion } from '../../tuner/tool.ts';
import { createRegrets } from './regrets.ts';
import type { ReportData } from './report-data.ts';
import { createSubject, type SubjectDraft, trialOf } from './subject.ts';

export interface CollectOptions {
  readonly paths: readonly string[];
  /** Only workloads of this operator, and only devices of this name; all when absent. */
  readonly operator?: string;
  readonly device?: string;
  /** Workloads on devices that are reported in detail, the last tuned first. */
  readonly subjects?: number;
  /** Trials that are drawn, all subjects together. */
  readonly trials?: number;
  readonly onFault?: (fault: LogFault) => void;
  /** Now, for the report's date. */
  readonly now?: Date;
}

const mostSubjects = 4;
const mostTrials = 5000;

/**
 * Reads logs for a report: counts every record, and then reads the files again that hold the workloads that were tuned last, or several devices'
 * records of one workload. Of those it holds the trials, without their schedules. A line that is broken is left out and counted. Throws UserError
 * where no record is left.
 */
export async function collectReport(
  options: CollectOptions,
): Promise<ReportData & Pick<ReadSummary, 'errors' | 'newer'>> {
  const { paths, onFault } = options;
  const standing = await readStanding(paths);
  const stats = createStats(standing);
  const regrets = createRegrets(standing);
  const filesOf = new Map<string, Set<string>>();
  /** Places of lines that turned out to be no records after all. */
  const late = new Set<string>();
  const tell = (fault: LogFault): void => {
    const place = `${fault.file}:${fault.line}`;
    if (late.has(place)) return;
    late.add(place);
    onFault?.(fault);
  };
  const isWanted = ({ workload, device }: Skim): boolean =>
    (options.operator === undefined || workload.operator === options.operator) &&
    (options.device === undefined || device.name === options.device);
  const summary = await skimLogs(paths, {
    onSkim: (skim, file, line) => {
      if (!isWanted(skim)) return;
      stats.add(skim);
      const fault = regrets.see(skim, file, line);
      if (fault !== null) tell(fault);
      const cell = cellOf(skim);
      filesOf.set(cell, (filesOf.get(cell) ?? new Set()).add(file));
    },
    ...(onFault === undefined ? {} : { onFault }),
  });
  const { cells } = stats.result();
  if (cells.length === 0)
    throw new UserError(
      `there is no record to report in ${paths.join(', ')}; \`wgtune tune <operator>\` makes some, and \`wgtune logs stats\` tells what there is`,
      exitCode.noRecord,
    );
  const chosen = [...cells]
    .sort((a, b) => (a.last < b.last ? 1 : a.last > b.last ? -1 : 0))
    .slice(0, options.subjects ?? mostSubjects);
  const drafts = new Map<string, SubjectDraft>();
  for (const cell of chosen) drafts.set(cellOf(cell), createSubject(cell.workload, cell.device, standing));
  const again = new Set([...drafts.keys(), ...regrets.cells()].flatMap((cell) => [...(filesOf.get(cell) ?? [])]));
  const files = summary.files.filter((file) => again.has(file));
  await skimLogs(files, {
    onSkim: (skim, file, line) => {
      if (!isWanted(skim)) return;
      regrets.compare(skim);
      const draft = drafts.get(cellOf(skim));
      if (draft === undefined) return;
      const trial = trialOf(skim);
      if ('severity' in trial) tell(trial);
      else draft.add({ ...skim, ...trial }, file, line);
    },
  });
  const drawn = Math.floor((options.trials ?? mostTrials) / drafts.size);
  const subjects = [];
  for (const draft of drafts.values()) if (draft.records() > 0) subjects.push(await draft.finish(drawn));
  return {
    tool: toolVersion,
    made: (options.now ?? new Date()).toISOString(),
    files: summary.files.length,
    records: cells.reduce((sum, { records }) => sum + records, 0),
    broken: summary.errors + late.size,
    errors: summary.errors + late.size,
    newer: summary.newer,
    subjects,
    cells: cells.map((cell) => ({
      workload: describeWorkload(cell.workload),
      device: cell.device.name,
      records: cell.records,
      bestNs: cell.bestNs,
      naiveNs: cell.naiveNs,
      detailed: drafts.has(cellOf(cell)),
    })),
    regrets: regrets.result(),
  };
}
