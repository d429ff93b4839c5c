import { readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const highest = constants.priority.PRIORITY_HIGHEST;

/**
 * Asks the system to run this process, and the threads a driver starts in it from now on, before all others: on a device that computes on the
 * processor, other processes then take hardly any time from a kernel that is timed. Where this user may not raise priorities, nothing changes.
 *
 * Linux mostly shares the processor among sessions first (`sched_autogroup_enabled`), and priorities count only among the processes of a session. A
 * process that leads a session of its own therefore raises that too: beside four busy loops of another session it gets .99 of a core instead of .19.
 */
export function takePriority(): void {
  try {
    setPriority(highest);
    if (leadsSession()) writeFileSync('/proc/self/autogroup', `${highest}`);
  } catch {
    // Most systems keep higher priorities for the administrator, and only Linux has groups of sessions.
  }
}

/** Whether this process is the first of its session, as proc(5) tells it: a session that others share is not ours to raise. */
function leadsSession(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
  return session === `${process.pid}`;
}
