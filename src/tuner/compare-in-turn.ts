import { unmetNeed } from '../../bundle/core.mjs';
import { hasColdCaches } from '../device/caches.ts';
import type { Device } from '../device/devices.ts';
import { type Artifact, artifactKey } from '../ir/artifact.ts';
import { requirementsOf, targetOf } from '../ir/requirements.ts';
import { createDawnRunner } from '../measure/dawn-runner.ts';
import type { MeasureResult, OutputCheck, Runner } from '../measure/runner.ts';
import { budgetInTurn } from '../measure/sampling/budget.ts';
import { defaultMargin, verdictOf } from '../measure/sampling/ratio.ts';
import { type InTurn, racesInTurn, tellInTurn } from '../measure/sampling/ratio-in-turn.ts';
import { samplesUnder } from '../measure/sampling/under-quiet.ts';
import type { Workload } from '../operators/workload.ts';
import { ranRight } from '../records/outcome.ts';
import type { Trace } from '../schedule/trace.ts';
import { assert, exitCode, UserError } from '../support/errors.ts';
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

/** For one pair, and for one race of it, of which the first look takes several. */
const limitMs = 60_000;
const raceLimitMs = 4_000;

/**
 * Builds, verifies and times the kernels of each pair in turn on a device, one sample each per round. The same kernel twice is SAME and not timed.
 * Throws UserError where a kernel does not fit, gives a wrong answer, or the device cannot time kernels in turn (cold caches, no clock of its own).
 */
export async function compareInTurn(
  device: Device,
  pairs: readonly PairToTime[],
  { margin = defaultMargin, seed = 1 }: ComparisonOptions = {},
): Promise<readonly KernelComparison[]> {
  // Nothing is gained by waiting for quiet moments: what disturbs one kernel disturbs the other.
  const budget = budgetInTurn(device.description.type, hasColdCaches(device.description));
  const runner = await createDawnRunner({ device, budget, quietWait: 0 });
  try {
    const comparisons: KernelComparison[] = [];
    for (const { workload, before, after } of pairs) {
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
      const results: [MeasureResult, MeasureResult][] = [];
      const hold = async (first: 'a' | 'b'): Promise<InTurn> => {
        // What is right in one race is right in all.
        const requests = [one, other].map((request) => (results.length === 0 ? request : unchecked(request)));
        const [a, b] = await timedInTurn(runner, requests as [Request, Request], names, first);
        results.push([a, b]);
        return { a: pacedSamples(a), b: pacedSamples(b), first };
      };
      const end = performance.now() + limitMs;
      const { ratio, aNs, bNs } = await tellInTurn(hold, () => performance.now() >= end, margin);
      const timed = (side: 0 | 1, timeNs: number | null, where: string): ComparedTime => ({
        timeNs,
        samples: results.reduce((sum, pair) => sum + pair[side].samplesNs.length, 0),
        where,
      });
      comparisons.push({
        ...common,
        ...{ before: timed(0, aNs, before.where), after: timed(1, bNs, after.where), ratio },
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

function unchecked({ checks: _, ...request }: Request): Request {
  return request;
}

/** The results of one race in the order of the requests, whichever is built first. */
async function timedInTurn(
  runner: Runner,
  requests: readonly [Request, Request],
  names: readonly [string, string],
  first: 'a' | 'b',
): Promise<readonly [MeasureResult, MeasureResult]> {
  const inPlaces = first === 'a' ? requests : [...requests].reverse();
  const outcome = (await runner.race?.(inPlaces, raceLimitMs, racesInTurn.rounds)) ?? null;
  if (outcome === null)
    throw new UserError(
      `${runner.device.name} cannot time kernels in turn: it needs a clock of its own, warm caches, and kernels that do not crash it; \`wgtune run\` times one alone`,
      exitCode.failed,
    );
  const results = first === 'a' ? outcome.results : [...outcome.results].reverse();
  const [a, b] = results as [MeasureResult, MeasureResult];
  for (const [at, result] of [a, b].entries())
    if (!ranRight(result))
      throw new UserError(`the kernel of ${names[at]} ended in ${result.outcome}: ${result.error}`, exitCode.failed);
  return [a, b];
}

function pacedSamples({ samplesNs, references, relative }: MeasureResult): ReturnType<typeof samplesUnder> {
  return samplesUnder({ samplesNs, references }, relative?.quietNs ?? null);
}
