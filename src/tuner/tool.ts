import { readFileSync } from 'node:fs';

/** Version of this package, as records and `--version` tell it. */
export const toolVersion: string = readVersion();

function readVersion(): string {
  // src/tuner and dist/tuner lie equally deep below package.json.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
