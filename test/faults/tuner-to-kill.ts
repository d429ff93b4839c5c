import { writeSync } from 'node:fs';
import type { MeasureResult } from '../../src/measure/runner.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { createRecordedRunner } from '../../src/testing/recorded-runner.ts';
import { tuneOn } from '../../src/tuner/tune.ts';
import { makeDevice } from '../records/fixtures.ts';

/*
 * A process that tunes until it is killed, with the real loop and the real log. Measurements are made up from the kernels' text alone, so that most
 * of its time goes into making and writing records. A trial counts as finished once it is reported here, after the loop has recorded it.
 */

const [folder = '', seed = '1'] = process.argv.slice(2);
const device = makeDevice();

function answer(key: string): MeasureResult {
  const timeNs = 1000 + (Number.parseInt(key.slice(0, 8), 16) % 64_000);
  return {
    outcome: 'ok',
    error: '',
    samplesNs: [timeNs, timeNs],
    medianNs: timeNs,
    relative: null,
    references: null,
    clock: 'timestamp',
    stoppedEarly: false,
    verification: { checked: 304, wrong: 0, maxError: 0 },
    phasesMs: { build: 1, verify: 1, time: 1, total: 3 },
  };
}

async function main(): Promise<void> {
  await tuneOn({ description: device }, async () => createRecordedRunner(device, answer), {
    workload: makeWorkload('matmul', { shape: 'm=19,n=16,k=12' }),
    logFolder: folder,
    seed: Number(seed),
    trials: 100_000,
    search: 'random',
    model: 'random',
    onEvent: (event) => {
      if (event.kind !== 'trial' && event.kind !== 'known') return;
      // Not through a stream, which may still hold the line when the signal comes.
      writeSync(1, `${JSON.stringify(event.kind === 'trial' ? { told: event } : { known: event.records })}\n`);
    },
  });
}

void main();
