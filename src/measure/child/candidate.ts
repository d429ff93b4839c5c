import type { Verification } from '../../records/outcome.ts';
import type { ReferenceName, ReferenceTimes } from '../../records/reference-names.ts';
import { artifactProblem, type BuiltKernel, buildKernels } from '../build/build-kernels.ts';
import { type Failure, fail, isFailure } from '../failure.ts';
import type { MeasureRequest, MeasureResult, OutputCheck } from '../runner.ts';
import type { ClockReading } from '../sampling/clock.ts';
import { compileByEmptyDispatch, runPass } from '../sampling/passes.ts';
import { median } from '../sampling/statistics.ts';
import type { Samples } from '../sampling/take-samples.ts';
import { describeWrong } from './compare.ts';
import { withErrorScopes } from './error-scopes.ts';
import type { TrialStage } from './protocol.ts';
import { bindBuffers, type Session } from './session.ts';
import { createReadback, encodePoison } from './verify.ts';

/** What is known of one candidate so far, also where its trial fails. Times in milliseconds. */
export interface TrialProgress {
  readonly begun: number;
  build: number;
  verify: number;
  time: number;
  kernel: number;
  /** One run of the kernels that run once; null before it, and where there are none. */
  pack: number | null;
  verification: Verification | null;
  samples: Samples | null;
  /** Whether its kernels ran without an error of the device. */
  isSound: boolean;
}

export function beginProgress(): TrialProgress {
  const begun = performance.now();
  return {
    begun,
    build: 0,
    verify: 0,
    time: 0,
    kernel: 0,
    pack: null,
    verification: null,
    samples: null,
    isSound: false,
  };
}

/** `quietNs`: times of the references on the quiet machine; null where there are none. */
export function resultOf(
  progress: TrialProgress,
  failure: Failure | null,
  quietNs: ReferenceTimes | null,
): MeasureResult {
  const { samples, verification, begun, build, verify, time, kernel, pack } = progress;
  const samplesNs = samples?.samplesNs ?? [];
  const wait = samples === null || samples.waitedMs === 0 ? {} : { wait: samples.waitedMs };
  const packed = pack === null ? {} : { pack };
  return {
    outcome: failure?.outcome ?? 'ok',
    error: failure?.error ?? '',
    samplesNs,
    medianNs: median(samplesNs),
    ...relativeTime(samples, quietNs),
    clock: samples?.clock ?? null,
    stoppedEarly: samples?.stoppedEarly ?? false,
    verification,
    phasesMs: { build, verify, time, kernel, ...wait, ...packed, total: performance.now() - begun },
  };
}

/** The fields of a result that are about the quiet machine. */
function relativeTime(
  samples: Samples | null,
  quietNs: ReferenceTimes | null,
): Pick<MeasureResult, 'relative' | 'references'> {
  if (samples === null || samples.references === null || samples.estimate === null || quietNs === null)
    return { relative: null, references: null };
  const column = (name: ReferenceName): number[] => (samples.references ?? []).map((times) => times[name]);
  return {
    relative: { ...samples.estimate, quietNs },
    references: { arithmetic: column('arithmetic'), memory: column('memory') },
  };
}

/** Runs a stage of a trial and counts the time it takes. The stage is announced before anything in it can hang. */
type RunStage = <T>(name: TrialStage, phase: 'build' | 'verify' | 'time', work: () => Promise<T>) => Promise<T>;

export function stageRunner(begin: (stage: TrialStage) => void, progress: TrialProgress): RunStage {
  return async (name, phase, work) => {
    begin(name);
    const begun = performance.now();
    try {
      return await work();
    } finally {
      progress[phase] += performance.now() - begun;
    }
  };
}

/** Runs of the kernels that run once, the fastest of which is their time. */
const packRuns = 2;

/** A candidate that was built, run once and found right. */
export interface Verified {
  /** Those that run every time. */
  readonly kernels: readonly BuiltKernel[];
  /** What the kernels that run once have made of the constant inputs, by name. */
  readonly packed: ReadonlyMap<string, GPUBuffer>;
  readonly first: ClockReading;
  /** Nanoseconds of the runs with further inputs. */
  readonly warmedNs: number;
  /** Compares the outputs of the last run: a kernel with a data race may be right once and wrong later. */
  readonly stillRight: () => Promise<Failure | null>;
}

/** The workload's checks with those of a candidate, of which some take the place of the former. */
export function checksWith(checks: readonly OutputCheck[], own: readonly OutputCheck[]): readonly OutputCheck[] {
  const replaced = new Set(own.flatMap(({ buffer, isInstead }) => (isInstead ? [buffer] : [])));
  return [...checks.filter(({ buffer }) => !replaced.has(buffer)), ...own];
}

