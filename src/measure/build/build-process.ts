import type { Device } from '../../device/devices.ts';
import type { Artifact } from '../../ir/artifact.ts';
import { type DeviceProcess, startDeviceProcess } from '../child/device-process.ts';
import { notStarted, reply, startTimeoutMs } from '../child/replies.ts';
import { type Failure, fail } from '../failure.ts';
import type { TimingBudget } from '../runner.ts';

/** What became of a build in another process, and the milliseconds until then. */
export type AheadOutcome = { readonly ms: number } & ({ readonly kind: 'built' } | Failure);

type Built =
  | AheadOutcome
  /** There is no process to build in, because the device allows no second one or lost it. This says nothing about the candidate. */
  | { readonly kind: 'no-process'; readonly why: string };

/** One process that compiles candidates and never runs them. */
export interface BuildProcess {
  /** Never rejects. A candidate that kills or hangs the process gets a failure, and the next build starts a new process. */
  build(artifact: Artifact): Promise<Built>;
  close(): void;
}

/** Starts the process at its first build. */
export function startBuildProcess(device: Device, budget: TimingBudget): BuildProcess {
  let child: DeviceProcess | null = null;
  let closed = false;
  const drop = (): void => {
    child?.kill();
    child = null;
  };

  const ready = async (): Promise<DeviceProcess | { readonly kind: 'no-process'; readonly why: string }> => {
    // Between builds the only event a process can send is its death, for which no candidate is to blame.
    if (child?.pending()) drop();
    if (child !== null) return child;
    const starting = startDeviceProcess(device, 'build-child');
    child = starting;
    starting.send({ kind: 'open', device, budget, quietNs: null, quietWait: 0 });
    const opened = await reply(starting, () => startTimeoutMs);
    if (opened.kind === 'opened') return starting;
    drop();
    return { kind: 'no-process', why: `no process could be started to build in: ${notStarted(opened)}` };
  };

  const build = async (artifact: Artifact): Promise<Built> => {
    const running = await ready();
    if ('kind' in running) return running;
    running.send({ kind: 'build', artifact });
    const begun = performance.now();
    const answer = await reply(running, () => budget.buildTimeoutMs);
    // What WebGPU refuses here, it refuses again in the measuring process, where the error is reported in full.
    const ms = performance.now() - begun;
    if (answer.kind === 'built') return { kind: 'built', ms };
    drop();
    // Killed by us.
    if (closed) return { kind: 'no-process', why: 'building ahead has ended' };
    switch (answer.kind) {
      case 'late':
        return { ...fail('build-timeout', `compiling took longer than ${budget.buildTimeoutMs} ms (built ahead)`), ms };
      case 'died':
        return {
          ...fail('crash', `the building process died while it compiled the candidate (stage build): ${answer.how}`),
          ms,
        };
      default:
        return { kind: 'no-process', why: `the building process gave up: ${notStarted(answer)}` };
    }
  };

  return {
    build,
    close: () => {
      closed = true;
      drop();
    },
  };
}
