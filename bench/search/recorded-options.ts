import type { KernelSpace } from '../../src/search/recorded/kernel-space.ts';
import type { SketchSpace } from '../../src/search/space/sketch-space.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import { recordedRowValues, withRecordedOptions } from '../../src/space/recorded.ts';
import type { Sketch } from '../../src/space/sketch.ts';

/** Today's sketches that were recorded, in the recorded order, with the options recorded; a decision that is newer has the value it had then. */
export function sketchesAsRecorded({ sketches }: Pick<KernelSpace, 'sketches'>, today: readonly Sketch[]): Sketch[] {
  return sketches.flatMap(({ name, decisions }) => {
    const sketch = today.find((one) => one.name === name);
    return sketch === undefined ? [] : [withRecordedOptions(sketch, decisions)];
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
  const values = recordedRowValues(space.sketches[sketch] as Sketch, decisions, v);
  return values === null ? null : { sketch, values: [...values], score: null };
}
