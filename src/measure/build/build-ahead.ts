import PQueue from 'p-queue';
import type { Device } from '../../device/devices.ts';
import { type Artifact, artifactKey } from '../../ir/artifact.ts';
import type { AheadSummary, TimingBudget } from '../runner.ts';
import { type AheadOutcome, type BuildProcess, startBuildProcess } from './build-process.ts';
import { createGainWatch } from './gain-watch.ts';

/**
 * Processes that compile candidates before they are measured, so that the measuring process finds them in the driver's own cache. Each takes one
 * core, as Dawn and most drivers compile a pipeline on one. On a CPU device `build` resolves only when all builds are done, because nothing may be
 * timed beside them; on a GPU they go on during the timing, which runs on the device.
 */
interface BuildAhead {
  /**
   * Takes the first few of these artifacts and returns how many, 0 where building ahead gains nothing. Resolves when they may be measured.
   * `stopped` is asked before each build. `expectedMs`: what they are expected to take in all, where that is known.
   */
  build(artifacts: readonly Artifact[], stopped: () => boolean, expectedMs?: number): Promise<number>;
  /** The outcome of an artifact's build, handed out once; waits for a build under way. Null where there was none. */
  outcomeOf(artifact: Artifact): Promise<AheadOutcome | null>;
  /** Takes in how long the measuring process took to build a candidate, and how long another process had before; null where none had. */
  learn(aheadMs: number | null, hereMs: number): void;
  summary(): AheadSummary;
  close(): void;
}

/** Builds per process that one call takes: several, because its last builds leave cores idle while nothing is measured. */
const roundsAtOnce = 8;

/** Starting the processes takes about a second, so the builds they are to take over must be expected to take longer than this. */
const worthStartingMs = 1_500;

interface Job {
  readonly artifact: Artifact;
  readonly stopped: () => boolean;
  begun: boolean;
  /** The measuring process builds the artifact instead, and its turn in the queue passes. */
  withdrawn: boolean;
}

interface BuildAheadOptions {
  readonly device: Device;
  readonly budget: TimingBudget;
  readonly processes: number;
}

/** Starts nothing before the first build. Never throws for what a candidate or a process does. */
export function createBuildAhead({ device, budget, processes }: BuildAheadOptions): BuildAhead {
  const jobs = new Map<string, { readonly job: Job; readonly done: Promise<AheadOutcome | null> }>();
  const queue = new PQueue({ concurrency: Math.max(1, processes) });
  const idle: BuildProcess[] = [];
  const gain = createGainWatch();
  const isCpu = device.description.type === 'cpu';
  const builders: BuildProcess[] = [];
  const builtHere = { count: 0, ms: 0 };
  let candidates = 0;
  let waitedMs = 0;
  let closed = false;

  const waiting = async <T>(work: Promise<T>): Promise<T> => {
    const begun = performance.now();
    try {
      return await work;
    } finally {
      waitedMs += performance.now() - begun;
    }
  };

  const process = (): BuildProcess => {
    const started = startBuildProcess(device, budget);
    builders.push(started);
    return started;
  };

  const buildNow = async (job: Job): Promise<AheadOutcome | null> => {
    if (job.withdrawn || closed || gain.givenUp() !== null || job.stopped()) return null;
    job.begun = true;
    const builder = idle.pop() ?? process();
    const built = await builder.build(job.artifact);
    idle.push(builder);
    if (built.kind === 'no-process') {
      gain.giveUp(built.why);
      return null;
    }
    if (built.kind === 'built') candidates++;
    return built;
  };

  const enqueue = (artifact: Artifact, stopped: () => boolean): void => {
    const key = artifactKey(artifact);
    if (jobs.has(key)) return;
    const job: Job = { artifact, stopped, begun: false, withdrawn: false };
    jobs.set(key, { job, done: queue.add(() => buildNow(job)) });
  };

  const isWorthwhile = (count: number, expectedMs: number): boolean => {
    // A single candidate is built just as quickly by the measuring process.
    if (closed || processes === 0 || gain.givenUp() !== null || count < 2) return false;
    const likeBefore = (builtHere.ms / Math.max(1, builtHere.count)) * count;
    return builders.length > 0 || Math.max(expectedMs, likeBefore) >= worthStartingMs;
  };

  return {
    build: async (artifacts, stopped, expectedMs = 0) => {
      if (!isWorthwhile(artifacts.length, expectedMs)) return 0;
      const most = gain.isProved() ? (isCpu ? roundsAtOnce * processes : artifacts.length) : Math.max(2, processes);
      const taken = artifacts.slice(0, most);
      // Longest first, so that the cores finish at about the same time: compilers take longer for longer texts.
      for (const artifact of [...taken].sort((a, b) => textLength(b) - textLength(a))) enqueue(artifact, stopped);
      if (isCpu) await waiting(queue.onIdle());
      return gain.givenUp() === null ? taken.length : 0;
    },
    outcomeOf: async (artifact) => {
      const key = artifactKey(artifact);
      const queued = jobs.get(key);
      if (queued === undefined) return null;
      jobs.delete(key);
      if (queued.job.begun) return waiting(queued.done);
      // Still in the queue: the measuring process builds it sooner than its turn would come.
      queued.job.withdrawn = true;
      return null;
    },
    learn: (aheadMs, hereMs) => {
      if (aheadMs === null) {
        builtHere.count++;
        builtHere.ms += hereMs;
        return;
      }
      gain.see(aheadMs, hereMs);
      if (gain.givenUp() !== null) for (const builder of builders) builder.close();
    },
    summary: () => ({ processes: builders.length, candidates, waitedMs, gaveUp: gain.givenUp() }),
    close: () => {
      closed = true;
      for (const builder of builders) builder.close();
    },
  };
}

function textLength({ kernels }: Artifact): number {
  return kernels.reduce((sum, { wgsl }) => sum + wgsl.length, 0);
}
