/**
 * Records how the speed of this host changes: the references' slowdowns against their quiet times, every 50 ms for ten minutes.
 *     node --import tsx bench/record-host.ts [--device lavapipe] [--minutes 10] [--out bench/made-hosts/trace.json]
 * `bench/made-hosts.ts --trace` replays it. Slowdowns are in hundredths.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lastLevelCacheBytes } from '../src/device/caches.ts';
import { loadDawn, openDevice } from '../src/device/dawn.ts';
import { chooseDevice, type Device, deviceEnvironment } from '../src/device/devices.ts';
import { createBufferPool } from '../src/measure/child/session.ts';
import { quietOf, slowdownOf } from '../src/measure/sampling/pace.ts';
import { runPasses } from '../src/measure/sampling/passes.ts';
import { sleepQuietly } from '../src/measure/sampling/quiet-wait.ts';
import { createReferences } from '../src/measure/sampling/references.ts';
import type { ReferenceTimes } from '../src/records/reference-names.ts';

const everyMs = 50;
const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'lavapipe' },
    minutes: { type: 'string', default: '10' },
    out: { type: 'string', default: 'bench/made-hosts/trace.json' },
    opened: { type: 'string' },
  },
});

/** Runs in a process whose environment names the driver. */
async function record({ driver, adapter, description }: Device): Promise<void> {
  const { gpu } = await openDevice(await loadDawn(driver), driver, adapter, description.profile);
  const references = await createReferences(gpu, description.type, lastLevelCacheBytes(description.type));
  const pool = createBufferPool(gpu);
  const readings: ReferenceTimes[] = [];
  const begun = performance.now();
  const wanted = (Number(flags.minutes) * 60_000) / everyMs;
  while (readings.length < wanted) {
    const {
      deviceNs: [arithmetic = 0, memory = 0],
    } = await runPasses(gpu, pool, references.passes(), { expectedMs: 0.5 });
    readings.push({ arithmetic, memory });
    await sleepQuietly(Math.max(1, begun + readings.length * everyMs - performance.now()));
  }
  const quiet = quietOf(readings) as ReferenceTimes;
  const slowdowns = readings.map((times) => Math.round(100 * slowdownOf(times, quiet)));
  const host = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`;
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(flags.out, `${JSON.stringify({ day, host, device: description.name, everyMs, slowdowns })}\n`);
  const share = slowdowns.filter((slowdown) => slowdown > 115).length / slowdowns.length;
  console.log(`${slowdowns.length} readings, ${(100 * share).toFixed(1)}% of them disturbed; written to ${flags.out}`);
}

if (flags.opened !== undefined) {
  await record(JSON.parse(flags.opened) as Device);
  process.exit();
}
const device = await chooseDevice(flags.device);
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', fileURLToPath(import.meta.url), ...process.argv.slice(2), '--opened', JSON.stringify(device)],
  { env: { ...process.env, ...deviceEnvironment(device) }, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
