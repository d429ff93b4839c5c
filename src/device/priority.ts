import { constants, setPriority } from 'node:os';

/**
 * Asks the system to run this process, and the threads a driver starts in it from now on, before all others: on a device that computes on the
 * processor, other processes then take hardly any time from a kernel that is timed. Where this user may not raise priorities, nothing changes.
 */
export function takePriority(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Most systems keep higher priorities for the administrator.
  }
}
