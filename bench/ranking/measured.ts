import { statSync } from 'node:fs';
import { describeWorkload, workloadKey } from '../../src/operators/workload.ts';
import { deviceKey } from '../../src/records/device-key.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import { isVerified, type TuningRecord } from '../../src/records/record.ts';
import { kernelSpaceEnding, readKernelSpace, rowTimeNs } from '../../src/records/recorded/kernel-space.ts';
import { type SketchSpace, sketchSpace } from '../../src/search/sketch-space.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import { recordedValues } from '../../src/space/recorded.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { programOf } from '../../src/tuner/build.ts';

/** Candidates of one workload that were measured on one device, each once. */
export interface Measured {
  readonly name: string;
  readonly operator: string;
  readonly space: SketchSpace;
  readonly candidates: readonly Candidate[];
  readonly timesNs: readonly number[];
}

/** Reads a recorded space, a tuning log, or a folder of logs. */
export async function readMeasured(path: string): Promise<Measured[]> {
  if (path.endsWith(kernelSpaceEnding) && statSync(path).isFile()) return [await readSpace(path)];
  const groups = new Map<string, TuningRecord[]>();
  const { records, faults } = await loadRecords([path]);
  for (const { file, message } of faults) console.warn(`${file}: ${message}`);
  for (const record of records) {
    const key = `${workloadKey(record.workload)} ${deviceKey(record.device)}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()].map(ofRecords);
}

function ofRecords(records: readonly TuningRecord[]): Measured {
  const { workload, device } = records[0] as TuningRecord;
  const space = sketchSpace(sketchesOf(programOf(workload), device.limits), device);
  const best = new Map<string, { candidate: Candidate; timeNs: number }>();
  for (const record of records) {
    if (!isVerified(record)) continue;
    const sketch = space.sketches.findIndex(({ name }) => name === record.sketch);
    const values =
      sketch < 0 ? null : recordedValues(space.sketches[sketch] as (typeof space.sketches)[number], record.decisions);
    if (values === null) continue;
    const key = `${sketch} ${values.join()}`;
    const held = best.get(key);
    // Of two measurements the faster stands: noise only ever adds time.
    if (held === undefined || record.medianNs < held.timeNs)
      best.set(key, { candidate: { sketch, values: [...values], score: null }, timeNs: record.medianNs });
  }
  return measured(`${describeWorkload(workload)} on ${device.name}`, workload.operator, space, [...best.values()]);
}

async function readSpace(path: string): Promise<Measured> {
  const { workload, device, sketches, rows } = await readKernelSpace(path);
  const space = sketchSpace(sketchesOf(programOf(workload), device.limits), device);
  const found: { candidate: Candidate; timeNs: number }[] = [];
  for (const row of rows) {
    const { s, v } = row;
    const timeNs = rowTimeNs(row);
    if (timeNs === null) continue;
    const recorded = sketches[s] as (typeof sketches)[number];
    const sketch = space.sketches.findIndex(({ name }) => name === recorded.name);
    const values =
      sketch < 0
        ? null
        : recordedValues(
            space.sketches[sketch] as (typeof space.sketches)[number],
            Object.fromEntries(recorded.decisions.map(({ name }, at) => [name, v[at] as number])),
          );
    if (values !== null) found.push({ candidate: { sketch, values: [...values], score: null }, timeNs });
  }
  return measured(`${describeWorkload(workload)} on ${device.name}`, workload.operator, space, found);
}

function measured(
  name: string,
  operator: string,
  space: SketchSpace,
  found: readonly { candidate: Candidate; timeNs: number }[],
): Measured {
  return {
    name,
    operator,
    space,
    candidates: found.map(({ candidate }) => candidate),
    timesNs: found.map(({ timeNs }) => timeNs),
  };
}
