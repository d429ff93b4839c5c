/** What kernels need of the matrix products that a device's subgroups compute, typed. `matrices.mjs` is the code. */

import type { Requirements, TargetInfo } from './core.d.mts';

/** Which product they need that an adapter or a device (`here`) does not have, as one sentence; null where it has all. */
export declare function matrixReason(
  requirements: Pick<Requirements, 'subgroupMatrix'>,
  info: TargetInfo,
  here: string,
): string | null;
