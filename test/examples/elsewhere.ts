import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A copy of a log whose records are of a device called `elsewhere`, one with another number of threads. */
export function writeElsewhere(log: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'elsewhere.jsonl');
  const lines = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const record = JSON.parse(line) as { device: { environment: Record<string, string> } };
      const environment = { ...record.device.environment, CPU_THREADS: '99' };
      return JSON.stringify({ ...record, device: { ...record.device, name: 'elsewhere', environment } });
    });
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
