import { createExtractor, rowLength } from '../../features/extractor.ts';
import type { DeviceDescription } from '../../ir/limits.ts';
import { createPruner, mostStatements } from '../../space/pruning.ts';
import type { Sketch } from '../../space/sketch.ts';
import type { SearchSketch, SearchSpace } from '../strategy.ts';

/** The sketches of a workload's program on one device, as a space to search. */
export interface SketchSpace extends SearchSpace {
  readonly sketches: readonly (Sketch & SearchSketch)[];
  readonly device: DeviceDescription;
}

export function sketchSpace(sketches: readonly Sketch[], device: DeviceDescription): SketchSpace {
  return {
    sketches: sketches.map((sketch) => ({
      ...sketch,
      createPruner: once(() => createPruner(sketch, device.limits, mostStatements[device.type])),
      createExtractor: once(() => createExtractor(sketch, device)),
    })),
    columns: rowLength,
    device,
  };
}

/** Makes a thing on the first call and returns the same one ever after: its users leave nothing behind in it that a next one could see. */
function once<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
