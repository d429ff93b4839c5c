import { createExtractor, featureCount } from '../../features/extractor.ts';
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
    columns: featureCount,
    device,
  };
}

/** Makes a thing when it is first asked for, and hands out the same again: no call of it leaves anything behind that the next one sees. */
function once<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
