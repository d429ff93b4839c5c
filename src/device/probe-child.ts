import { withUsableSubgroups } from './adapter-device.ts';
import { listAdapters, loadDawn, openDevice } from './dawn.ts';
import type { ProbeAnswer, ProbedAdapter, ProbeRequest } from './probe-protocol.ts';
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
        devices.push({ adapter, description: await withUsableSubgroups(gpu, description) });
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
