import type { Trace } from '../schedule/trace.ts';
import { hashJson } from '../support/hash.ts';

/** Hash of a trace's steps: equal for the same schedule however it was found, so that a known candidate is not measured twice. */
export function scheduleKey(trace: Trace): string {
  return hashJson(trace.steps);
}
