import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeWorkload, type Workload, workloadKey } from '../../src/operators/workload.ts';
import { deviceKey } from '../../src/records/device-key.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import { isVerified, type TuningRecord } from '../../src/records/record.ts';
import {
  type KernelSpace,
  kernelSpaceEnding,
  readKernelSpace,
  rowTimeNs,
} from '../../src/search/recorded/kernel-space.ts';
import { type SketchSpace, sketchSpace } from '../../src/search/space/sketch-space.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import { recordedValues } from '../../src/space/recorded.ts';
import { recordableSketches } from '../../src/space/recorded-sketches.ts';
import type { Sketch } from '../../src/space/sketch.ts';
import { programOf } from '../../src/tuner/build.ts';
import { candidateAsRecorded, sketchesAsRecorded } from '../search/recorded-options.ts';

/** Candidates of one workload that were measured on one device, each once. */
export interface Measured {
  readonly name: string;
  /** Workload and device: two files with the same key are about the same thing. */
  readonly key: string;
  /** The class it is compared and averaged within: its operator; products of few rows or columns are a class of their own. */
  readonly kind: string;
  /** Whether every candidate of `space` was measured, so that the best completion of every prefix is known. */
  readonly whole: boolean;
  /** Sketches with the options that were recorded. */
  readonly space: SketchSpace;
  readonly candidates: readonly Candidate[];
  readonly timesNs: readonly number[];
}

/** Reads a recorded space, a tuning log, or a folder of both. */
export async function readMeasured(path: string): Promise<Measured[]> {
  if (!statSync(path).isDirectory())
    return path.endsWith(kernelSpaceEnding) ? [ofSpace(await readKernelSpace(path))] : await readLogs([path]);
  const files = readdirSync(path)
    .sort()
    .map((name) => join(path, name));
  const spaces = files.filter((file) => file.endsWith(kernelSpaceEnding));
  // Recordings under way lie beside finished ones and are no logs.
  const logs = files.filter((file) => file.endsWith('.jsonl') && !file.endsWith('.partial.jsonl'));
  return [
    ...(await Promise.all(spaces.map(async (file) => ofSpace(await readKernelSpace(file))))),
    ...(logs.length === 0 ? [] : await readLogs(logs)),
  ];
}

async function readLogs(paths: readonly string[]): Promise<Measured[]> {
  const groups = new Map<string, TuningRecord[]>();
  const { records, faults } = await loadRecords(paths);
  for (const { file, message } of faults) console.warn(`${file}: ${message}`);
  for (const record of records) {
    const key = `${workloadKey(record.workload)} ${deviceKey(record.device)}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()].map(ofRecords);
}

function ofRecords(records: readonly TuningRecord[]): Measured {
  const { workload, device } = records[0] as TuningRecord;
  const space = sketchSpace(recordableSketches(programOf(workload), device.limits, device.type), device);
  const best = new Map<string, { candidate: Candidate; timeNs: number }>();
  for (const record of records) {
    if (!isVerified(record)) continue;
    const sketch = space.sketches.findIndex(({ name }) => name === record.sketch);
    const values = sketch < 0 ? null : recordedValues(space.sketches[sketch] as Sketch, record.decisions);
    if (values === null) continue;
    const key = `${sketch} ${values.join()}`;
    const held = best.get(key);
    // The faster of two measurements counts: noise only ever adds time.
    if (held === undefined || record.medianNs < held.timeNs)
      best.set(key, { candidate: { sketch, values: [...values], score: null }, timeNs: record.medianNs });
  }
  return measured(workload, space, [...best.values()], false);
}

/** A recorded space as measurements. */
export function ofSpace(recorded: KernelSpace): Measured {
  const { workload, device, rows, sampled } = recorded;
  const all = recordableSketches(programOf(workload), device.limits, device.type);
  const space = sketchSpace(sketchesAsRecorded(recorded, all), device);
  const found = rows.flatMap((row) => {
    const timeNs = rowTimeNs(row);
    const candidate = timeNs === null ? null : candidateAsRecorded(recorded, row, space);
    return candidate === null || timeNs === null ? [] : [{ candidate, timeNs }];
  });
  return measured(workload, space, found, sampled !== true);
}

/** Products with no more rows or columns than this share too little between outputs to be tiled as other products are. */
const fewRows = 16;

/** The class of a workload, by its operator and, for a product, its shape. */
export function kindOf({ operator, params }: Pick<Workload, 'operator' | 'params'>): string {
  if (operator !== 'matmul') return operator;
  return Math.min(params.m as number, params.n as number) <= fewRows ? 'skinny matmul' : operator;
}

function measured(
  workload: Workload,
  space: SketchSpace,
  found: readonly { candidate: Candidate; timeNs: number }[],
  whole: boolean,
): Measured {
  return {
    name: `${describeWorkload(workload)} on ${space.device.name}`,
    key: `${workloadKey(workload)} ${deviceKey(space.device)}`,
    kind: kindOf(workload),
    whole,
    space,
    candidates: found.map(({ candidate }) => candidate),
    timesNs: found.map(({ timeNs }) => timeNs),
  };
}
