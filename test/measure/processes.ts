import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of the measuring children of a process (Linux only, from /proc). */
export function measuringChildren(parent: number): readonly number[] {
  return childrenOf(parent, 'trial-child');
}

/** The same for the children that build ahead. */
export function buildingChildren(parent: number): readonly number[] {
  return childrenOf(parent, 'build-child');
}

function childrenOf(parent: number, program: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent && commandOf(pid).includes(program));
}

/** Whether a process is running, not merely waiting to be reaped. */
export function isRunning(pid: number): boolean {
  return /\nState:\s+[^ZX]/.test(statusOf(pid));
}

function parentOf(pid: number): number {
  return Number(/\nPPid:\s+(\d+)/.exec(statusOf(pid))?.[1]);
}

function statusOf(pid: number): string {
  return read(`/proc/${pid}/status`);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
