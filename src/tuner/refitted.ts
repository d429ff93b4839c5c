import type { Artifact } from '../ir/artifact.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import type { Candidate } from '../search/strategy.ts';
import { decisionsByName } from '../space/recorded.ts';
import { refittedValues } from '../space/refit.ts';
import { instantiate, type Scheduled } from '../space/sketch.ts';
import { isRefusal } from '../support/refusal.ts';
import { buildArtifact } from './build.ts';

/** A schedule that any workload with such a sketch may take: the sketch's name, and decisions by name. */
interface NamedSchedule {
  readonly sketch: string | null;
  readonly decisions: Readonly<Record<string, number | string>>;
}

/** The schedule refitted to a space; null where its sketch is not one of the space's, or nothing near it is legal. */
export function refitted({ sketches }: Pick<SketchSpace, 'sketches'>, schedule: NamedSchedule): Candidate | null {
  const sketch = sketches.findIndex(({ name }) => name === schedule.sketch);
  const found = sketches[sketch];
  if (found === undefined) return null;
  const values = refittedValues(found, found.createPruner(), schedule.decisions);
  return values === null ? null : { sketch, values, score: null };
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
