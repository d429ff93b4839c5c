import { takePriority } from '../../src/device/priority.ts';
import { dieWithParent } from '../../src/device/watchdog.ts';
import { checksWith } from '../../src/measure/child/candidate.ts';
import { compareOutput, describeWrong, nothingCompared } from '../../src/measure/child/compare.ts';
import { errorText } from '../../src/measure/failure.ts';
import type { OutputCheck } from '../../src/measure/runner.ts';
import { median } from '../../src/measure/sampling/statistics.ts';
import { generateInputs } from '../../src/operators/inputs.ts';
import type { ReferenceTimes } from '../../src/records/reference-names.ts';
import { programOf, scheduleProgram } from '../../src/tuner/build.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';
import { openOnnxruntimeSide } from '../peers/onnxruntime-side.ts';
import { openTensorflowSide } from '../peers/tensorflow-side.ts';
import { createGauge, type Gauge, type Reading } from './gauge.ts';
import type { FromSide, OpenSide, Side, ToSide } from './side.ts';
import { openWgtuneSide } from './wgtune-side.ts';

/** A process of one way of one side and one workload: checks results, and times runs beside the references whenever it is told to. */
dieWithParent();

/** Runs in a row between two readings of the references: so many, or as many as fit into these milliseconds. */
const inARow = { most: 8, milliseconds: 20 };
/** A run this long finds its data in the caches or not, whatever ran before. */
const longRunMs = 20;
const seed = 1;

/** Runs in a row, beginning with the `first` of all, between two readings of the references. */
interface Span {
  readonly first: number;
  readonly count: number;
  readonly references: ReferenceTimes;
}

let opened: { readonly side: Side; readonly gauge: Gauge } | null = null;
/** Runs so far; that of the check is the first. */
let runs = 1;
const spans: Span[] = [];

process.on('message', (message) => {
  void answer(message as ToSide).then(tell, (error: unknown) => tell({ kind: 'failed', error: errorText(error) }));
});

function tell(message: FromSide): void {
  process.send?.(message);
}

async function answer(message: ToSide): Promise<FromSide> {
  if (message.kind === 'open') return open(message);
  if (opened === null) throw new Error(`${message.kind} before open`);
  if (message.kind === 'finish') return { kind: 'finished', readings: readingsOf(await opened.side.finish()) };
  opened.gauge.beginRound();
  for (let reading = 0; reading < message.readings; reading++) await read(opened.side, opened.gauge);
  return { kind: 'done' };
}

function readingsOf(times: readonly number[]): readonly Reading[] {
  if (times.length !== runs) throw new Error(`${times.length} times of ${runs} runs`);
  return spans.map(({ first, count, references }) => ({
    ns: median(times.slice(first, first + count)) as number,
    references,
  }));
}

async function open({ side: name, quietNs, quietWait, ...options }: OpenSide): Promise<FromSide> {
  const { device, workload } = options;
  if (device.description.type === 'cpu') takePriority();
  const program = programOf(workload);
  const inputs = generateInputs(workload, seed, program);
  const openSide = { wgtune: openWgtuneSide, onnxruntime: openOnnxruntimeSide, tensorflow: openTensorflowSide }[name];
  const side = await openSide({ ...options, inputs });
  if (side === null) return { kind: 'opened', way: null, wrong: null };
  // The first run compiles. A time is of use only if the right thing was computed.
  const { data, checksFor } = verificationData(workload, program, seed);
  const isOurs = name === 'wgtune';
  const own = isOurs ? checksFor({ trace: options.trace, program: scheduleProgram(workload, options.trace) }) : [];
  const wrong = faultOf(await side.output(), checksWith(data.checks, own), isOurs);
  opened = { side, gauge: await createGauge(side.gpu, device.description.type, quietNs, quietWait) };
  return { kind: 'opened', way: side.way, wrong };
}

/** Peers round their own way (an approximation of erf, other orders of summation): it is enough that they compute the same function. */
const peersTolerance = { absolute: 1e-3, relative: 1e-3 };

function faultOf(output: Float32Array, checks: readonly OutputCheck[], isOurs: boolean): string | null {
  let seen = nothingCompared;
  for (const check of checks) {
    const loose = {
      absoluteTolerance: Math.max(check.absoluteTolerance, peersTolerance.absolute),
      relativeTolerance: Math.max(check.relativeTolerance, peersTolerance.relative),
    };
    seen = compareOutput(seen, output, 'f32', isOurs ? check : { ...check, ...loose });
  }
  return seen.wrong === 0 ? null : describeWrong(seen);
}

async function read(side: Side, gauge: Gauge): Promise<void> {
  const run = async (): Promise<void> => {
    await side.run();
    runs++;
  };
  const { value, references } = await gauge.beside(async () => {
    // The first is not timed, unless it is long, so that the others find their own data in the caches and not the references'.
    const begun = performance.now();
    await run();
    const since = performance.now();
    if (since - begun > longRunMs) return { first: runs - 1, count: 1 };
    const first = runs;
    do await run();
    while (runs - first < inARow.most && performance.now() - since < inARow.milliseconds);
    return { first, count: runs - first };
  });
  spans.push({ ...value, references });
}
