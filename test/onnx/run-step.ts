import type { DeviceLimits } from '../../src/ir/limits.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import type { OutputCheck, Runner } from '../../src/measure/runner.ts';
import { flopsOf } from '../../src/operators/flops.ts';
import { encode } from '../../src/operators/inputs.ts';
import { describeWorkload } from '../../src/operators/workload.ts';
import { ranRight } from '../../src/records/outcome.ts';
import { printTrace } from '../../src/schedule/replay.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Scheduled } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { naiveOf, programOf } from '../../src/tuner/build.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { runLowered } from '../lowering/simt.ts';
import { describeValues, legalCandidates } from '../space/candidates.ts';
import type { Check } from './plan.ts';

/** ONNX's own relative tolerance; its absolute one (1e-7) is below what f32 keeps of a sum that cancels. */
const tolerance = { absoluteTolerance: 1e-6, relativeTolerance: 1e-3 } as const;

/** Operations up to which kernels are also executed lane by lane without a device. */
const mostInterpreted = 20_000;

/** How many attempts at a legal candidate a sketch gets. */
const attempts = 8;

interface Candidate {
  readonly title: string;
  readonly scheduled: Scheduled;
}

/** The naive schedule and `count` random legal candidates, each of another sketch as long as there are any. */
function candidatesOf(step: Check['step'], limits: DeviceLimits, count: number, seed: number): Candidate[] {
  const random = createRandom(seed).fork('onnx');
  const found: Candidate[] = [{ title: 'naive', scheduled: naiveOf(step.workload) }];
  const sketches = random.shuffled(sketchesOf(programOf(step.workload)));
  for (let i = 0; i < count * attempts && found.length <= count; i++) {
    const sketch = sketches[i % sketches.length];
    if (sketch === undefined) break;
    const [values] = legalCandidates(sketch, limits, 1, random);
    if (values === undefined) continue;
    const title = describeValues(sketch, values);
    const scheduled = instantiate(sketch, values);
    if (isRefusal(scheduled)) throw new Error(`${title}: ${explainRefusal(scheduled)}`);
    found.push({ title, scheduled });
  }
  if (found.length <= count) throw new Error(`only ${found.length - 1} of ${count} random candidates are legal`);
  return found;
}

function firstWrong(check: OutputCheck, got: Float64Array | undefined): string | null {
  for (const [slot, want] of check.expected.entries()) {
    const position = check.positions?.[slot] ?? slot;
    const value = got?.[position] ?? Number.NaN;
    if (Math.abs(value - want) <= check.absoluteTolerance + check.relativeTolerance * Math.abs(want)) continue;
    return `${check.buffer}[${position}] is ${value}, expected ${want}`;
  }
  return null;
}

/** Runs one step in several schedules; throws with workload, schedule and WGSL where a kernel does not give `expected`. */
export async function runStep(
  runner: Runner,
  { step, positions, expected }: Check,
  { candidates, seed }: { readonly candidates: number; readonly seed: number },
): Promise<void> {
  const { limits } = runner.device;
  const check: OutputCheck = { buffer: step.output, positions, expected, ...tolerance };
  const { buffers } = programOf(step.workload);
  const inputs = Object.entries(step.inputs).map(([buffer, values]) => {
    const dtype = buffers.find(({ name }) => name === buffer)?.dtype ?? 'f32';
    return { buffer, bytes: encode(values, dtype) };
  });
  await runner.prepare({ inputs, checks: [check] });
  for (const { title, scheduled } of candidatesOf(step, limits, candidates, seed)) {
    const fault = (why: string, text = ''): Error =>
      new Error(`${describeWorkload(step.workload)}, ${title}: ${why}\n${printTrace(scheduled.trace)}\n${text}`);
    const lowered = lowerProgram(scheduled.program, limits);
    if (isRefusal(lowered)) throw fault(`not lowered: ${explainRefusal(lowered)}`);
    if (flopsOf(programOf(step.workload)) <= mostInterpreted) {
      const wrong = firstWrong(check, runLowered(lowered, step.inputs)[step.output]);
      if (wrong !== null) throw fault(`executed lane by lane, ${wrong}`);
    }
    const artifact = emit(lowered);
    const { outcome, verification, error } = await runner.measure({ artifact, bestNs: null });
    // A kernel of a microsecond may be `unstable`; its answer still counts.
    const answered = ranRight({ outcome }) && verification?.wrong === 0;
    if (!answered || verification.checked !== expected.length) {
      const text = artifact.kernels.map(({ wgsl }) => wgsl).join('\n');
      throw fault(`on the device, ${outcome} ${error} (${verification?.wrong} of ${expected.length} wrong)`, text);
    }
  }
}