/** `taken` collects the buffers to be given back; `progress.isSound` tells whether they may be used again. */
export async function buildAndVerify(
  session: Session,
  { artifact, checks: ownChecks = [] }: MeasureRequest,
  stage: RunStage,
  progress: TrialProgress,
  taken: GPUBuffer[],
): Promise<Verified | Failure> {
  const { gpu, pool } = session;
  const checks = checksWith(session.checks, ownChecks);
  const problem = artifactProblem(artifact);
  if (problem !== null) return problem;
  const built = await stage('build', 'build', () =>
    withErrorScopes(gpu, async () => {
      const bound = bindBuffers(session, artifact.buffers, taken);
      if (isFailure(bound)) return bound;
      const { buffers, written } = bound;
      const outputs = new Set(checks.map(({ buffer }) => buffer));
      const readback = createReadback(session, artifact.buffers, buffers, outputs, taken);
      const kernels = await buildKernels(gpu, artifact, buffers);
      await compileByEmptyDispatch(gpu, kernels);
      return { kernels, buffers, written, readback };
    }),
  );
  if (isFailure(built)) return built;
  const { kernels: all, buffers, written, readback } = built;
  const runsOnce = (_: BuiltKernel, at: number): boolean => artifact.kernels[at]?.runsOnce === true;
  const once = all.filter(runsOnce);
  const kernels = all.filter((kernel, at) => !runsOnce(kernel, at));
  const packed = new Map(
    artifact.buffers.flatMap(({ name, role }) => (role === 'packed' ? [[name, buffers.get(name) as GPUBuffer]] : [])),
  );
  const kept = new Set(packed.values());
  const poison = (encoder: GPUCommandEncoder): void => {
    for (const buffer of written) if (!kept.has(buffer)) encodePoison(gpu, encoder, buffer);
  };
  /** Runs what runs once, over the same inputs or others; its results stay until the next time. */
  const pack = (over: readonly BuiltKernel[]): Promise<ClockReading | Failure> =>
    stage('run', 'time', () =>
      withErrorScopes(gpu, () =>
        runPass(
          gpu,
          pool,
          { sequences: [over], repeats: 1 },
          {
            expectedMs: progress.pack ?? 0,
            before: (encoder) => {
              for (const buffer of kept) encodePoison(gpu, encoder, buffer);
            },
          },
        ),
      ),
    );
  /** As often as it takes to say what it costs without the first touch of its memory. */
  const packFirst = async (): Promise<Failure | null> => {
    for (let run = 0; run < packRuns && once.length > 0; run++) {
      const reading = await pack(once);
      if (isFailure(reading)) return reading;
      const ms = (reading.deviceNs > 0 ? reading.deviceNs : reading.wallNs) / 1e6;
      progress.pack = Math.min(progress.pack ?? ms, ms);
    }
    return null;
  };
  const unpacked = await packFirst();
  if (unpacked !== null) return unpacked;
  // Verification looks at the first run, and the device's warm-up begins with it.
  const first = await stage('run', 'time', () =>
    withErrorScopes(gpu, () =>
      runPass(gpu, pool, { sequences: [kernels], repeats: 1 }, { expectedMs: 0, before: poison, after: readback.copy }),
    ),
  );
  if (isFailure(first)) return first;
  progress.kernel = first.deviceNs / 1e6;
  progress.isSound = true;
  progress.verification = await stage('verify', 'verify', () => readback.compare(checks));
  if (progress.verification.wrong > 0) return fail('wrong-answer', describeWrong(progress.verification));
  let warmedNs = 0;
  for (const { name, inputs, checks: further } of session.further) {
    const over = new Map([...buffers, ...inputs]);
    if (once.length > 0) {
      const repacked = await pack(once.map((kernel) => kernel.rebind(over)));
      if (isFailure(repacked)) return repacked;
    }
    const rebound = kernels.map((kernel) => kernel.rebind(over));
    const ran = await stage('run', 'verify', () =>
      withErrorScopes(gpu, () =>
        runPass(
          gpu,
          pool,
          { sequences: [rebound], repeats: 1 },
          { expectedMs: first.deviceNs / 1e6, before: poison, after: readback.copy },
        ),
      ),
    );
    if (isFailure(ran)) return ran;
    warmedNs += ran.deviceNs;
    const before = progress.verification;
    const seen = await stage('verify', 'verify', () => readback.compare(further, before));
    progress.verification = withFurther(seen, name);
    if (seen.wrong > 0) return fail('wrong-answer', describeWrong(progress.verification));
  }
  if (once.length > 0 && session.further.length > 0) {
    const restored = await pack(once);
    if (isFailure(restored)) return restored;
  }
  const stillRight = async (): Promise<Failure | null> => {
    const again = await stage('verify', 'verify', () => {
      const encoder = gpu.createCommandEncoder();
      readback.copy(encoder);
      gpu.queue.submit([encoder.finish()]);
      return readback.compare(checks);
    });
    if (again.wrong === 0) return null;
    progress.verification = again;
    return fail('wrong-answer', `right at first, but after repeated runs ${describeWrong(again)}`);
  };
  return { kernels, packed, first, warmedNs, stillRight };
}

/** The verification with the name of the further inputs added. */
function withFurther(seen: Verification, name: string): Verification {
  const { firstWrong, further = [] } = seen;
  return {
    ...seen,
    further: [...further, name],
    ...(firstWrong === undefined ? {} : { firstWrong: { ...firstWrong, inputs: name } }),
  };
}

/** A buffer of a failed trial may itself be the cause (out of memory), so the next trial must not get it. */
export function giveBackAll({ pool }: Session, { isSound }: TrialProgress, taken: readonly GPUBuffer[]): void {
  for (const buffer of taken) isSound ? pool.giveBack(buffer) : buffer.destroy();
}
