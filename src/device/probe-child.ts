import type { DeviceDescription } from '../ir/limits.ts';
import { listAdapters, loadDawn, openDevice } from './dawn.ts';
import { lanesFollowLocalIndex } from './lane-order.ts';
import type { ProbeAnswer, ProbedAdapter, ProbeRequest } from './probe-protocol.ts';
import { subgroupMatrixOf } from './subgroup-matrix.ts';
import { dieWithParent, killSelf } from './watchdog.ts';

dieWithParent();

process.once('message', (message) => {
  void probe(message as ProbeRequest).then((answer) => {
    // Dawn's orderly shutdown may hang on a bad driver; once the answer is out there is nothing to put in order.
    process.send?.(answer, undefined, undefined, killSelf);
  });
});

async function probe({ driver, profile }: ProbeRequest): Promise<ProbeAnswer> {
  const devices: ProbedAdapter[] = [];
  const errors: string[] = [];
  try {
    const create = await loadDawn(driver);
    for (const adapter of await listAdapters(create)) {
      try {
        const { gpu, description } = await openDevice(create, driver, adapter, profile);
        const usable = description.limits.subgroupMinSize > 0 && (await lanesFollowLocalIndex(gpu));
        const known = usable ? await withMatrices(gpu, description) : withoutSubgroups(description);
        devices.push({ adapter, description: known });
      } catch (error) {
        errors.push(errorText(error));
      }
    }
  } catch (error) {
    errors.push(errorText(error));
  }
  return { devices, errors };
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function withMatrices(gpu: GPUDevice, description: DeviceDescription): Promise<DeviceDescription> {
  const subgroupMatrix = await subgroupMatrixOf(gpu);
  return subgroupMatrix === null ? description : { ...description, limits: { ...description.limits, subgroupMatrix } };
}

/** Subgroups whose lanes lie in another order than kernels assume are treated as absent. */
function withoutSubgroups(description: DeviceDescription): DeviceDescription {
  return {
    ...description,
    features: description.features.filter((feature) => !feature.includes('subgroup')),
    limits: { ...description.limits, subgroupMinSize: 0, subgroupMaxSize: 0 },
  };
}
