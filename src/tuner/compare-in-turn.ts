import { unmetNeed } from '../../bundle/core.mjs';
import type { Device } from '../device/devices.ts';
import { type Artifact, artifactKey } from '../ir/artifact.ts';
import { requirementsOf, targetOf } from '../ir/requirements.ts';
import { createDawnRunner } from '../measure/dawn-runner.ts';
import type { MeasureResult, OutputCheck, Runner } from '../measure/runner.ts';
import { defaultMargin, ratioInTurn, verdictOf } from '../measure/sampling/ratio.ts';
import { samplesUnder } from '../measure/sampling/under-quiet.ts';
import type { Workload } from '../operators/workload.ts';
import { timeOf } from '../records/relative-time.ts';
import type { Trace } from '../schedule/trace.ts';
import { assert, exitCode, UserError } from '../support/errors.ts';
import { createRandom } from '../support/random.ts';
import { programOf, scheduleProgram } from './build.ts';
import type { ComparedTime, ComparisonOptions, KernelComparison } from './compare.ts';
import { fittingArtifact, requireFits } from './fits.ts';
import { type VerificationData, verificationData } from './workload-data.ts';

/** A kernel to be timed: as a bundle holds it, or made of its schedule. `where`: what people call it. */
export interface KernelSource {
  readonly artifact: Artifact | null;
  /** Null where it is not known; then there is an artifact. */
  readonly trace: Trace | null;
  readonly where: string;
}

/** One workload and its kernel on either side. */
interface PairToTime {
  readonly workload: Workload;
  readonly before: KernelSource;
  readonly after: KernelSource;
}

/** Two races in which the kernels change places, of so many rounds each: enough that the interval of equal kernels is narrower than the margin. */
const rounds = 25;
const limitMs = 15_000;

/**
 * Builds, verifies and times the kernels of each pair in turn on a device, one sample each per round. The same kernel twice is SAME and not timed.
 * Throws UserError where a kernel does not fit, gives a wrong answer, or the device cannot time kernels in turn (cold caches, no clock of its own).
 */
export async function compareInTurn(
  device: Device,
  pairs: readonly PairToTime[],
  { margin = defaultMargin, seed = 1 }: ComparisonOptions = {},
): Promise<readonly KernelComparison[]> {
  const random = createRandom(seed);
  const runner = await createDawnRunner({ device });
  try {
    const comparisons: KernelComparison[] = [];
    for (const [at, { workload, before, after }] of pairs.entries()) {
      const program = programOf(workload);
      requireFits(workload, program, device.description);
      const verification = verificationData(workload, program, seed);
      const [one, other] = [before, after].map((source) => requestOf(source, workload, device, verification)) as [
        Request,
        Request,
      ];
      const common = { workload, device: device.description, differs: [] };
      if (artifactKey(one.artifact) === artifactKey(other.artifact)) {
        const untimed = ({ where }: { readonly where: string }): ComparedTime => ({ timeNs: null, samples: 0, where });
        const ratio = { ratio: 1, low: 1, high: 1 };
        comparisons.push({
          ...common,
          ...{ before: untimed(before), after: untimed(after), ratio, verdict: 'SAME', how: 'same-kernel' },
        });
        continue;
      }
      await runner.prepare(verification.data);
      const names = [before.where, after.where] as const;
      const [a, b] = await timedInTurn(runner, [one, other], names);
      const [lastB, lastA] = await timedInTurn(runner, [other, one], [names[1], names[0]]);
      const races = [
        { a: pacedSamples(a), b: pacedSamples(b) },
        { a: pacedSamples(lastA), b: pacedSamples(lastB) },
      ];
      const ratio = ratioInTurn(races, random.fork(String(at)));
      const timed = (first: MeasureResult, last: MeasureResult, where: string): ComparedTime => ({
        timeNs: Math.min(...[first, last].flatMap((result) => timeOf(result) ?? [])),
        samples: first.samplesNs.length + last.samplesNs.length,
        where,
      });
      comparisons.push({
        ...common,
        ...{ before: timed(a, lastA, before.where), after: timed(b, lastB, after.where), ratio },
        verdict: ratio === null ? 'AMBIGUOUS' : verdictOf(ratio, margin),
        how: 'in-turn',
      });
    }
    return comparisons;
  } finally {
    await runner.close();
  }
}

interface Request {
  readonly artifact: Artifact;
  readonly checks?: readonly OutputCheck[];
  readonly bestNs: null;
}

function requestOf(
  { artifact, trace, where }: KernelSource,
  workload: Workload,
  device: Device,
  verification: VerificationData,
): Request {
  const { description } = device;
  const unmet = artifact === null ? null : unmetNeed(requirementsOf(artifact), targetOf(description));
  if (unmet !== null) throw new UserError(`the kernel of ${where} does not run on ${description.name}: ${unmet}`);
  if (trace === null) {
    assert(artifact !== null, 'a kernel has a schedule or its text');
    // Without a schedule there are no tile boundaries to look at besides the workload's own checks.
    return { artifact, bestNs: null };
  }
  const program = scheduleProgram(workload, trace);
  return {
    artifact: artifact ?? fittingArtifact(workload, program, description),
    checks: verification.checksFor({ program, trace }),
    bestNs: null,
  };
}

async function timedInTurn(
  runner: Runner,
  requests: readonly [Request, Request],
  names: readonly [string, string],
): Promise<readonly [MeasureResult, MeasureResult]> {
  const outcome = (await runner.race?.(requests, limitMs, rounds)) ?? null;
  if (outcome === null)
    throw new UserError(
      `${runner.device.name} cannot time kernels in turn: it needs a clock of its own, warm caches, and kernels that do not crash it; \`wgtune run\` times one alone`,
      exitCode.failed,
    );
  const [a, b] = outcome.results as readonly [MeasureResult, MeasureResult];
  for (const [at, { outcome: ending, error }] of [a, b].entries())
    if (ending !== 'ok' && ending !== 'unstable')
      throw new UserError(`the kernel of ${names[at]} ended in ${ending}: ${error}`, exitCode.failed);
  return [a, b];
}

function pacedSamples({ samplesNs, references, relative }: MeasureResult): ReturnType<typeof samplesUnder> {
  return samplesUnder({ samplesNs, references }, relative?.quietNs ?? null);
}
