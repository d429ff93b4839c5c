import type { Profile } from '../ir/limits.ts';
import { forkBeside } from './child.ts';
import type { Driver } from './driver.ts';
import { driverEnvironment, type LavapipeWidth } from './environment.ts';
import type { ProbeAnswer, ProbedAdapter, ProbeRequest } from './probe-protocol.ts';
import { distillReason } from './refusal-reason.ts';

/** Bringing up a driver takes under a second; a hung one must not hold up the others. */
const probeTimeoutMs = 20_000;

export interface Probe {
  readonly driver: Driver;
  readonly devices: readonly ProbedAdapter[];
  /** One line; null when there is a device. */
  readonly refusal: string | null;
}

/** Opens every adapter of one driver in a process of its own. Never rejects: a crash or a hang is a refusal. */
export function probeDriver(
  driver: Driver,
  profile: Profile,
  width: LavapipeWidth | null,
  timeoutMs: number = probeTimeoutMs,
): Promise<Probe> {
  const child = forkBeside(import.meta.url, 'probe-child', driverEnvironment(driver, width));
  return new Promise((resolve) => {
    let answer: ProbeAnswer | null = null;
    let failure: string | null = null;
    const timer = setTimeout(() => {
      failure = `hangs: no answer within ${timeoutMs / 1000} s`;
      child.process.kill('SIGKILL');
    }, timeoutMs);
    child.process.once('message', (message) => {
      answer = message as ProbeAnswer;
    });
    child.process.once('error', (error) => {
      failure = `no process could be started for it: ${error.message}`;
      finish(null, null);
    });
    child.process.once('close', (code, signal) => finish(code, signal));
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(timer);
      const devices = answer?.devices ?? [];
      const crash = answer === null ? `crashes while starting (${signal ?? `exit code ${code}`})` : null;
      const reason = failure ?? crash ?? distillReason(answer?.errors ?? [], child.tail());
      resolve({ driver, devices, refusal: devices.length > 0 ? null : reason });
    };
    const request: ProbeRequest = { driver, profile };
    child.process.send(request);
  });
}
