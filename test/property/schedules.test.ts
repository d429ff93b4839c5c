import { expect, it } from 'vitest';
import { interpret } from '../../src/ir/interpret.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { printTrace } from '../../src/schedule/replay.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { runLowered } from '../lowering/simt.ts';
import { reversed } from '../support/reversed.ts';
import { caseCount, seed, timeoutFor } from './count.ts';
import { type RandomCase, randomCase } from './random-case.ts';
import { referenceOf } from './reference.ts';

const interpreted = caseCount(200);
const lowered = caseCount(200);

const dtypeOf = (index: number): 'f32' | 'f16' => (index % 4 === 3 ? 'f16' : 'f32');

function failure({ title, scheduled }: RandomCase, why: string, text = printProgram(scheduled.program)): Error {
  return new Error(`${title}: ${why}\n${printTrace(scheduled.trace)}\n${text}`);
}

it(
  `${interpreted} random schedules of six operators, some with an epilogue, mean what the reference says, parallel loops run either way`,
  () => {
    const operators = new Set<string>();
    for (let index = 0; index < interpreted; index++) {
      const made = randomCase({ seed, index, dtype: dtypeOf(index) });
      const { program } = made.scheduled;
      const broken = checkSpec(program);
      if (broken !== null) throw failure(made, broken);
      const { inputs, fault } = referenceOf(made, seed + index);
      for (const direction of [program, reversed(program)]) {
        const wrong = fault(interpret(direction, inputs, { rounding: true }));
        if (wrong !== null) throw failure(made, `${direction === program ? '' : 'backwards, '}${wrong}`);
      }
      operators.add(made.workload.operator);
    }
    expect(operators.size).toBe(6);
  },
  timeoutFor(interpreted, 100),
);

it(
  `${lowered} random schedules, lowered and executed lane by lane, give what the reference says`,
  () => {
    for (let index = 0; index < lowered; index++) {
      const made = randomCase({ seed: seed + 1, index, dtype: dtypeOf(index), most: 24 });
      const kernels = lowerProgram(made.scheduled.program, defaultLimits);
      if (isRefusal(kernels)) throw failure(made, `not lowered: ${explainRefusal(kernels)}`);
      const { inputs, fault } = referenceOf(made, seed + index);
      const text = (): string =>
        emit(kernels)
          .kernels.map(({ wgsl }) => wgsl)
          .join('\n');
      let wrong: string | null;
      try {
        wrong = fault(runLowered(kernels, inputs));
      } catch (error) {
        wrong = String(error);
      }
      if (wrong !== null) throw failure(made, wrong, text());
    }
  },
  timeoutFor(lowered, 200),
);
