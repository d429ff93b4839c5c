import { hasColdCaches, lastLevelCacheBytes } from '../../device/caches.ts';
import { loadDawn, openDevice } from '../../device/dawn.ts';
import { takePriority } from '../../device/priority.ts';
import { dieWithParent } from '../../device/watchdog.ts';
import { answerParent, tell } from './answering.ts';
import { createTrialService } from './trial-service.ts';

/** The measuring process: one device, one workload at a time, one trial at a time. The parent may kill it at any moment. */
dieWithParent();

answerParent(
  createTrialService({
    open: async ({ device }) => {
      if (device.description.type === 'cpu') takePriority();
      const create = await loadDawn(device.driver);
      return openDevice(create, device.driver, device.adapter, device.description.profile);
    },
    coldCacheBytes: ({ device: { description } }) =>
      hasColdCaches(description) ? lastLevelCacheBytes(description.type) : null,
    lastLevelCacheBytes: (type) => lastLevelCacheBytes(type),
    tell,
  }),
);
