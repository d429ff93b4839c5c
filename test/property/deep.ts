import { parseArgs } from 'node:util';
import { chooseDevice } from '../../src/device/devices.ts';
import { UserError } from '../../src/support/errors.ts';
import { seed } from './count.ts';
import { type DeepFailure, type DeepState, freshState, loadState, saveState, summaryOf } from './deep-state.ts';
import { wrongAsKernels, wrongAsProgram } from './judge.ts';
import { createDeviceJudge, type DeviceJudge } from './judge-on-device.ts';
import { type RandomCase, randomCase } from './random-case.ts';

/*
 * `npm run test:deep`: many random legal schedules of every operator, dtype and awkward shape, through the interpreter and, lowered, lane by
 * lane; one in five on a device as well: f32 on SwiftShader, f16 on lavapipe where that is installed. It saves how far it came, so
 * the same command goes on after Ctrl-C; `-- --fresh` begins anew, `-- --cases 200` sets another number.
 */

const { values: flags } = parseArgs({
  options: {
    cases: { type: 'string', default: '5000' },
    state: { type: 'string', default: 'out/deep.json' },
    fresh: { type: 'boolean', default: false },
  },
});
const cases = Number(flags.cases);
if (!(Number.isInteger(cases) && cases > 0)) throw new Error(`--cases ${flags.cases} must be a whole number above 0`);

const onDeviceEvery = 5;
const saidEvery = 100;

const dtypeOf = (index: number): 'f32' | 'f16' => (index % 4 === 3 ? 'f16' : 'f32');

async function judgeFor(name: string): Promise<DeviceJudge | null> {
  try {
    return await createDeviceJudge(await chooseDevice(name));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.log(`${name} is not here: ${error.message}`);
    return null;
  }
}

const devices = { f32: 'swiftshader', f16: 'lavapipe' } as const;
const judges = { f32: await judgeFor(devices.f32), f16: await judgeFor(devices.f16) };

let state: DeepState = flags.fresh ? freshState(seed, cases) : loadState(flags.state, seed, cases);
if (state.next > 0) console.log(`goes on from case ${state.next} of ${flags.state}`);
const started = Date.now();
const first = state.next;

const grown = (counts: Readonly<Record<string, number>>, name: string): Readonly<Record<string, number>> => ({
  ...counts,
  [name]: (counts[name] ?? 0) + 1,
});

for (let index = first; index < cases; index++) {
  const dtype = dtypeOf(index);
  const failures: DeepFailure[] = [];
  let { seen, onDevices } = state;
  try {
    const made = randomCase({ seed, index, dtype, most: index % 2 === 0 ? 40 : 17 });
    seen = grown(seen, `${made.workload.operator} ${dtype}`);
    for (const wrong of [wrongAsProgram(made, seed + index), wrongAsKernels(made, seed + index)])
      if (wrong !== null) failures.push({ index, kind: 'wrong', why: wrong });
    const judge = judges[dtype];
    if (index % onDeviceEvery === 0 && judge !== null) {
      onDevices = grown(onDevices, devices[dtype]);
      const fault = await onDevice(judge, made, index);
      if (fault !== null) failures.push(fault);
    }
  } catch (error) {
    failures.push({
      index,
      kind: 'wrong',
      why: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
  for (const { why } of failures) console.log(`case ${index}: ${why.split('\n')[0]}`);
  state = { ...state, next: index + 1, seen, onDevices, failures: [...state.failures, ...failures] };
  if (failures.length > 0 || state.next % 20 === 0 || state.next === cases) saveState(flags.state, state);
  if (state.next % saidEvery === 0) {
    const perCase = (Date.now() - started) / (state.next - first);
    const left = Math.round((perCase * (cases - state.next)) / 1000);
    console.log(`${summaryOf(state)}, ${perCase.toFixed(0)} ms each, ${left} s left`);
  }
}

async function onDevice(judge: DeviceJudge, made: RandomCase, index: number): Promise<DeepFailure | null> {
  const fault = await judge.judge(made, seed + index);
  if (fault === null) return null;
  return { index, kind: fault.outcome === 'build-error' ? 'shader-compile-error' : 'wrong', why: fault.why };
}

await Promise.all([judges.f32?.close(), judges.f16?.close()]);
const counts = Object.entries(state.seen).sort();
console.log(counts.map(([name, count]) => `${name}: ${count}`).join(', '));
console.log(
  `on devices: ${
    Object.entries(state.onDevices)
      .map(([name, count]) => `${count} on ${name}`)
      .join(', ') || 'none'
  }`,
);
if (state.failures.length > 0) console.log(`failures are kept in ${flags.state}`);
console.log(summaryOf(state));
process.exit(state.failures.length > 0 ? 1 : 0);
