import type { Device } from '../src/device/devices.ts';
import { createDawnRunner } from '../src/measure/dawn-runner.ts';
import { median } from '../src/measure/sampling/statistics.ts';
import { describeWorkload, type Workload } from '../src/operators/workload.ts';
import { timeOf } from '../src/records/relative-time.ts';
import type { Trace } from '../src/schedule/trace.ts';
import { artifactOf, programOf, scheduleProgram } from '../src/tuner/build.ts';
import { verificationData } from '../src/tuner/workload-data.ts';

/**
 * Milliseconds of each schedule's kernel on the quiet machine, all of them timed in one race of at most `raceMs`. With `rounds` so many are held of all, and
 * times are those that medians of the rounds' ratios to the first schedule give: what disturbs one sample disturbs the others of its round. Throws where one has no time.
 */
export async function timedInTurn(
  device: Device,
  workload: Workload,
  schedules: readonly Trace[],
  raceMs: number,
  rounds: number | null = null,
): Promise<readonly number[]> {
  const verification = verificationData(workload, programOf(workload), 1);
  const runner = await createDawnRunner({ device });
  try {
    await runner.prepare(verification.data);
    // Equal schedules are one kernel.
    const keys = [...new Set(schedules.map((trace) => JSON.stringify(trace)))];
    const requests = keys.map((key) => {
      const trace = JSON.parse(key) as Trace;
      const program = scheduleProgram(workload, trace);
      return {
        artifact: artifactOf(program, device.description),
        checks: verification.checksFor({ program, trace }),
        bestNs: null,
      };
    });
    const outcome = await runner.race?.(requests, raceMs, rounds ?? undefined);
    if (outcome == null) throw new Error(`no race was held of ${describeWorkload(workload)}`);
    const first = outcome.results[0]?.samplesNs ?? [];
    return schedules.map((trace) => {
      const result = outcome.results[keys.indexOf(JSON.stringify(trace))];
      if (rounds !== null) {
        const ratio = median((result?.samplesNs ?? []).map((ns, at) => ns / (first[at] as number)));
        const firstNs = median(first);
        if (ratio !== null && firstNs !== null) return (ratio * firstNs) / 1e6;
      }
      const timeNs = result === undefined ? null : timeOf(result);
      if (timeNs === null) throw new Error(`a kernel of ${describeWorkload(workload)} has no time: ${result?.error}`);
      return timeNs / 1e6;
    });
  } finally {
    await runner.close();
  }
}
