import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** When the last change of a file in this folder was made, ms; 0 where there is no folder. */
function lastChange(folder: string, pick: (a: number, b: number) => number): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.[jt]s$/.test(name));
  return files.map((name) => statSync(join(folder, name)).mtimeMs).reduce(pick, Number.NaN);
}

/** Tests run the built code (vitest.config.ts): builds it anew where a source is younger. */
export function setup(): void {
  const [source, built] = [join(root, 'src'), join(root, 'dist')];
  const later = (a: number, b: number): number => (a > b ? a : b);
  const earlier = (a: number, b: number): number => (a < b ? a : b);
  let isCurrent: boolean;
  try {
    isCurrent = lastChange(source, later) < lastChange(built, earlier);
  } catch {
    isCurrent = false;
  }
  if (isCurrent) return;
  rmSync(built, { recursive: true, force: true });
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}
