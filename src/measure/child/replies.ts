import { type DeviceProcess, describeDeath } from './device-process.ts';
import type { FromChild, TrialStage } from './protocol.ts';

/** From the fork to an open device. */
export const startTimeoutMs = 30_000;
/** An answer that arrived while this process was busy is not late, so there is one more look before the child is killed. */
const graceMs = 100;

export type Reply =
  | Exclude<FromChild, { kind: 'stage' }>
  /** `isLost`: a page that was closed, reloaded or cut off. */
  | { readonly kind: 'died'; readonly how: string; readonly isLost: boolean }
  | { readonly kind: 'late' };

/** Waits for the child's answer. Each stage it announces starts the clock anew; when the time runs out, the child is killed. */
export async function reply(
  child: DeviceProcess,
  timeoutMs: () => number,
  onStage: (stage: TrialStage) => void = () => {},
): Promise<Reply> {
  for (;;) {
    if (!(await arrivesWithin(child, timeoutMs()))) {
      child.kill();
      return { kind: 'late' };
    }
    const event = child.take();
    if (event.kind === 'death')
      return { kind: 'died', how: describeDeath(event.death), isLost: event.death.isLost === true };
    if (event.message.kind !== 'stage') return event.message;
    onStage(event.message.stage);
  }
}

function arrivesWithin(child: DeviceProcess, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let timer = setTimeout(() => {
      timer = setTimeout(() => resolve(child.pending()), graceMs);
    }, timeoutMs);
    void child.arrival().then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** Why a process did not start, on one line, since it becomes part of a sentence. */
export function notStarted(answer: Reply): string {
  const why =
    answer.kind === 'died' ? answer.how : answer.kind === 'failed' ? answer.error : 'it did not answer in time';
  return why.split('\n', 1)[0] ?? why;
}
