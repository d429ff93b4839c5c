import type { KernelSpace } from '../../src/records/recorded/kernel-space.ts';
import type { SketchSpace } from '../../src/search/sketch-space.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import { recordedValues } from '../../src/space/recorded.ts';
import type { Sketch } from '../../src/space/sketch.ts';

/** Today's sketches that were recorded, in the recorded order, with the options recorded; a decision that is newer has the value it had then. */
export function sketchesAsRecorded({ sketches }: Pick<KernelSpace, 'sketches'>, today: readonly Sketch[]): Sketch[] {
  return sketches.flatMap(({ name, decisions }) => {
    const sketch = today.find((one) => one.name === name);
    if (sketch === undefined) return [];
    const recorded = new Map(decisions.map((decision) => [decision.name, decision.options]));
    return [
      {
        ...sketch,
        decisions: sketch.decisions.map((decision) => ({
          ...decision,
          options:
            recorded.get(decision.name) ?? (decision.before === undefined ? decision.options : [decision.before]),
        })),
      },
    ];
  });
}

/** The candidate of a recorded row among `space`'s sketches; null where today's sketches cannot make it. */
export function candidateAsRecorded(
  { sketches }: Pick<KernelSpace, 'sketches'>,
  { s, v }: Pick<KernelSpace['rows'][number], 's' | 'v'>,
  space: Pick<SketchSpace, 'sketches'>,
): Candidate | null {
  const { name, decisions } = sketches[s] as KernelSpace['sketches'][number];
  const sketch = space.sketches.findIndex((one) => one.name === name);
  if (sketch < 0) return null;
  const values = recordedValues(
    space.sketches[sketch] as Sketch,
    Object.fromEntries(decisions.map((decision, at) => [decision.name, v[at] as number])),
  );
  return values === null ? null : { sketch, values: [...values], score: null };
}
