import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/** How far a deep run has come; kept in a file, so that the next run goes on from there. */
export interface DeepState {
  readonly seed: number;
  /** Cases asked for. */
  readonly cases: number;
  /** The next case: all before it are judged. */
  readonly next: number;
  /** Runs of kernels on a device, by its name. */
  readonly onDevices: Readonly<Record<string, number>>;
  /** Cases by operator and dtype. */
  readonly seen: Readonly<Record<string, number>>;
  readonly failures: readonly DeepFailure[];
}

export interface DeepFailure {
  readonly index: number;
  readonly kind: 'wrong' | 'shader-compile-error';
  /** The case, its trace and the program or the kernels. */
  readonly why: string;
}

export function freshState(seed: number, cases: number): DeepState {
  return { seed, cases, next: 0, onDevices: {}, seen: {}, failures: [] };
}

/** The state of an earlier run that had the same seed and number of cases and did not end; otherwise a fresh state. */
export function loadState(path: string, seed: number, cases: number): DeepState {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return freshState(seed, cases);
  }
  const held = JSON.parse(text) as DeepState;
  return held.seed === seed && held.cases === cases && held.next < cases ? held : freshState(seed, cases);
}

export function saveState(path: string, state: DeepState): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomic.sync(path, `${JSON.stringify(state, null, 2)}\n`);
}

/** `5,000 cases, 0 wrong, 0 shader compile errors` */
export function summaryOf({ next, failures }: DeepState): string {
  const errors = failures.filter(({ kind }) => kind === 'shader-compile-error').length;
  return `${next.toLocaleString('en')} cases, ${failures.length - errors} wrong, ${errors} shader compile errors`;
}
