import { createAnalyticModel } from '../cost-model/analytic-model.ts';
import type { Artifact } from '../ir/artifact.ts';
import { scoresOfModel } from '../search/space/feature-rows.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import { type Candidate, candidateKey } from '../search/strategy.ts';
import { decisionsByName } from '../space/recorded.ts';
import { refittedValues } from '../space/refit.ts';
import { instantiate, type Scheduled } from '../space/sketch.ts';
import { isRefusal } from '../support/refusal.ts';
import { buildArtifact } from './build.ts';

/** A schedule that any workload with such a sketch may take: the sketch's name, and decisions by name. */
interface NamedSchedule {
  readonly sketch: string | null;
  readonly decisions: Readonly<Record<string, number | string>>;
  /** True: it is adapted to the space's own shape once it is refitted. */
  readonly adapted?: true | undefined;
}

/** The schedule refitted to a space; null where its sketch is not one of the space's, or nothing near it is legal. */
export function refitted(space: SketchSpace, schedule: NamedSchedule): Candidate | null {
  const { sketches } = space;
  const sketch = sketches.findIndex(({ name }) => name === schedule.sketch);
  const found = sketches[sketch];
  if (found === undefined) return null;
  const values = refittedValues(found, found.createPruner(), schedule.decisions);
  if (values === null) return null;
  const candidate: Candidate = { sketch, values, score: null };
  return schedule.adapted === true ? adapted(space, candidate) : candidate;
}

/** What a step away from the given schedule must gain, as a logarithm of time: little enough that what is clearly wrong for the shape is mended. */
const leastGain = 0.01;
const costOfDoubling = 0.02;
const mostSteps = 12;

/**
 * A refitted schedule adapted to the space's own shape: one decision after the other goes to its next option while that is faster by what is known of machines,
 * by more than the distance from the schedule costs. A tile that divided one image's width leaves half of another's last tile idle; which one suits depends
 * on what else was decided, so that the model is asked instead of a rule for each decision. (On five recorded spaces the best schedules of other shapes reach
 * .57 of the optimum as they are and .80 adapted.)
 */
function adapted(space: SketchSpace, from: Candidate): Candidate {
  const made = adaptedOf.get(space) ?? new Map<string, Candidate>();
  adaptedOf.set(space, made);
  const key = candidateKey(from);
  const held = made.get(key) ?? climbed(space, from);
  made.set(key, held);
  return held;
}

/** Many schedules are refitted to one candidate, and each is asked for more than once. */
const adaptedOf = new WeakMap<SketchSpace, Map<string, Candidate>>();

function climbed(space: SketchSpace, from: Candidate): Candidate {
  const { decisions, createPruner } = space.sketches[from.sketch] as SketchSpace['sketches'][number];
  const pruner = createPruner();
  const model = createAnalyticModel(space.device.type);
  const isLegal = ({ values }: Candidate): boolean => pruner.check(Float64Array.from(values)) === null;
  const farness = ({ values }: Candidate): number =>
    values.reduce((sum, value, at) => sum + Math.abs(Math.log2((1 + value) / (1 + (from.values[at] as number)))), 0);
  const worthOf = (candidates: readonly Candidate[]): readonly number[] => {
    const scores = scoresOfModel({ space, candidates }, model);
    return candidates.map((candidate, at) => (scores[at] as number) - costOfDoubling * farness(candidate));
  };
  let held = from;
  let [worth] = worthOf([from]) as [number];
  for (let step = 0; step < mostSteps; step++) {
    const near = decisions
      .flatMap(({ options }, at) => {
        const place = options.indexOf(held.values[at] as number);
        return [options[place - 1], options[place + 1]].flatMap((option) =>
          option === undefined ? [] : [{ ...held, values: held.values.with(at, option) }],
        );
      })
      .filter(isLegal);
    const worths = worthOf(near);
    const best = worths.reduce((most, one, at) => (one > (worths[most] ?? -1 / 0) ? at : most), -1);
    if (best < 0 || (worths[best] as number) < worth + leastGain) break;
    [held, worth] = [near[best] as Candidate, worths[best] as number];
  }
  return held;
}

/** The candidate as a schedule that others may take. */
export function scheduleOf(
  { sketches }: Pick<SketchSpace, 'sketches'>,
  { sketch, values }: Candidate,
): { readonly sketch: string; readonly decisions: Record<string, number> } {
  const found = sketches[sketch] as SketchSpace['sketches'][number];
  return { sketch: found.name, decisions: decisionsByName(found, values) };
}

/** The kernel of a candidate on its space's device; null where it makes none. */
export function kernelOfCandidate(
  { sketches, device }: SketchSpace,
  { sketch, values }: Candidate,
): (Scheduled & { readonly artifact: Artifact }) | null {
  const scheduled = instantiate(sketches[sketch] as SketchSpace['sketches'][number], values);
  if (isRefusal(scheduled)) return null;
  const artifact = buildArtifact(scheduled.program, device);
  return isRefusal(artifact) ? null : { ...scheduled, artifact };
}
