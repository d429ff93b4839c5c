import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { runLowered, type Values } from '../lowering/simt.ts';
import { integerInputs, plain } from '../support/schedule.ts';
import { describeValues, legalCandidates } from './candidates.ts';

const gemmOf = (operator: string, shape: string): Sketch | undefined =>
  sketchesOf(plain(operator, shape)).find(({ name }) => name === 'gemm');

const axesOf = (operator: string, shape: string): string[] | undefined =>
  gemmOf(operator, shape)?.decisions.flatMap(({ name }) => /\.(\w+)\.(?:registers|step)$/.exec(name)?.[1] ?? []);

describe('axes that move together become one', () => {
  it.each([
    ['conv2d', 'c=8,oc=16,h=7,w=7', ['oh_ow', 'oc', 'ic_kh_kw']],
    ['conv2d', 'c=8,oc=16,h=7,w=7,kh=1,kw=1,pad=0', ['oh_ow', 'oc', 'ic']],
    ['conv2d', 'c=8,oc=16,h=7,w=7,groups=2', ['oh_ow', 'oc', 'g', 'ic_kh_kw']],
    ['conv2d_nhwc', 'n=2,c=8,oc=16,h=7,w=7', ['oc', 'n_oh_ow', 'kh_kw_ic']],
    ['conv1d', 'c=8,oc=16,l=32,k=3', ['ol', 'oc', 'ic_k']],
    ['matmul', 'm=32,n=32,k=32', undefined],
    ['depthwise_conv2d', 'c=8,h=14,w=14', undefined],
    ['max_pool2d', 'c=8,h=14,w=14', undefined],
  ])('%s %s', (operator, shape, axes) => {
    expect(axesOf(operator, shape)).toEqual(axes);
  });
});

describe.each([
  ['conv2d', 'c=3,oc=5,h=7,w=7'],
  ['conv2d', 'n=2,c=4,oc=8,h=6,w=5,kh=1,kw=1,pad=0'],
  ['conv2d', 'c=4,oc=6,h=9,w=8,groups=2,stride=2,dilation=2,pad=2'],
  ['conv2d_nhwc', 'n=2,c=4,oc=4,h=5,w=5'],
  ['conv1d', 'n=2,c=4,oc=6,l=19,k=3,stride=2'],
  ['conv_transpose2d', 'c=4,oc=3,h=4,w=5,stride=2'],
])('%s %s as a matrix product', (operator, shape) => {
  it('computes what the plain program does, whatever is decided', () => {
    const program = plain(operator, shape);
    const sketches = sketchesOf(program).filter(({ name }) => name.includes('gemm'));
    expect(sketches.length).toBeGreaterThan(0);
    const inputs = integerInputs(program) as Values;
    const want = interpret(program, inputs);
    for (const sketch of sketches)
      for (const values of legalCandidates(sketch, defaultLimits, 8, createRandom(5).fork(shape), 400)) {
        const made = instantiate(sketch, values);
        if (isRefusal(made)) throw new Error(`${describeValues(sketch, values)}: ${explainRefusal(made)}`);
        const lowered = lowerProgram(made.program, defaultLimits);
        if (isRefusal(lowered)) throw new Error(`${describeValues(sketch, values)}: ${explainRefusal(lowered)}`);
        const got = runLowered(lowered, inputs);
        for (const name of program.outputs) expect(got[name], describeValues(sketch, values)).toEqual(want[name]);
      }
  });
});

it('positions of an image that lie one after the other are addressed without a division', () => {
  const sketch = gemmOf('conv2d', 'c=16,oc=8,h=14,w=14,kh=1,kw=1,pad=0') as Sketch;
  for (const values of legalCandidates(sketch, defaultLimits, 20, createRandom(6))) {
    // A tile in workgroup memory takes the running index of its copy apart.
    if (sketch.decisions.some(({ name }, at) => name.endsWith('.workgroup') && values[at] === 1)) continue;
    const made = instantiate(sketch, values);
    if (isRefusal(made)) throw new Error(explainRefusal(made));
    const lowered = lowerProgram(made.program, defaultLimits);
    if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
    const { wgsl } = emit(lowered).kernels[0] as { wgsl: string };
    expect(wgsl, describeValues(sketch, values)).not.toMatch(/ [/%] \d|>>/);
  }
});
