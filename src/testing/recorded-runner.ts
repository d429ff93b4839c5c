import { type Artifact, artifactKey } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import { fail, failedResult } from '../measure/failure.ts';
import type { MeasureResult, Runner } from '../measure/runner.ts';
import { assert } from '../support/errors.ts';

/**
 * A runner that answers from earlier measurements, so that searches can be compared and tested without a device and its
 * noise (the idea of Kernel Tuner's simulation runner). `lookup` takes `key(artifact)`; a candidate that it does not know is
 * answered `refused`.
 */
export function createRecordedRunner(
  device: DeviceDescription,
  lookup: (key: string) => MeasureResult | undefined,
  key: (artifact: Artifact) => string = artifactKey,
): Runner {
  let state: 'new' | 'prepared' | 'closed' = 'new';
  return {
    device,
    prepare: async () => {
      assert(state !== 'closed', 'prepare after close');
      state = 'prepared';
    },
    measure: async ({ artifact }) => {
      assert(state === 'prepared', `measure on a ${state} runner: prepare comes first, close last`);
      const name = key(artifact);
      return lookup(name) ?? notRecorded(name);
    },
    close: async () => {
      state = 'closed';
    },
  };
}

function notRecorded(name: string): MeasureResult {
  return failedResult(fail('refused', `there is no recorded measurement of candidate ${name}`), 0);
}
