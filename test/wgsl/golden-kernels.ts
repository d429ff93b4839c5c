import { readFileSync } from 'node:fs';
import type { KStmt, LoweredProgram } from '../../src/ir/kernel.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { Workload } from '../../src/operators/workload.ts';
import type { Trace } from '../../src/schedule/trace.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { programOf, scheduleProgram } from '../../src/tuner/build.ts';
import { legalCandidates } from '../space/candidates.ts';

export interface GoldenKernel {
  readonly title: string;
  readonly lowered: LoweredProgram;
}

/** Hand-made schedules of `schedules/`. */
const replayed: readonly string[] = ['matmul-packed-8x8x4', 'conv2d-tile-in-workgroup', 'softmax-row-a-workgroup'];

/** Operators with shapes, some of which divide by nothing; each with the same few candidates of its first sketches every time. */
const seeded: readonly (readonly [operator: string, shape: string])[] = [
  ['matmul', 'm=128,n=128,k=128'],
  ['matmul', 'm=127,n=113,k=101'],
  ['conv2d', 'n=1,c=16,h=14,w=14,oc=32'],
  ['conv2d', 'n=2,c=6,h=7,w=5,oc=9,groups=3'],
  ['conv2d_nhwc', 'n=1,c=16,h=14,w=14,oc=32'],
  ['depthwise_conv2d', 'n=1,c=32,h=14,w=14'],
  ['max_pool2d', 'n=1,c=16,h=15,w=15'],
  ['softmax', 'rows=64,cols=197'],
  ['layer_norm', 'rows=64,cols=192'],
  ['transpose', 'n=2,c=3,h=14,w=14'],
  ['attention', 'b=1,h=2,m=33,n=33,d=16,dv=16'],
];
const [sketchesEach, candidatesEach, drawn] = [2, 2, 8];
/** Statements after unrolling: few enough for a driver to compile in a fraction of a second, with loops still being loops. */
const longest = 150;

export function goldenKernels(): GoldenKernel[] {
  const kernels = replayed.map((name): GoldenKernel => {
    const text = readFileSync(new URL(`../../schedules/${name}.json`, import.meta.url), 'utf8');
    const { workload: written, trace } = JSON.parse(text) as { workload: Workload; trace: Trace };
    const { operator, params, attributes, dtype } = written;
    const workload = makeWorkload(operator, { shape: params, attributes, dtype });
    return { title: name, lowered: lower(name, scheduleProgram(workload, trace)) };
  });
  for (const [operator, shape] of seeded) {
    const sketches = sketchesOf(programOf(makeWorkload(operator, { shape })));
    for (const sketch of sketches.slice(0, sketchesEach)) {
      const random = createRandom(1).fork(`${operator} ${shape} ${sketch.name}`);
      const made = legalCandidates(sketch, defaultLimits, drawn, random).map((values, i): GoldenKernel => {
        const title = `${operator} ${shape}, ${sketch.name} ${i}`;
        const scheduled = instantiate(sketch, values);
        if (isRefusal(scheduled)) throw new Error(`${title}: ${explainRefusal(scheduled)}`);
        return { title, lowered: lower(title, scheduled.program) };
      });
      const short = made.filter(({ lowered }) => lowered.kernels.every(({ body }) => lengthOf(body) <= longest));
      kernels.push(...short.slice(0, candidatesEach));
    }
  }
  return kernels;
}

function lower(title: string, program: Program): LoweredProgram {
  const lowered = lowerProgram(program, { ...defaultLimits, maxComputeInvocationsPerWorkgroup: 1024 });
  if (isRefusal(lowered)) throw new Error(`${title}: ${explainRefusal(lowered)}`);
  return lowered;
}

function lengthOf(body: readonly KStmt[]): number {
  return body.reduce((sum, stmt) => sum + 1 + (stmt.kind === 'if' || stmt.kind === 'for' ? lengthOf(stmt.body) : 0), 0);
}
