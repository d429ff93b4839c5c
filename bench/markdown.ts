import { availableParallelism, cpus } from 'node:os';

/** Day, machine and command (`npm run bench:x -- flags`), to stand above a table of results. */
export function markdownOrigin(command: string): string {
  const flags = process.argv.slice(2).join(' ');
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`;
  return `${new Date().toISOString().slice(0, 10)}, ${machine}\n\n    ${command}${flags === '' ? '' : ` -- ${flags}`}\n`;
}
