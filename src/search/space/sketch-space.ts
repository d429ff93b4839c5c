import { createExtractor, featureCount } from '../../features/extractor.ts';
import type { DeviceDescription } from '../../ir/limits.ts';
import { createPruner } from '../../space/pruning.ts';
import { createTimeBound, type Peaks } from '../../space/roofline.ts';
import type { Sketch } from '../../space/sketch.ts';
import type { SearchSketch, SearchSpace } from '../strategy.ts';

/** The sketches of a workload's program on one device, as a space to search. */
export interface SketchSpace extends SearchSpace {
  readonly sketches: readonly (Sketch & SearchSketch)[];
  readonly device: DeviceDescription;
}

/** `peaks` is asked whenever a search begins to use bounds: they are measured on the device, some time after the space is made. */
export function sketchSpace(
  sketches: readonly Sketch[],
  device: DeviceDescription,
  peaks: () => Peaks | null = () => null,
): SketchSpace {
  return {
    sketches: sketches.map((sketch) => ({
      ...sketch,
      createPruner: () => createPruner(sketch, device.limits),
      createExtractor: () => createExtractor(sketch, device),
      createBound: () => {
        const found = peaks();
        return found === null ? null : createTimeBound(sketch, found);
      },
    })),
    columns: featureCount,
    device,
  };
}
