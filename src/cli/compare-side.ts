import { statSync } from 'node:fs';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import type { TuningRecord } from '../records/record.ts';
import { UserError } from '../support/errors.ts';
import type { RecordedKernel } from '../tuner/compare.ts';
import type { KernelSource } from '../tuner/compare-in-turn.ts';
import { faultTeller } from './logs-options.ts';

/** One side of a comparison: some logs, or one kernel. */
export interface CompareSide {
  readonly path: string;
  readonly kind: 'logs' | 'bundle' | 'schedule';
  /** The workloads it has kernels of, by key; null in the place of the workload of a schedule that does not say what it is for. */
  readonly workloads: ReadonlyMap<string, Workload> | null;
  /** Its kernels with the samples of their records; null where no record is known. */
  readonly recorded: readonly RecordedKernel[] | null;
  /** Times of kernels that its logs timed more than once, each list of one kernel. */
  readonly repeats: readonly (readonly number[])[];
  /** Its kernel of a workload for a device. */
  source(workload: Workload, device: DeviceDescription): Promise<KernelSource>;
}

interface SideOptions {
  /** Only kernels of this operator. */
  readonly operator: string | null;
  /** Compare every schedule of the logs, and not only the best of each workload. */
  readonly every: boolean;
  /** Where the record of a bundle is looked for. */
  readonly logFolder: string;
}

/** Reads one side. Throws UserError with what is wrong with the path. */
export async function readSide(path: string, options: SideOptions): Promise<CompareSide> {
  const { isBundle } = await import('../tuner/read-bundle.ts');
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw new UserError(`there is no ${path}; name a tuning log, a folder of them, a bundle or a schedule file`);
  if (isBundle(path)) return bundleSide(path, options);
  if (found.isDirectory() || path.endsWith('.jsonl')) return logsSide(path, options);
  return scheduleSide(path);
}

type Counted = TuningRecord & { readonly medianNs: number };

async function logsSide(path: string, { operator, every }: SideOptions): Promise<CompareSide> {
  const { skimLogs } = await import('../records/skim.ts');
  const { createTopTable } = await import('../records/top-table.ts');
  const { readStanding } = await import('../records/standing.ts');
  const { recordedKernel } = await import('../tuner/compare.ts');
  const table = createTopTable(every ? mostSchedules : 1, (record) => record as Counted, await readStanding([path]));
  const faults = await faultTeller();
  await skimLogs([path], {
    onSkim: (skim, file, line) => {
      if (operator !== null && skim.workload.operator !== operator) return;
      const fault = table.add(skim, file, line);
      if (fault !== null) faults.onFault(fault);
    },
    onFault: faults.onFault,
  });
  faults.rest();
  const entries = table.entries().flat();
  const recorded = entries.map(({ held, workloadKey, schedule, file, line }) =>
    recordedKernel(held, { workloadKey, schedule: every ? schedule : '', where: `${file}:${line}` }),
  );
  if (recorded.length === 0)
    throw new UserError(
      `${path} holds no verified record${operator === null ? '' : ` of ${operator}`}; \`wgtune logs stats ${path}\` tells what it holds`,
    );
  return {
    path,
    kind: 'logs',
    workloads: new Map(recorded.map(({ workloadKey, workload }) => [workloadKey, workload])),
    recorded,
    repeats: await repeatsIn(path),
    source: async (workload, device) => {
      const { bestKernelFor } = await import('../tuner/best-kernel.ts');
      const { trace, artifact, place } = await bestKernelFor(device, {
        workload,
        logFolder: path,
        allowOther: true,
        shippedLogs: null,
      });
      return { trace, artifact, where: place === null ? path : `${place.file}:${place.line}` };
    },
  };
}

/** Larger logs take longer to read whole than what their repeats tell is worth. */
const mostRepeatBytes = 32 << 20;

async function repeatsIn(path: string): Promise<readonly (readonly number[])[]> {
  const { logFilesOf } = await import('../records/log-files.ts');
  const { readLogs } = await import('../records/log-reader.ts');
  const { isVerified } = await import('../records/record.ts');
  const { timeOf } = await import('../records/relative-time.ts');
  const { scheduleKey } = await import('../records/schedule-key.ts');
  const logs = await logFilesOf(path, false);
  const bytes = logs.reduce((sum, log) => sum + (statSync(log, { throwIfNoEntry: false })?.size ?? 0), 0);
  if (bytes > mostRepeatBytes) return [];
  const times = new Map<string, number[]>();
  await readLogs([path], {
    onRecord: (record) => {
      if (!isVerified(record) || record.stoppedEarly) return;
      // Within one run alone: another one may be of another day, and of a kernel that another version made.
      const key = `${record.run} ${scheduleKey(record.trace)}`;
      times.set(key, [...(times.get(key) ?? []), timeOf(record)]);
    },
  });
  return [...times.values()].filter(({ length }) => length > 1);
}

/** Every schedule of a search of some hours. */
const mostSchedules = 2000;

async function bundleSide(path: string, { operator, logFolder }: SideOptions): Promise<CompareSide> {
  const { readBundle } = await import('../tuner/read-bundle.ts');
  const { workloadKey } = await import('../operators/workload.ts');
  const { workload, artifact, record: id } = readBundle(path);
  if (operator !== null && workload.operator !== operator)
    throw new UserError(`${path} is a bundle of ${workload.operator}, not of ${operator}`);
  const { recordedKernel } = await import('../tuner/compare.ts');
  const record = await recordWith(id, logFolder);
  const key = workloadKey(workload);
  const where = `${path} (record ${id})`;
  return {
    path,
    kind: 'bundle',
    workloads: new Map([[key, workload]]),
    repeats: [],
    recorded: record === null ? null : [recordedKernel(record, { workloadKey: key, schedule: '', where })],
    source: async () => ({ artifact, trace: record?.trace ?? null, where: path }),
  };
}

/** The record of this id in a folder's logs; null where it is not there. */
async function recordWith(id: string, logFolder: string): Promise<Counted | null> {
  const { skimLogs, wholeRecord } = await import('../records/skim.ts');
  let found: Counted | null = null;
  await skimLogs(
    [logFolder],
    {
      onSkim: (skim) => {
        if (skim.id !== id || !skim.verified) return;
        const record = wholeRecord(skim);
        if (!('severity' in record)) found = record as Counted;
      },
    },
    { missingIsEmpty: true },
  );
  return found;
}

async function scheduleSide(path: string): Promise<CompareSide> {
  const { readScheduleFile } = await import('./schedule-file.ts');
  const { workloadKey } = await import('../operators/workload.ts');
  const { trace, workload } = await readScheduleFile(path);
  return {
    path,
    kind: 'schedule',
    workloads: workload === null ? null : new Map([[workloadKey(workload), workload]]),
    recorded: null,
    repeats: [],
    source: async () => ({ artifact: null, trace, where: path }),
  };
}
