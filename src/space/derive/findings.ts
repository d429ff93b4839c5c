import type { Formula } from '../../arithmetic/formula.ts';

/** A contradiction of decided values that holds whatever else is decided: a vector that does not divide its tile, lanes that could only idle. */
export interface Conflict {
  readonly reason: string;
  /** 1 where the values contradict each other. While this is unknown, they do not. */
  readonly holds: Formula;
}

/** The numbers that depend on how results meet. */
export interface MeetingNumbers {
  readonly registers: Formula;
  readonly barriers: Formula;
  readonly iterations: Formula;
  readonly idle: Formula;
  /** Bytes of operands that a workgroup uses again. */
  readonly reused: Formula;
  /** Results in workgroup memory: bytes that one workgroup keeps, and bytes that all workgroups read and write. */
  readonly shared: { readonly bytes: Formula; readonly read: Formula; readonly written: Formula };
}
