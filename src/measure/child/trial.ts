import type { Artifact } from '../../ir/artifact.ts';
import { type Failure, fail, isFailure } from '../failure.ts';
import type { MeasureRequest, MeasureResult, TimingBudget } from '../runner.ts';
import { type Pass, runPass } from '../sampling/passes.ts';
import { type PacedReading, type Samples, takeSamples } from '../sampling/take-samples.ts';
import {
  beginProgress,
  buildAndVerify,
  giveBackAll,
  resultOf,
  stageRunner,
  type TrialProgress,
  type Verified,
} from './candidate.ts';
import { withErrorScopes } from './error-scopes.ts';
import { createCopies } from './kernel-copies.ts';
import type { Pacer } from './pacer.ts';
import type { TrialStage } from './protocol.ts';
import type { Session } from './session.ts';

/** Builds, verifies and times one candidate in this process. `begin` announces a stage before anything in it can hang. */
export async function runTrial(
  session: Session,
  pacer: Pacer | null,
  request: MeasureRequest,
  budget: TimingBudget,
  begin: (stage: TrialStage) => void,
): Promise<MeasureResult> {
  pacer?.beginTrial();
  const progress = beginProgress();
  const failure = await attempt(session, pacer, request, budget, begin, progress);
  return resultOf(progress, failure, pacer?.quietNs() ?? null);
}

async function attempt(
  session: Session,
  pacer: Pacer | null,
  request: MeasureRequest,
  budget: TimingBudget,
  begin: (stage: TrialStage) => void,
  progress: TrialProgress,
): Promise<Failure | null> {
  const stage = stageRunner(begin, progress);
  const taken: GPUBuffer[] = [];
  try {
    const verified = await buildAndVerify(session, request, stage, progress, taken);
    if (isFailure(verified)) return verified;
    const { stillRight } = verified;
    const samples = await stage('sample', 'time', () =>
      timeKernels(session, pacer, request.artifact, verified, budget, request.bestNs, taken),
    );
    if (isFailure(samples)) return samples;
    progress.kernel = samples.kernelMs;
    const wrong = await stillRight();
    if (wrong !== null) return wrong;
    progress.samples = samples;
    if (samples.unstableBy === null) return null;
    const percent = Math.round(samples.unstableBy * 100);
    return fail('unstable', `the median of ${samples.samplesNs.length} samples is known no better than to ${percent}%`);
  } finally {
    giveBackAll(session, progress, taken);
  }
}

async function timeKernels(
  session: Session,
  pacer: Pacer | null,
  artifact: Artifact,
  { kernels, packed, first, warmedNs }: Verified,
  budget: TimingBudget,
  bestNs: number | null,
  taken: GPUBuffer[],
): Promise<Samples | Failure> {
  const { gpu, pool, flush } = session;
  const time = async (pass: Pass, leadIn: Pass | null, expectedMs: number): Promise<PacedReading> =>
    pacer === null
      ? { ...(await runPass(gpu, pool, pass, { expectedMs })), slowdown: 1, references: null }
      : pacer.time(pass, leadIn, expectedMs);
  const hasClock = gpu.features.has('timestamp-query');
  const options = { warmedNs, hasClock, ...(pacer === null ? {} : { untilCalm: () => pacer.untilCalm() }) };
  return withErrorScopes(gpu, () => {
    if (flush === null) {
      const once: Pass = { sequences: [kernels], repeats: 1 };
      return takeSamples(
        // A single long run needs no lead-in: it soon has its data in the caches by itself.
        (repeats, expectedMs) => time({ ...once, repeats }, repeats > 1 ? once : null, expectedMs),
        first,
        budget,
        bestNs,
        options,
      );
    }
    const copies = createCopies(session, artifact, kernels, taken, packed);
    const pass = async (repeats: number, expectedMs: number): Promise<PacedReading> => {
      const sequences = copies.take(repeats);
      await flush.run();
      return time({ sequences, repeats }, null, expectedMs);
    };
    return takeSamples(pass, first, budget, bestNs, { mostRepeats: copies.most, ...options });
  });
}
