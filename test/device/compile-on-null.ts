import { forkBeside } from '../../src/device/child.ts';
import type { NullAnswer } from './null-backend.ts';

/** Has Dawn's compiler read WGSL texts with every feature enabled (see null-backend.ts). */
export function compileOnNull(texts: readonly string[]): Promise<NullAnswer> {
  const child = forkBeside(import.meta.url, 'null-backend', {});
  return new Promise((resolve, reject) => {
    child.process.once('message', (answer) => resolve(answer as NullAnswer));
    child.process.once('error', reject);
    child.process.once('close', (code, signal) =>
      reject(new Error(`Dawn's null backend ends with ${signal ?? code}: ${child.tail()}`)),
    );
    child.process.send([...texts]);
  });
}
