import type { Artifact } from '../ir/artifact.ts';
import type { Verification } from '../records/outcome.ts';
import { artifactProblem, type BuiltKernel, buildKernels } from './build.ts';
import type { ClockReading } from './clock.ts';
import { describeWrong } from './compare.ts';
import { withErrorScopes } from './error-scopes.ts';
import { type Failure, fail, isFailure } from './failure.ts';
import { createCopies } from './kernel-copies.ts';
import { compileByEmptyDispatch, runPass } from './passes.ts';
import type { Stage } from './protocol.ts';
import type { MeasureRequest, MeasureResult, TimingBudget } from './runner.ts';
import { type Samples, takeSamples } from './sampling.ts';
import { bindBuffers, type Session } from './session.ts';
import { median } from './statistics.ts';
import { createReadback, encodePoison } from './verify.ts';

/** What a trial found out so far; a failure keeps it. */
interface Progress {
  build: number;
  verify: number;
  time: number;
  kernel: number;
  verification: Verification | null;
  samples: Samples | null;
}

/** Builds, verifies and times one candidate in this process. `begin` announces a stage before anything of it can hang. */
export async function runTrial(
  session: Session,
  request: MeasureRequest,
  budget: TimingBudget,
  begin: (stage: Stage) => void,
): Promise<MeasureResult> {
  const begun = performance.now();
  const progress: Progress = { build: 0, verify: 0, time: 0, kernel: 0, verification: null, samples: null };
  const failure = await attempt(session, request, budget, begin, progress);
  const { samples, verification } = progress;
  const samplesNs = samples?.samplesNs ?? [];
  return {
    outcome: failure?.outcome ?? 'ok',
    error: failure?.error ?? '',
    samplesNs,
    medianNs: median(samplesNs),
    clock: samples?.clock ?? null,
    stoppedEarly: samples?.stoppedEarly ?? false,
    verification,
    phasesMs: {
      build: progress.build,
      verify: progress.verify,
      time: progress.time,
      kernel: progress.kernel,
      total: performance.now() - begun,
    },
  };
}

async function attempt(
  session: Session,
  { artifact, checks: ownChecks = [], bestNs }: MeasureRequest,
  budget: TimingBudget,
  begin: (stage: Stage) => void,
  progress: Progress,
): Promise<Failure | null> {
  const { gpu, pool } = session;
  const stage = async <T>(name: Stage, phase: 'build' | 'verify' | 'time', work: () => Promise<T>): Promise<T> => {
    begin(name);
    const begun = performance.now();
    try {
      return await work();
    } finally {
      progress[phase] += performance.now() - begun;
    }
  };

  const problem = artifactProblem(artifact);
  if (problem !== null) return problem;
  const taken: GPUBuffer[] = [];
  let sound = false;
  try {
    const built = await stage('build', 'build', () =>
      withErrorScopes(gpu, async () => {
        const bound = bindBuffers(session, artifact.buffers, taken);
        if (isFailure(bound)) return bound;
        const { buffers, written } = bound;
        const outputs = new Set([...session.checks, ...ownChecks].map(({ buffer }) => buffer));
        const readback = createReadback(session, artifact.buffers, buffers, outputs, taken);
        const kernels = await buildKernels(gpu, artifact, buffers);
        await compileByEmptyDispatch(gpu, kernels);
        return { kernels, buffers, written, readback };
      }),
    );
    if (isFailure(built)) return built;
    const { kernels, buffers, written, readback } = built;
    const checks = [...session.checks, ...ownChecks];
    const poison = (encoder: GPUCommandEncoder): void => {
      for (const buffer of written) encodePoison(gpu, encoder, buffer);
    };
    // The first run is what verification looks at and where the device's warm-up begins.
    const first = await stage('run', 'time', () =>
      withErrorScopes(gpu, () =>
        runPass(gpu, pool, [kernels], { repeats: 1, expectedMs: 0, before: poison, after: readback.copy }),
      ),
    );
    if (isFailure(first)) return first;
    progress.kernel = first.deviceNs / 1e6;
    sound = true;
    progress.verification = await stage('verify', 'verify', () => readback.compare(checks));
    if (progress.verification.wrong > 0) return fail('wrong-answer', describeWrong(progress.verification));
    let warmedNs = 0;
    for (const { name, inputs, checks: further } of session.further) {
      const rebound = kernels.map((kernel) => kernel.rebind(new Map([...buffers, ...inputs])));
      const ran = await stage('run', 'verify', () =>
        withErrorScopes(gpu, () =>
          runPass(gpu, pool, [rebound], {
            repeats: 1,
            expectedMs: first.deviceNs / 1e6,
            before: poison,
            after: readback.copy,
          }),
        ),
      );
      if (isFailure(ran)) return ran;
      warmedNs += ran.deviceNs;
      const before = progress.verification;
      const seen = await stage('verify', 'verify', () => readback.compare(further, before));
      progress.verification = withFurther(seen, name);
      if (seen.wrong > 0) return fail('wrong-answer', describeWrong(progress.verification));
    }

    const samples = await stage('sample', 'time', () =>
      timeKernels(session, artifact, kernels, { first, warmedNs }, budget, bestNs, taken),
    );
    if (isFailure(samples)) return samples;
    progress.kernel = samples.kernelMs;
    // A race may be right once and wrong later: what the last timed run left must still be right.
    const again = await stage('verify', 'verify', () => {
      const encoder = gpu.createCommandEncoder();
      readback.copy(encoder);
      gpu.queue.submit([encoder.finish()]);
      return readback.compare(checks);
    });
    if (again.wrong > 0) {
      progress.verification = again;
      return fail('wrong-answer', `right at first, but after repeated runs ${describeWrong(again)}`);
    }
    progress.samples = samples;
    if (samples.unstableBy === null) return null;
    const percent = Math.round(samples.unstableBy * 100);
    return fail('unstable', `the median of ${samples.samplesNs.length} samples is known no better than to ${percent}%`);
  } finally {
    // A buffer of a failed trial may itself be what failed (out of memory): it must not come back in the next one.
    for (const buffer of taken) sound ? pool.giveBack(buffer) : buffer.destroy();
  }
}

/** What was seen with further inputs too. */
function withFurther(seen: Verification, name: string): Verification {
  const { firstWrong, further = [] } = seen;
  return {
    ...seen,
    further: [...further, name],
    ...(firstWrong === undefined ? {} : { firstWrong: { ...firstWrong, inputs: name } }),
  };
}

async function timeKernels(
  session: Session,
  artifact: Artifact,
  kernels: readonly BuiltKernel[],
  { first, warmedNs }: { readonly first: ClockReading; readonly warmedNs: number },
  budget: TimingBudget,
  bestNs: number | null,
  taken: GPUBuffer[],
): Promise<Samples | Failure> {
  const { gpu, pool, flush } = session;
  return withErrorScopes(gpu, () => {
    if (flush === null)
      return takeSamples(
        (repeats, expectedMs) => runPass(gpu, pool, [kernels], { repeats, expectedMs }),
        first,
        budget,
        bestNs,
        { warmedNs },
      );
    const copies = createCopies(session, artifact, kernels, taken);
    const pass = async (repeats: number, expectedMs: number): Promise<ClockReading> => {
      const sequences = copies.take(repeats);
      await flush.run();
      return runPass(gpu, pool, sequences, { repeats, expectedMs });
    };
    return takeSamples(pass, first, budget, bestNs, { mostRepeats: copies.most, warmedNs });
  });
}
