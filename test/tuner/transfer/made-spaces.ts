import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MadeDevice {
  /** Where the fastest tile lies, as exponents of two. */
  readonly x: number;
  readonly y: number;
  /** How much a vector width of 4 gains; below 1 it costs. */
  readonly vector: number;
}

/** Milliseconds of a candidate on a device that does not exist; null where it fails. */
export function madeMs({ x, y, vector }: MadeDevice, tileX: number, tileY: number, width: number): number | null {
  if (tileX * tileY > 256) return null;
  const miss = Math.abs(Math.log2(tileX) - x) + 0.7 * Math.abs(Math.log2(tileY) - y);
  return (1 + 0.35 * miss) * (width === 4 ? 1 / vector : 1) * (1 + 0.01 * ((tileX + 3 * tileY) % 5));
}

/** Writes the space of a device as a cache of Kernel Tuner; returns the file. */
export function writeMadeSpace(folder: string, name: string, device: MadeDevice): string {
  const cache: Record<string, unknown> = {};
  for (const tileX of [1, 2, 4, 8, 16, 32, 64])
    for (const tileY of [1, 2, 4, 8, 16, 32])
      for (const width of [1, 2, 4]) {
        const ms = madeMs(device, tileX, tileY, width);
        const time = ms === null ? { time: 'RuntimeFailedConfig', times: [] } : { time: ms, times: [2 * ms, ms, ms] };
        cache[`${tileX},${tileY},${width}`] = { tile_x: tileX, tile_y: tileY, width, ...time };
      }
  const path = join(folder, `${name}.cache.json`);
  const tuned = { tile_x: [], tile_y: [], width: [] };
  writeFileSync(path, JSON.stringify({ tune_params_keys: Object.keys(tuned), tune_params: tuned, cache }));
  return path;
}
